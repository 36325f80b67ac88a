"""Truth: an export written by hand in REDCap's form (raw codes, events, repeating instruments), and the tables it must become."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.redcap import RedcapMapping, RedcapPart, mapped
from carpet.clinical.tables import read_tables
from carpet.core.errors import Refused

EXPORT = """record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,inf_dt,alive_dt,lab_dt,crp,plt,ae,grade,site___1
P1,baseline_arm_1,,,1,2024-03-01 10:30,,,,,,,1
P1,follow_up_arm_1,,,,,2024-12-01,,,,,,
P1,baseline_arm_1,lab,1,,,,2024-02-24,30,-99,,,
P1,baseline_arm_1,lab,2,,,,2024-02-28,,150,,,
P1,baseline_arm_1,ae,1,,,,,,,1,2,
P2,baseline_arm_1,,,2,2024-04-01,,,,,,,0
P2,follow_up_arm_1,,,,,2024-11-01,,,,,,
"""
PATIENT = RedcapPart(
    file="patients.csv",
    columns={"sex": "sex", "infusion_date": "inf_dt", "nccn_extranodal_site": "site___1"},
    choices={"sex": {"1": "M", "2": "F"}, "nccn_extranodal_site": {"0": "no", "1": "yes"}},
    constants={"age": "60"},
    events=("baseline_arm_1",),
)
FOLLOW_UP = RedcapPart(file="patients.csv", columns={"last_contact_date": "alive_dt"}, events=("follow_up_arm_1",))
CRP = RedcapPart(
    file="labs.csv",
    instrument="lab",
    columns={"date": "lab_dt", "value": "crp"},
    constants={"analyte": "crp", "unit": "mg/L"},
    needs=("crp",),
)
PLATELETS = RedcapPart(
    file="labs.csv",
    instrument="lab",
    columns={"date": "lab_dt", "value": "plt"},
    constants={"analyte": "platelets", "unit": "10*9/L"},
    needs=("plt",),
)
EVENTS = RedcapPart(
    file="toxicity.csv",
    instrument="ae",
    columns={"event": "ae", "grade": "grade"},
    constants={"scale": "astct2019"},
    choices={"event": {"1": "crs", "2": "icans"}},
)
PARTS = (PATIENT, FOLLOW_UP, CRP, PLATELETS, EVENTS)


def mapping(*parts: RedcapPart, **changed: Any) -> RedcapMapping:
    return RedcapMapping(**{"record": "record_id", "parts": parts or PARTS, "missing": ("-99",)} | changed)


def refused(text: str, asked: RedcapMapping) -> list[tuple[str, str, str]]:
    with pytest.raises(Refused) as error:
        mapped(text, asked)
    return [(one.code, one.where, one.found) for one in error.value.notices]


def test_an_export_becomes_tables() -> None:
    made = mapped(EXPORT, mapping())
    assert made.notices == ()
    assert made.files["patients.csv"].decode().splitlines() == [
        "age,patient_id,sex,infusion_date,nccn_extranodal_site,last_contact_date",
        "60,P1,M,2024-03-01,yes,2024-12-01",
        "60,P2,F,2024-04-01,no,2024-11-01",
    ]
    tables = read_tables(made.files)
    assert tables.notices == ()
    assert [(one.patient_id, one.sex, one.nccn_extranodal_site) for one in tables.patients] == [("P1", "M", True), ("P2", "F", False)]
    assert [(one.patient_id, one.analyte, one.value, one.unit) for one in tables.labs] == [
        ("P1", "crp", 3.0, "mg/dL"),
        ("P1", "platelets", 150.0, "10*9/L"),
    ]
    assert [(one.event, one.scale, one.grade) for one in tables.toxicity] == [("crs", "astct2019", 2)]


def test_bytes_text_and_windows_are_the_same() -> None:
    made = mapped(EXPORT, mapping())
    for other in (EXPORT.encode(), ("\ufeff" + EXPORT).encode(), EXPORT.replace("\n", "\r\n")):
        assert mapped(other, mapping()).files == made.files


def test_what_is_wrong_in_a_cell_is_told_of_the_export() -> None:
    made = mapped(EXPORT.replace(",30,", ",high,").replace("2024-11-01", "2024-11-31"), mapping())
    told = [made.traced(one) for one in read_tables(made.files).notices]
    assert [(one.code, one.where) for one in told] == [
        ("DATE_MALFORMED", "redcap.csv row 8, column alive_dt"),
        ("CELL_MALFORMED", "redcap.csv row 4, column crp"),
    ]


def test_a_notice_of_something_else_stays() -> None:
    made = mapped(EXPORT, mapping())
    (notice,) = read_tables({"patients.csv": made.files["patients.csv"], "labs2.csv": b""}).notices
    assert made.traced(notice) == notice
    missing = read_tables({"patients.csv": made.files["patients.csv"].replace(b"2024-12-01", b"")}).notices[0]
    assert made.traced(missing).where == "redcap.csv row 3, column alive_dt"


def test_a_code_without_translation_names_row_and_field() -> None:
    assert refused(EXPORT.replace("P2,baseline_arm_1,,,2", "P2,baseline_arm_1,,,3"), mapping()) == [
        ("REDCAP_CHOICE_UNKNOWN", "redcap.csv row 7, column sex", "3")
    ]


def test_rows_of_one_record_that_contradict_each_other() -> None:
    twice = EXPORT + "P1,baseline_arm_1,,,2,2024-03-01,,,,,,,1\n"
    assert refused(twice, mapping()) == [("REDCAP_CONFLICT", "redcap.csv row 9, column sex", "also row 2, field sex")]


def test_a_mapping_of_what_does_not_exist() -> None:
    wrong = RedcapPart(file="labs.csv", columns={"date": "lab_date", "valeu": "crp"})
    nowhere = RedcapPart(file="lab.csv", columns={})
    assert refused(EXPORT, mapping(wrong, nowhere, record="recordid")) == [
        ("REDCAP_FIELD_UNKNOWN", "redcap record", "recordid"),
        ("REDCAP_TARGET_UNKNOWN", "redcap part 1 (labs.csv), valeu", "valeu"),
        ("REDCAP_FIELD_UNKNOWN", "redcap part 1 (labs.csv)", "lab_date"),
        ("REDCAP_TARGET_UNKNOWN", "redcap part 2 (lab.csv)", "lab.csv"),
    ]
    simple = "record_id,a\nP1,1\n"
    repeated = RedcapPart(file="labs.csv", instrument="lab", events=("x",), columns={"value": "a"})
    assert [found for _, _, found in refused(simple, mapping(repeated))] == ["redcap_repeat_instrument", "redcap_event_name"]


def test_a_field_that_stands_twice() -> None:
    assert refused(EXPORT.replace("ae,grade", "crp,crp"), mapping()) == [("COLUMN_TWICE", "redcap.csv row 1, column crp", "crp")]
    headless = refused("Miller,Miller\nP1,1\n", mapping(PATIENT))
    assert {code for code, _, _ in headless} == {"REDCAP_FIELD_UNKNOWN"}


@pytest.mark.parametrize(
    ("text", "where"),
    [("", "redcap.csv"), ('record_id,a\n"P1,1\n', "redcap.csv"), ("record_id,a\nP1\n", "redcap.csv row 2")],
)
def test_no_export(text: str, where: str) -> None:
    assert [(code, at) for code, at, _ in refused(text, mapping())] == [("TABLE_UNREADABLE", where)]


def test_a_part_that_nothing_fits_is_told() -> None:
    empty = RedcapPart(file="labs.csv", instrument="labs", columns={"date": "lab_dt"})
    made = mapped(EXPORT, mapping(PATIENT, empty))
    assert [(one.code, one.where) for one in made.notices] == [("REDCAP_NO_ROWS", "redcap part 2 (labs.csv)")]
    assert set(made.files) == {"patients.csv"}
