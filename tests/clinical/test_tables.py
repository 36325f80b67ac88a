"""Contract: tables are held against patients.csv; whatever the files hold nothing is raised, and every notice names a place that exists."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carpet.clinical.tables import SCHEMAS, ClinicalTables, read_tables

FOLDER = {
    "patients.csv": "patient_id,sex,birth_year,infusion_date,death_date,last_contact_date\n"
    "P1,F,1960,2020-03-01,2021-03-01,\nP2,M,1970,2020-04-01,,2022-01-01\nP3,M,1970,,,2022-01-01\n",
    "labs.csv": "patient_id,date,analyte,value,unit\nP1,2020-02-27,crp,30,mg/L\nP2,2020-03-27,platelets,<20,G/L\n",
    "toxicity.csv": "patient_id,onset_date,resolution_date,event,scale,grade\nP1,2020-03-03,2020-03-08,crs,astct2019,2\n",
    "ct_targets.csv": "patient_id,date,lesion,kind,ldi_mm,sdi_mm,target,status\nP1,2020-02-20,L1,node,32,18,yes,present\n",
    "readings.csv": 'patient_id,date,reader,deauville,metabolic_response,comment\nP1,2020-03-30,R1,3,CMR,"a, b"\n',
    "scans.csv": "patient_id,date,weight_kg\nP1,2020-03-30,71.5\n",
    "decisions.csv": "patient_id,date,lesion_id,status,reader\nP1,2020-03-30,L01,disease,R1\nP2,2020-03-30,*,accept,R1\n",
    "track_corrections.csv": "patient_id,date,lesion_id,reader,track,new\nP1,2020-03-30,L01,R1,T02,\n",
    "README.md": "the codebook",
}


def told(**changed: str) -> list[tuple[str, str, str]]:
    """Beyond the one of P3 (not infused) and of the limit of P2's platelets."""
    folder = FOLDER | {f"{name}.csv": text for name, text in changed.items()}
    return [
        (notice.code, notice.where, notice.found)
        for notice in read_tables(folder).notices
        if notice.code not in ("NOT_INFUSED", "LAB_AT_LIMIT")
    ]


def added(name: str, row: str) -> list[tuple[str, str, str]]:
    return told(**{name: FOLDER[f"{name}.csv"] + row + "\n"})


def test_a_folder() -> None:
    made = read_tables(FOLDER)
    assert (len(made.patients), len(made.labs), len(made.toxicity), len(made.ct_targets), len(made.readings)) == (3, 2, 1, 1, 1)
    assert (len(made.scans), len(made.decisions), made.decisions_refused) == (1, 2, frozenset())
    assert [one.track for one in made.track_corrections] == ["T02"]
    assert [(notice.code, notice.where) for notice in made.notices] == [
        ("NOT_INFUSED", "patients.csv row 4, column infusion_date"),
        ("LAB_AT_LIMIT", "labs.csv row 3, column value"),
    ]
    patient = made.patient("P1")
    assert patient is not None
    assert patient.day(made.labs[0].date) == -3
    assert made.patient("P9") is None


def test_text_or_bytes() -> None:
    assert read_tables({name: text.encode() for name, text in FOLDER.items()}) == read_tables(FOLDER)


def test_tables_that_are_not_given_are_empty() -> None:
    assert read_tables({"patients.csv": "patient_id\n"}) == ClinicalTables()
    made = read_tables({})
    assert [notice.code for notice in made.notices] == ["TABLE_MISSING"]
    alone = read_tables({name: text for name, text in FOLDER.items() if name != "patients.csv"})
    assert [notice.code for notice in alone.notices] == ["TABLE_MISSING", "LAB_AT_LIMIT"]


def test_files_that_have_no_meaning_are_told() -> None:
    assert told(lab="x") == [("TABLE_UNKNOWN", "lab.csv", "lab.csv")]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("labs", "P9,2020-02-27,crp,30,mg/L"),
        ("toxicity", "P9,,,crs,penn,1"),
        ("ct_targets", "P9,2020-02-20,L1,node,32,18,yes,present"),
        ("readings", "p1,2020-03-30,R1,3,CMR,"),
        ("scans", "P9,2020-03-30,70"),
        ("decisions", "P9,2020-03-30,L01,disease,R1"),
        ("track_corrections", "P9,2020-03-30,L01,R1,T01,"),
    ],
)
def test_a_patient_that_patients_csv_does_not_have(name: str, row: str) -> None:
    at = FOLDER[f"{name}.csv"].count("\n") + 1
    assert added(name, row) == [("PATIENT_UNKNOWN", f"{name}.csv row {at}, column patient_id", "")]


