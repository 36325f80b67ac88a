"""Truth: ISO 8601 by datetime, decimal numbers by float, and the words of INTERFACE.md; what they refuse is listed by hand."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.clinical.cells import YES_NO, Choice, Day, Fault, Kind, Number, Reported, ReportedNumber, Text, Whole, Written, one_of

NUMBER, WHOLE, WORD = Number(0, 250, "mm"), Whole(0, 5), one_of("CMR", "PMR", "X")


def code(kind: Kind, cell: str) -> str:
    fault = kind.read(cell)
    assert isinstance(fault, Fault), fault
    return fault.kind.code


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)))
def test_dates_are_iso(day: dt.date) -> None:
    assert Day().read(day.isoformat()) == day


@pytest.mark.parametrize(
    "cell",
    [
        *("2020-02-30", "2021-02-29", "2020-13-01", "2020-00-10", "1989-12-31", "2101-01-01", "0000-01-01"),
        *("01/02/2020", "1.2.2020", "2020/02/01", "20200201", "2020-W01-1", "2020-032", "2020-02", "2020", "43831", "2020-2-1"),
        *("2020-02-01T00:00", "2020-02-01 00:00:00", "unknown", "=TODAY()", "٢٠٢٠-٠٢-٠١", "2020-02-01\n2020-02-02"),
    ],
)
def test_dates_that_cannot_be_one(cell: str) -> None:
    assert code(Day(), cell) == "DATE_MALFORMED"


@given(st.floats(0, 250))
def test_numbers_are_read_as_written(value: float) -> None:
    assert NUMBER.read(repr(value)) == value


@pytest.mark.parametrize(("cell", "value"), [("12", 12.0), ("+12.50", 12.5), (".5", 0.5), ("5.", 5.0), ("1.2e2", 120.0), ("-0", 0.0)])
def test_spellings_of_numbers(cell: str, value: float) -> None:
    read = NUMBER.read(cell)
    assert read == value
    assert math.copysign(1.0, float(str(read))) == 1.0


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        *((cell, "DECIMAL_COMMA") for cell in ("1,5", "1,234.5", "1,234,567", "-0,5", ",5")),
        *((cell, "CELL_OUT_OF_RANGE") for cell in ("250.0001", "-0.1", "1e999", "1e300")),
        *((cell, "CELL_MALFORMED") for cell in ("nan", "inf", "1_000", "0x10", "1 000", "12 mm", "<5", "=1+1", "१२", "1e", "1..2", "")),
    ],
)
def test_no_numbers(cell: str, wrong: str) -> None:
    assert code(NUMBER, cell) == wrong


def test_a_long_row_of_digits_is_refused_at_once() -> None:
    assert code(NUMBER, "1" * 100_000 + "x") == "CELL_MALFORMED"
    assert code(NUMBER, "1" * 100_000) == "CELL_OUT_OF_RANGE"
    assert code(WHOLE, "1" * 100_000) == "CELL_MALFORMED"


@pytest.mark.parametrize(
    ("cell", "wrong"), [("6", "CELL_OUT_OF_RANGE"), ("-1", "CELL_OUT_OF_RANGE"), ("3.0", "CELL_MALFORMED"), ("1,0", "DECIMAL_COMMA")]
)
def test_whole_numbers(cell: str, wrong: str) -> None:
    assert code(WHOLE, cell) == wrong
    assert [WHOLE.read(str(n)) for n in range(6)] == list(range(6))


@pytest.mark.parametrize(
    ("cell", "read"), [("12.5", ("", 12.5)), ("<0.6", ("<", 0.6)), ("> 100000", (">", 100000.0)), ("0", ("", 0.0)), ("1e5", ("", 1e5))]
)
def test_a_laboratory_may_report_a_limit(cell: str, read: tuple[str, float]) -> None:
    assert ReportedNumber().read(cell) == Reported(*read)


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [("<", "CELL_MALFORMED"), ("<<3", "CELL_MALFORMED"), ("≤3", "CELL_MALFORMED"), ("-3", "CELL_OUT_OF_RANGE"), ("<0,6", "DECIMAL_COMMA")],
)
def test_what_a_laboratory_does_not_report(cell: str, wrong: str) -> None:
    assert code(ReportedNumber(), cell) == wrong


def test_words_in_capitals_or_not() -> None:
    assert [WORD.read(cell) for cell in ("CMR", "cmr", "x")] == ["CMR", "CMR", "X"]
    assert [YES_NO.read(cell) for cell in ("yes", "No")] == [True, False]
    assert WORD.read("CR") == Fault(WORD.read("CR").kind, "", "CMR, PMR, X", WORD.spellings)
    assert [code(YES_NO, cell) for cell in ("1", "true", "y", "n/a")] == ["CELL_MALFORMED"] * 4
    assert Choice({"I": 1, "1": 1}, "I or 1").says == "I or 1"


def test_a_formula_is_text() -> None:
    assert Text().read('=HYPERLINK("x")') == '=HYPERLINK("x")'
    assert [code(Text(), cell) for cell in ("a\x00b", "a\x1bb", "\ud800")] == ["CELL_MALFORMED"] * 3
    assert code(Text("text", 3), "four") == "CELL_MALFORMED"
    assert Text("text", 3).read("a\nb") == "a\nb"


def test_text_of_one_form() -> None:
    kind = Written(r"L[0-9]+", "L and a number", 4)
    assert (kind.read("L012"), kind.says, kind.shown) == ("L012", "L and a number", False)
    assert [code(kind, cell) for cell in ("L", "l1", "L1 ", " L1", "L1\n", "L1234", "xL1")] == ["CELL_MALFORMED"] * 7
    assert kind.read("L") == Fault(kind.read("L").kind, "", "L and a number")
