"""Contract: a row says one thing of one lesion, or is refused with its place."""

from __future__ import annotations

import pytest

from carpet.clinical.track_corrections import TRACK_CORRECTIONS, read_track_corrections

HEAD = "patient_id,date,lesion_id,reader,track,same_as_date,same_as_lesion,new,comment\n"
ON = "P1,2020-03-30,L02,R1,"


def told(*rows: str) -> list[tuple[str, str]]:
    return [(notice.code, notice.where) for notice in read_track_corrections(HEAD + "\n".join(rows)).notices]


def test_columns_are_those_of_the_interface() -> None:
    assert ",".join(TRACK_CORRECTIONS.columns) + "\n" == HEAD
    assert TRACK_CORRECTIONS.needed == {"patient_id", "date", "lesion_id", "reader"}


@pytest.mark.parametrize("cells", ["T03,,,,", "T03,,,no,", ",2020-02-27,L11,,why", ",,,yes,"])
def test_rows_that_say_one_thing(cells: str) -> None:
    table = read_track_corrections(HEAD + ON + cells)
    assert table.notices == ()
    (one,) = table.rows
    said = (one.track, one.same_as_date and one.same_as_date.isoformat(), one.same_as_lesion, one.new)
    track, date, lesion, new, _ = cells.split(",")
    assert said == (track or None, date or None, lesion or None, {"yes": True, "no": False, "": None}[new])


@pytest.mark.parametrize(
    ("cells", "column", "found"),
    [
        (",,,,", "track", "nothing"),
        (",,,no,", "track", "nothing"),
        ("T03,,,yes,", "track", "track and new"),
        ("T03,2020-02-27,L11,,", "track", "track and same_as_date and same_as_lesion"),
        (",2020-02-27,L11,yes,", "same_as_date", "same_as_date and same_as_lesion and new"),
        (",2020-02-27,,,", "same_as_date", "same_as_date"),
        (",,L11,,", "same_as_lesion", "same_as_lesion"),
        (",,L11,yes,", "same_as_lesion", "same_as_lesion and new"),
    ],
)
def test_rows_that_say_nothing_or_two_things(cells: str, column: str, found: str) -> None:
    table = read_track_corrections(HEAD + ON + cells)
    assert table.rows == ()
    assert [(one.code, one.where, one.found) for one in table.notices] == [
        ("TRACK_CORRECTION_UNCLEAR", f"track_corrections.csv row 2, column {column}", found)
    ]


@pytest.mark.parametrize(("day", "right"), [("2020-03-29", True), ("2020-03-30", False), ("2020-04-01", False)])
def test_the_other_lesion_is_an_earlier_one(day: str, right: bool) -> None:
    assert told(f"{ON},{day},L11,,") == ([] if right else [("DATE_ORDER", "track_corrections.csv row 2, column same_as_date")])


@pytest.mark.parametrize(("cells", "column"), [("3,,,,", "track"), (",2020-02-27,11,,", "same_as_lesion"), (",,,new,", "new")])
def test_words_that_do_not_exist(cells: str, column: str) -> None:
    assert told(ON + cells) == [("CELL_MALFORMED", f"track_corrections.csv row 2, column {column}")]


def test_one_correction_a_lesion() -> None:
    row = f"{ON}T03,,,,"
    assert [code for code, _ in told(row, row.replace("T03", "T04").replace("R1", "R2"))] == ["ROW_TWICE"] * 2
    assert told(row, row.replace("L02", "L03")) == []
