"""Contract: what a person decides about a scan is read as written; what nobody could mean is refused with its cell."""

from __future__ import annotations

import datetime as dt

import pytest

from carpet.clinical.scans import SCANS, read_scans

HEAD = "patient_id,date,weight_kg,series_uid,accept_recon_change,comment\n"
ON = "P1,2020-03-30,"
LONGEST = "1." + "2" * 62


def told(*rows: str) -> list[tuple[str, str, str]]:
    return [(notice.code, notice.where, notice.found) for notice in read_scans(HEAD + "\n".join(rows)).notices]


def test_columns() -> None:
    assert ",".join(SCANS.columns) + "\n" == HEAD
    assert SCANS.needed == {"patient_id", "date"}


def test_a_row() -> None:
    table = read_scans(HEAD + ON + "71.5,1.2.840.7,Dr A,the scale was broken\n")
    assert table.notices == ()
    (one,) = table.rows
    assert (one.row, one.patient_id, one.date) == (2, "P1", dt.date(2020, 3, 30))
    assert (one.weight_kg, one.series_uid, one.accept_recon_change, one.comment) == (71.5, "1.2.840.7", "Dr A", "the scale was broken")


@pytest.mark.parametrize("cells", ["2,,,", "400,,,", f",{LONGEST},,", ",,Dr A,"])
def test_one_decision_is_enough(cells: str) -> None:
    assert told(ON + cells) == []


@pytest.mark.parametrize(
    ("cells", "code", "column", "found"),
    [
        ("1.9,,,", "CELL_OUT_OF_RANGE", "weight_kg", "1.9"),
        ("401,,,", "CELL_OUT_OF_RANGE", "weight_kg", "401"),
        ('"71,5",,,', "DECIMAL_COMMA", "weight_kg", "71,5"),
        ("80 kg,,,", "CELL_MALFORMED", "weight_kg", "80 kg"),
        (",Zauberberg,,", "CELL_MALFORMED", "series_uid", ""),
        (f",{LONGEST}3,,", "CELL_MALFORMED", "series_uid", ""),
        (",1..2,,", "CELL_MALFORMED", "series_uid", ""),
    ],
)
def test_what_cannot_be_is_refused(cells: str, code: str, column: str, found: str) -> None:
    assert told(ON + cells) == [(code, f"scans.csv row 2, column {column}", found)]


def test_a_row_that_decides_nothing_is_told() -> None:
    assert told(ON + ",,,a comment") == [("SCAN_ROW_EMPTY", "scans.csv row 2, column weight_kg", "")]


def test_two_rows_of_one_day_are_refused_both() -> None:
    assert [code for code, _, _ in told(ON + "70,,,", ON + "80,,,")] == ["ROW_TWICE"] * 2
    assert told(ON + "70,,,", "P1,2020-03-31,80,,,", "P2,2020-03-30,80,,,") == []
