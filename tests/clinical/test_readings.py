"""Truth: METHODS D.3 and D.4 (CMR is Deauville 1 to 3; PMR, NMR, PMD are 4 to 5 or new lesions), walked through whole."""

from __future__ import annotations

import itertools

import pytest

from carpet.clinical.readings import READINGS, read_readings

HEAD = "patient_id,date,reader,deauville,new_lesions,metabolic_response,ct_response,marrow_involved,clinical_deterioration,comment\n"
ON = "P1,2020-03-30,R1,"


def told(*rows: str) -> list[tuple[str, str]]:
    return [(notice.code, notice.where) for notice in read_readings(HEAD + "\n".join(rows)).notices]


def test_columns_are_those_of_the_interface() -> None:
    assert ",".join(READINGS.columns) + "\n" == HEAD
    assert READINGS.needed == {"patient_id", "date", "reader"}


def test_a_reading() -> None:
    table = read_readings(HEAD + ON + "x,no,ne,CR,,yes,unclear\n")
    assert table.notices == ()
    (one,) = table.rows
    assert (one.deauville, one.new_lesions, one.metabolic_response, one.ct_response, one.comment) == ("X", False, "NE", "CR", "unclear")
    assert (one.marrow_involved, one.clinical_deterioration) == (None, True)


@pytest.mark.parametrize("cells", ["yes,", "no,", ",yes", ",no"])
def test_marrow_or_the_patient_alone_are_a_reading(cells: str) -> None:
    assert told(f"{ON},,,,{cells},") == []


@pytest.mark.parametrize(
    ("score", "new", "response"),
    list(itertools.product(["", "1", "2", "3", "4", "5", "X"], ["", "yes", "no"], ["", "CMR", "PMR", "NMR", "PMD", "NE"])),
)
def test_which_readings_contradict_themselves(score: str, new: str, response: str) -> None:
    row = f"{ON}{score},{new},{response},,,,"
    odd = (response == "CMR" and (score in ("4", "5") or new == "yes")) or (
        response in ("PMR", "NMR", "PMD") and score in ("1", "2", "3") and new != "yes"
    )
    empty = (score, new, response) == ("", "", "")
    expected = [("READING_EMPTY", "deauville")] if empty else [("READING_CONTRADICTS", "metabolic_response")] if odd else []
    assert told(row) == [(code, f"readings.csv row 2, column {column}") for code, column in expected]
    assert len(read_readings(HEAD + row).rows) == 1


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ("6,,,,,,", "deauville"),
        (",1,,,,,", "new_lesions"),
        (",,CR,,,,", "metabolic_response"),
        (",,,CMR,,,", "ct_response"),
        (",,,,1,,", "marrow_involved"),
        (",,,,,worse,", "clinical_deterioration"),
    ],
)
def test_words_that_do_not_exist(cells: str, column: str) -> None:
    assert told(ON + cells) == [("CELL_MALFORMED", f"readings.csv row 2, column {column}")]


def test_one_reading_a_reader_and_scan() -> None:
    row = ON + "3,no,CMR,PR,,,"
    assert [code for code, _ in told(row, row)] == ["ROW_TWICE"] * 2
    assert told(row, row.replace("R1", "R2"), row.replace("03-30", "06-30")) == []


@pytest.mark.parametrize(("response", "marrow", "odd"), [("CMR", "yes", True), ("CMR", "no", False), ("PMR", "yes", False)])
def test_a_complete_response_with_an_involved_marrow_contradicts_itself(response: str, marrow: str, odd: bool) -> None:
    expected = [("READING_CONTRADICTS", "readings.csv row 2, column metabolic_response")] if odd else []
    assert told(f"{ON},,{response},,{marrow},,") == expected
