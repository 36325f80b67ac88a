"""Truth: DICOM PS3.5 6.2 (what DS, IS, DA, TM and DT may hold); what FAILURES.md rows 12 and 31 saw in the wild."""

from __future__ import annotations

import datetime as dt
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.dicom.elements import Element
from carpet.dicom.values import MalformedValue, date_of, datetime_of, integer_of, numbers_of, short_of, text_of, texts_of, time_of


def ds(text: str, vr: str = "DS") -> Element:
    return Element(vr, text.encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4.0", (4.0,)),
        (" -12 ", (-12.0,)),
        ("+1.5E-3", (0.0015,)),
        (".5", (0.5,)),
        ("5.", (5.0,)),
        ("1e5\0", (1e5,)),
        ("1\\2.5\\-3 ", (1.0, 2.5, -3.0)),
        ("", ()),
        ("  ", ()),
        ("\0", ()),
    ],
)
def test_decimal_strings(text: str, numbers: tuple[float, ...]) -> None:
    assert numbers_of(ds(text)) == numbers
    assert numbers_of(ds(text, "")) == numbers_of(ds(text, "UN")) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "20958,0000415",
        "4,0",
        "1.2.3",
        "4 MBq",
        "0x10",
        "1e",
        "e5",
        "--1",
        "1_000",
        "nan",
        "inf",
        "-Infinity",
        "1\\\\2",
        "\\",
        "1 2",
        "²",
        "1e999",
        ".",
    ],
)
def test_what_is_no_decimal_string(text: str) -> None:
    with pytest.raises(MalformedValue):
        numbers_of(ds(text))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_back(number: float) -> None:
    assert numbers_of(ds(repr(number))) == (number,)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=12))
def test_any_text_is_numbers_or_malformed(text: str) -> None:
    try:
        numbers = numbers_of(ds(text))
    except MalformedValue:
        return
    assert list(numbers) == [float(part.strip("\0 ")) for part in text.strip("\0 \t\r\n").split("\\") if part]


@pytest.mark.parametrize(
    ("vr", "code", "numbers"),
    [
        ("US", "H", (0, 65535)),
        ("SS", "h", (-3,)),
        ("UL", "L", (2**32 - 1,)),
        ("SL", "l", (-5,)),
        ("FL", "f", (0.5,)),
        ("FD", "d", (1e-3, 2.0)),
    ],
)
def test_binary_numbers(vr: str, code: str, numbers: tuple[float, ...]) -> None:
    assert numbers_of(Element(vr, struct.pack(f"<{len(numbers)}{code}", *numbers))) == numbers


def test_binary_numbers_that_do_not_fill_their_bytes() -> None:
    with pytest.raises(MalformedValue):
        numbers_of(Element("FD", b"\0" * 7))
    with pytest.raises(MalformedValue):
        numbers_of(Element("FL", struct.pack("<f", float("nan"))))


def test_one_integer() -> None:
    assert integer_of(ds("12", "IS")) == integer_of(ds("12 ", "")) == integer_of(ds("12.0")) == 12
    assert integer_of(Element("US", b"\x0c\0")) == integer_of(Element("", b"\x0c\0")) == 12
    for wrong in ("", "1\\2", "1.5", "x"):
        with pytest.raises(MalformedValue):
            integer_of(ds(wrong, "IS"))


def test_sixteen_bits() -> None:
    assert short_of(Element("US", b"\x90\x01")) == short_of(Element("", b"\x90\x01")) == 400
    for wrong in (b"", b"\x01", b"\x01\0\0\0"):
        with pytest.raises(MalformedValue):
            short_of(Element("US", wrong))


def test_texts() -> None:
    assert text_of(Element("LO", b" GE MEDICAL \0")) == "GE MEDICAL"
    assert text_of(Element("LO", b"\xff\xe9")) == "ÿé"
    assert texts_of(Element("CS", b"ORIGINAL\\PRIMARY ")) == ("ORIGINAL", "PRIMARY")


def test_dates() -> None:
    assert date_of("20240229") == dt.date(2024, 2, 29)
    for wrong in ("20230229", "20241301", "20240100", "2024-03-05", "2024.03.05", "240305", "202403051", "00000101", "2024030a", ""):
        with pytest.raises(MalformedValue):
            date_of(wrong)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("09", dt.time(9)),
        ("0930", dt.time(9, 30)),
        ("093015", dt.time(9, 30, 15)),
        ("093015.5", dt.time(9, 30, 15, 500_000)),
        ("093015.000001", dt.time(9, 30, 15, 1)),
        ("000000", dt.time(0)),
        ("235959.999999", dt.time(23, 59, 59, 999_999)),
        ("235960", dt.time(23, 59, 59)),  # a leap second
        ("235960.25", dt.time(23, 59, 59, 250_000)),
    ],
)
def test_times(text: str, time: dt.time) -> None:
    assert time_of(text) == time


@pytest.mark.parametrize(
    "text",
    [
        "9:30",
        "09:30:15",
        "240000",
        "24",
        "236000",
        "235961",
        "9",
        "093",
        "09301",
        "093015.",
        "093015.1234567",
        "093015,5",
        "noon",
        "",
        "0930 15",
        "-93015",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(MalformedValue):
        time_of(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024030509", dt.datetime(2024, 3, 5, 9)),
        ("20240305083000", dt.datetime(2024, 3, 5, 8, 30)),
        ("20240305083000.25", dt.datetime(2024, 3, 5, 8, 30, 0, 250_000)),
    ],
)
def test_date_times(text: str, time: dt.datetime) -> None:
    assert datetime_of(text) == time


@pytest.mark.parametrize(
    "text",
    ["20240305", "2024", "2024-03-05T08:30:00", "20240305 083000", "20240305240000", "20240230083000", "20240305083000+1", "2024-0500", ""],
)
def test_what_is_no_date_time(text: str) -> None:
    with pytest.raises(MalformedValue):
        datetime_of(text)


@given(st.datetimes(min_value=dt.datetime(1000, 1, 1)))
def test_every_date_time_is_read_back(at: dt.datetime) -> None:
    text = f"{at:%Y%m%d%H%M%S}.{at.microsecond:06d}"
    assert datetime_of(text) == at
    assert time_of(text[8:]) == at.time()
    assert date_of(text[:8]) == at.date()