def test_rows_of_a_refused_patient_are_not_called_unknown() -> None:
    broken = FOLDER["patients.csv"].replace("P1,F", "P1,female")
    assert [code for code, _, _ in told(patients=broken)] == ["CELL_MALFORMED"]
    assert [code for code, _, _ in told(patients="patient_id;sex,birth_year\n")] == ["TABLE_UNREADABLE"]


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [
        ("labs", "P1,2021-03-02,crp,30,mg/L", "date"),
        ("toxicity", "P1,2020-04-01,2021-03-02,infection,ctcae5,3", "resolution_date"),
        ("ct_targets", "P1,2021-03-02,L1,node,32,18,yes,present", "date"),
        ("readings", "P1,2021-03-02,R1,3,CMR,", "date"),
        ("scans", "P1,2021-03-02,70", "date"),
        ("decisions", "P1,2021-03-02,L01,disease,R1", "date"),
        ("track_corrections", "P1,2021-03-02,L01,R1,T01,", "date"),
    ],
)
def test_nothing_happens_after_death(name: str, row: str, column: str) -> None:
    at = FOLDER[f"{name}.csv"].count("\n") + 1
    assert added(name, row) == [("OUTSIDE_LIFE", f"{name}.csv row {at}, column {column}", "1 days after death_date")]
    assert added(name, row.replace("2021-03-02", "2021-03-01")) == []


def test_of_whom_a_decision_was_refused() -> None:
    text = FOLDER["decisions.csv"]
    for wrong in ("P1,2020-03-30,L02,dsease,R1\n", "P1,2021-03-02,L02,disease,R1\n", "P1,2020-03-30,L02,disease,R1,what\n"):
        made = read_tables(FOLDER | {"decisions.csv": text + wrong})
        assert (len(made.decisions), made.decisions_refused) == (2, {"P1"})


def test_nothing_happens_before_birth() -> None:
    young = FOLDER["patients.csv"].replace("P3,M,1970", "P3,M,2010")
    labs = FOLDER["labs.csv"] + "P3,2009-12-31,crp,30,mg/L\nP3,2010-01-01,crp,30,mg/L\n"
    assert told(patients=young, labs=labs) == [("OUTSIDE_LIFE", "labs.csv row 4, column date", "1 years before birth_year")]


def test_toxicity_against_the_course() -> None:
    assert added("toxicity", "P2,2020-03-31,,crs,astct2019,1") == [
        ("DATE_ORDER", "toxicity.csv row 3, column onset_date", "crs 1 days before infusion_date")
    ]
    assert added("toxicity", "P2,2020-04-01,,crs,astct2019,1") == []
    assert added("toxicity", "P2,2020-03-31,,infection,ctcae5,3") == []
    assert added("toxicity", "P2,2020-04-03,,crs,astct2019,5") == [("GRADE_FIVE_ALIVE", "toxicity.csv row 3, column grade", "crs")]
    assert added("toxicity", "P1,2020-04-03,,icans,astct2019,5") == []


PLACE = re.compile(r"(?P<file>\w+\.csv)( row (?P<row>\d+)(, column (?P<column>.+))?)?")
COLUMNS = {schema.file: set(schema.columns) for schema in SCHEMAS}
JUNK = st.sampled_from([",", ";", '"', "\n", "\r", "\t", "\x00", "\ufeff", "0", "-", ".", "=", "P1", "é", "\ud800", "9" * 400, "1e999", ""])


@settings(max_examples=150)
@given(
    name=st.sampled_from([schema.file for schema in SCHEMAS]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.text(max_size=5) | JUNK), min_size=1, max_size=5),
)
def test_random_mutations(name: str, edits: list[tuple[float, int, str]]) -> None:
    text = FOLDER[name]
    for where, drop, insert in edits:
        at = int(where * len(text))
        text = text[:at] + insert + text[at + drop :]
    lines = len(re.split("\r\n|\r|\n", text))
    for notice in read_tables(FOLDER | {name: text}).notices:
        found = PLACE.fullmatch(notice.where)
        assert found is not None, notice.where
        assert found["file"] in COLUMNS
        if found["file"] == name and found["row"]:
            assert 1 <= int(found["row"]) <= lines
        if found["column"] and notice.code != "COLUMN_UNKNOWN":
            assert found["column"] in COLUMNS[found["file"]]


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from([schema.file for schema in SCHEMAS]) | st.text(max_size=8), st.text(max_size=200) | st.binary(max_size=200)
    )
)
def test_any_files_at_all(folder: dict[str, str | bytes]) -> None:
    made = read_tables(folder)
    assert made.patients == ()
    assert all(notice.code and notice.where for notice in made.notices if notice.code != "TABLE_UNKNOWN")
