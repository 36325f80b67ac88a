"""Truth: Python's csv module writes (RFC 4180), and every value comes back; faults are planted at known rows and columns."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carpet.clinical.cells import Choice, Day, Kind, Number, ReportedNumber, Text, Whole, Written
from carpet.clinical.table import (
    LARGEST_BYTES,
    LONGEST_CELL,
    MOST_NOTICES,
    MOST_ROWS,
    Column,
    Notices,
    Schema,
    checked,
    did_you_mean,
    place,
    read_table,
    shown,
    single,
)
from carpet.clinical.tables import SCHEMAS
from carpet.core.errors import Notice, NoticeKind, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(Text(), "who")]
    date: Annotated[dt.date, Column(Day(), "when")]
    size_mm: Annotated[float | None, Column(Number(0, 250, "mm"), "how large")] = None
    comment: Annotated[str | None, Column(Text(), "what else")] = None


VISITS = Schema("visits.csv", Visit)
HEAD = "patient_id,date,size_mm,comment\n"
GOOD = "P1,2020-01-01,5,fine\n"


def faults(text: str | bytes) -> list[tuple[str, str, str]]:
    return [(notice.code, notice.where, notice.found) for notice in read_table(text, VISITS).notices]


def a_value(kind: Kind) -> st.SearchStrategy[tuple[str, Any]]:
    """(cell, value) of a column."""
    if isinstance(kind, Choice):
        return st.sampled_from(sorted(kind.spellings.items(), key=str))
    if isinstance(kind, Day):
        return st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)).map(lambda day: (day.isoformat(), day))
    if isinstance(kind, Number):
        return st.floats(kind.low, kind.high).map(lambda x: (repr(x), x))
    if isinstance(kind, Whole):
        return st.integers(kind.low, kind.high).map(lambda n: (str(n), n))
    if isinstance(kind, ReportedNumber):
        return st.tuples(st.sampled_from(["", "<", ">"]), st.floats(0, 1e9)).map(lambda made: (f"{made[0]}{made[1]!r}", made))
    if isinstance(kind, Written):
        return st.from_regex(kind.form, fullmatch=True).filter(lambda cell: len(cell) <= kind.longest).map(lambda cell: (cell, cell))
    assert isinstance(kind, Text)
    plain = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from(',;"\n='), max_size=min(kind.longest, 30))
    return plain.map(str.strip).filter(bool).map(lambda cell: (cell, cell))


def a_row(schema: Schema[Any]) -> st.SearchStrategy[dict[str, tuple[str, Any]]]:
    return st.fixed_dictionaries(
        {name: a_value(schema.columns[name].kind) for name in schema.needed},
        optional={name: a_value(column.kind) for name, column in schema.columns.items() if name not in schema.needed},
    )


def written(names: Sequence[str], rows: Iterable[Sequence[str]], **dialect: Any) -> str:
    out = io.StringIO()
    csv.writer(out, **dialect).writerows([names, *rows])
    return out.getvalue()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema.file))
@settings(max_examples=40)
@given(data=st.data())
def test_what_csv_writes_comes_back(schema: Schema[Any], data: st.DataObject) -> None:
    rows = data.draw(st.lists(a_row(schema), max_size=4))
    names = data.draw(st.permutations(list(schema.columns)))
    text = written(
        names,
        [[row[name][0] if name in row else "" for name in names] for row in rows],
        delimiter=data.draw(st.sampled_from(",;")),
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    source: str | bytes = data.draw(st.sampled_from([text, "\ufeff" + text, text.encode(), text.encode("utf-8-sig")]))
    table = read_table(source, schema)
    assert table.notices == ()
    assert table.rows == tuple(schema.row(**{name: value for name, (_, value) in row.items()}) for row in rows)
    assert [row.row for row in table.rows] == list(range(2, 2 + len(rows)))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema.file))
def test_every_column_has_a_sentence_and_every_table_a_patient(schema: Schema[Any]) -> None:
    assert next(iter(schema.columns)) == "patient_id"
    assert "patient_id" in schema.needed
    assert all(column.says and column.kind.says for column in schema.columns.values())


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    text = "\n" + HEAD + "\n" + 'P1,2020-01-01,5,"two\nlines"\n,,,\n' + "P2,2020-01-02,oops,\n"
    assert [row.row for row in read_table(text, VISITS).rows] == [4]
    assert faults(text) == [("CELL_MALFORMED", "visits.csv row 6, column size_mm", "oops")]


def test_every_fault_of_every_row_is_told() -> None:
    text = HEAD + ",2020-02-30,1.5.0,\n" + GOOD + "P2,,999,\n"
    assert faults(text) == [
        ("CELL_MISSING", "visits.csv row 2, column patient_id", ""),
        ("DATE_MALFORMED", "visits.csv row 2, column date", "2020-02-30"),
        ("CELL_MALFORMED", "visits.csv row 2, column size_mm", "1.5.0"),
        ("CELL_MISSING", "visits.csv row 4, column date", ""),
        ("CELL_OUT_OF_RANGE", "visits.csv row 4, column size_mm", "999"),
    ]
    table = read_table(text, VISITS)
    assert [row.patient_id for row in table.rows] == ["P1"]
    assert table.refused == {"P2"}
    assert [notice.allowed for notice in table.notices if notice.code == "CELL_OUT_OF_RANGE"] == ["number 0 to 250 mm"]


def test_free_text_is_never_shown() -> None:
    (notice,) = read_table(HEAD + "Jane Doe\x07,2020-01-01,,\n", VISITS).notices
    assert (notice.code, notice.where) == ("CELL_MALFORMED", "visits.csv row 2, column patient_id")
    assert "Jane" not in str(notice)


def test_unknown_columns_name_the_nearest() -> None:
    (notice,) = read_table("patient_id,date,sise_mm\nP1,2020-01-01,5\n", VISITS).notices
    assert (notice.code, notice.where, notice.found) == ("COLUMN_UNKNOWN", "visits.csv row 1, column sise_mm", "sise_mm")
    assert "did you mean 'size_mm'?" in notice.message
    assert "comment" in notice.allowed


def test_the_header() -> None:
    assert faults("patient_id,date,date\n") == [("COLUMN_TWICE", "visits.csv row 1, column date", "date")]
    assert faults("patient_id\n") == [("COLUMN_MISSING", "visits.csv row 1, column date", "no such column")]
    assert faults("Patient_ID , DATE\nP1,2020-01-01\n") == []
    assert faults("patient_id,,date\n") == [("COLUMN_UNKNOWN", "visits.csv row 1, column 2", "")]
    assert faults("patient_id;date;;\nP1;2020-01-01;;\n") == []
    assert faults(f"{HEAD}{GOOD}".replace("\n", "\r")) == []
    assert read_table("patient_id,comment\nP1,x\n", VISITS).readable is False


def test_a_row_of_data_in_place_of_the_header_is_not_shown() -> None:
    (notice,) = read_table("Jane Doe,2020-01-01,5,\n", VISITS).notices
    assert notice.code == "TABLE_UNREADABLE"
    assert "Jane" not in str(notice)


@pytest.mark.parametrize("row", ["P2,2020-01-01", "P2,2020-01-01,5,a,b", "P2,2020-01-01,1,5,"])
def test_ragged_rows(row: str) -> None:
    text = HEAD + GOOD + row + "\n"
    if row.endswith(",5,"):
        assert faults(text) == []  # an empty cell too many is a spreadsheet's, and "5" is a comment
        return
    assert [fault[:2] for fault in faults(text)] == [("ROW_RAGGED", "visits.csv row 3")]
    assert read_table(text, VISITS).refused == {"P2"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "no header"),
        ("\n\n", "no header"),
        ("patient_id,date;size_mm\n", "commas and semicolons"),
        ("patient_id\tdate\n", "tabs"),
        (HEAD + 'P1,2020-01-01,5,"open\n', "never closed"),
        (HEAD + 'P1,2020-01-01,5,"a"b\n', "double quote"),
        (HEAD.encode() + b"P1,2020-01-01,5,caf\xe9\n", "not UTF-8"),
        (HEAD.encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_is_no_table(source: str | bytes, words: str) -> None:
    table = read_table(source, VISITS)
    assert (table.rows, table.readable) == ((), False)
    (notice,) = table.notices
    assert (notice.code, notice.where.split(" row ")[0]) == ("TABLE_UNREADABLE", "visits.csv")
    assert words in notice.message


def test_tables_that_are_too_big() -> None:
    for text in (
        HEAD + f"P1,2020-01-01,5,{'x' * (LONGEST_CELL + 1)}\n",
        HEAD + f"P1,2020-01-01,5,{'x' * 140_000}\n",
        "x" * (LARGEST_BYTES + 1),
        HEAD + "\n" * (MOST_ROWS + 1) + GOOD,
    ):
        assert [fault[0] for fault in faults(text)] == ["TABLE_TOO_BIG"]


def test_a_cell_at_the_limit_is_read() -> None:
    long = f'patient_id,date,comment\nP1,2020-01-01,"{"x" * LONGEST_CELL}"\n'
    assert [fault[0] for fault in faults(long)] == ["CELL_MALFORMED"]  # a comment is shorter; the table is read


def test_no_more_notices_than_a_person_reads() -> None:
    told = faults(HEAD + "P1,,oops,\n" * MOST_NOTICES)
    assert len(told) == MOST_NOTICES + 1
    assert told[-1] == ("MORE_NOTICES", "visits.csv", f"{MOST_NOTICES} more")


def test_checks_drop_errors_and_keep_flags() -> None:
    table = read_table(HEAD + GOOD + "P2,2020-01-01,7,\nP3,2020-01-01,9,\n", VISITS)
    kinds = {size: NoticeKind(f"SIZE_{size:g}", severity, "x") for size, severity in ((7.0, Severity.WARNING), (9.0, Severity.ERROR))}

    def check(visit: Visit) -> list[Notice]:
        return [kinds[visit.size_mm].at(place("visits.csv", visit.row, "size_mm"))] if visit.size_mm in kinds else []

    made = checked(table, check, file="visits.csv")
    assert [row.patient_id for row in made.rows] == ["P1", "P2"]
    assert [(notice.code, notice.where) for notice in made.notices] == [
        ("SIZE_7", "visits.csv row 3, column size_mm"),
        ("SIZE_9", "visits.csv row 4, column size_mm"),
    ]
    assert made.refused == {"P3"}


def test_of_two_rows_on_one_thing_neither_is_taken() -> None:
    table = read_table(HEAD + GOOD + "P2,2020-01-01,7,\n" + GOOD, VISITS)
    made = single(table, lambda visit: visit.patient_id, file="visits.csv", column="patient_id", same="one a patient")
    assert [row.patient_id for row in made.rows] == ["P2"]
    assert [(notice.where, notice.found) for notice in made.notices] == [
        ("visits.csv row 2, column patient_id", "also row 4"),
        ("visits.csv row 4, column patient_id", "also row 2"),
    ]


def test_words_of_messages() -> None:
    assert place("a.csv", 3) == "a.csv row 3"
    assert shown("a\nb" + "x" * 100) == "a\N{REPLACEMENT CHARACTER}b" + "x" * 56 + "…"
    assert (shown("x" * 60), shown("x" * 61)) == ("x" * 60, "x" * 59 + "…")
    assert did_you_mean("crss", ["crs", "icans"]) == "did you mean 'crs'?"
    assert did_you_mean("zzz", ["crs", "icans"]) == ""
    assert Notices("a.csv").told() == ()
