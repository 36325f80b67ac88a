"""Truth: INTERFACE.md's columns, METHODS G.1 (which dates follow which) and cases written by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from carpet.clinical.patients import PATIENTS, STAGES, Patient, read_patients
from carpet.clinical.table import Table

GOOD = {
    "patient_id": "P1",
    "dicom_patient_id": "HOSPITAL-17",
    "site": "A",
    "sex": "F",
    "birth_year": "1960",
    "age": "59",
    "height_cm": "170",
    "histology": "DLBCL",
    "product": "axi-cel",
    "infusion_date": "2020-03-01",
    "enrolment_date": "2020-01-20",
    "lymphodepletion_date": "2020-02-25",
    "bridging": "yes",
    "ann_arbor_stage": "IVB",
    "ecog": "1",
    "ldh_uln_ratio": "1.4",
    "extranodal_sites": "2",
    "prior_lines": "2",
    "progression_date": "2020-08-01",
    "death_date": "2021-03-01",
    "last_contact_date": "2021-02-20",
    "new_therapy_date": "2020-08-15",
    "hsct_date": "2020-10-01",
    "cause_of_death": "lymphoma",
}

COLUMNS = list(GOOD)  # every column of INTERFACE.md, in its order


def read(*patients: dict[str, str]) -> Table[Patient]:
    out = io.StringIO()
    writer = csv.DictWriter(out, [*COLUMNS, "fdg_avid"])
    writer.writeheader()
    writer.writerows(patients)
    return read_patients(out.getvalue())


def told(**changed: str) -> list[tuple[str, str]]:
    """(code, column) of what is said of the good patient with these cells changed."""
    return [(notice.code, notice.where.removeprefix("patients.csv row 2, column ")) for notice in read(GOOD | changed).notices]


def test_columns_are_those_of_the_interface() -> None:
    beside = ["nccn_extranodal_site", "fdg_avid"]  # what the NCCN-IPI and Lugano ask for beside them
    assert list(PATIENTS.columns) == [*COLUMNS, *beside]
    assert PATIENTS.needed == {"patient_id"}


def test_a_whole_patient() -> None:
    table = read(GOOD)
    assert table.notices == ()
    (one,) = table.rows
    assert (one.sex, one.birth_year, one.age, one.height_cm, one.ann_arbor_stage, one.bridging) == ("F", 1960, 59.0, 170.0, 4, True)
    assert one.infusion_date == dt.date(2020, 3, 1)
    assert one.day(dt.date(2020, 2, 25)) == -5
    assert one.day(dt.date(2021, 3, 1)) == 365
    assert one.row == 2


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"lymphodepletion_date": "2020-03-02"}, [("DATE_ORDER", "lymphodepletion_date")]),
        ({"lymphodepletion_date": "2020-03-01"}, [("DATE_UNUSUAL", "lymphodepletion_date")]),
        ({"lymphodepletion_date": "2020-02-15"}, [("DATE_UNUSUAL", "lymphodepletion_date")]),
        ({"lymphodepletion_date": "2020-02-16"}, []),
        ({"enrolment_date": "2020-02-26"}, [("DATE_UNUSUAL", "enrolment_date")]),
        ({"progression_date": "2020-02-29"}, [("DATE_ORDER", "progression_date")]),
        ({"progression_date": "2020-03-01"}, []),
        ({"progression_date": "2021-03-02"}, [("DATE_ORDER", "progression_date")]),
        ({"new_therapy_date": "2020-02-01"}, [("DATE_ORDER", "new_therapy_date")]),
        ({"hsct_date": "2019-02-01"}, [("DATE_ORDER", "hsct_date")]),
        ({"last_contact_date": "2021-03-02"}, [("DATE_ORDER", "last_contact_date")]),
        ({"last_contact_date": "2021-03-01"}, []),
        ({"last_contact_date": ""}, []),
        ({"death_date": "", "cause_of_death": ""}, []),
        ({"death_date": ""}, [("CAUSE_WITHOUT_DEATH", "cause_of_death")]),
        ({"death_date": "", "cause_of_death": "", "last_contact_date": ""}, [("FOLLOW_UP_UNKNOWN", "last_contact_date")]),
        ({"death_date": "", "cause_of_death": "", "last_contact_date": "2020-09-30"}, [("LAST_CONTACT_EARLY", "last_contact_date")]),
        ({"death_date": "", "cause_of_death": "", "last_contact_date": "2020-10-01"}, []),
        ({"birth_year": "", "age": ""}, [("AGE_UNKNOWN", "age")]),
        ({"birth_year": ""}, []),
        ({"age": ""}, []),
        ({"age": "60"}, []),
        ({"age": "60.9"}, []),
        ({"age": "61"}, [("AGE_CONFLICT", "age")]),
        ({"age": "58.9"}, [("AGE_CONFLICT", "age")]),
        ({"birth_year": "2021", "age": ""}, [("DATE_ORDER", "birth_year")]),
        ({"birth_year": "1899", "age": ""}, [("DATE_ORDER", "birth_year")]),
        ({"birth_year": "1900", "age": ""}, []),
        ({"age": "121"}, [("CELL_OUT_OF_RANGE", "age")]),
        ({"height_cm": "1.70"}, [("CELL_OUT_OF_RANGE", "height_cm")]),
        ({"height_cm": "251"}, [("CELL_OUT_OF_RANGE", "height_cm")]),
        ({"sex": "male"}, [("CELL_MALFORMED", "sex")]),
        ({"ecog": "5"}, [("CELL_OUT_OF_RANGE", "ecog")]),
        ({"ann_arbor_stage": "V"}, [("CELL_MALFORMED", "ann_arbor_stage")]),
        ({"infusion_date": "2020-02-30"}, [("DATE_MALFORMED", "infusion_date")]),
        ({"fdg_avid": "mostly"}, [("CELL_MALFORMED", "fdg_avid")]),
        ({"fdg_avid": "yes"}, []),
        ({"fdg_avid": "no"}, [("FDG_AVIDITY_UNUSUAL", "fdg_avid")]),
        ({"histology": "CLL"}, [("FDG_AVIDITY_VARIABLE", "histology")]),
        ({"histology": "CLL", "fdg_avid": "no"}, []),
        ({"histology": "CLL", "fdg_avid": "yes"}, [("FDG_AVIDITY_UNUSUAL", "fdg_avid")]),
        ({"histology": "Richter transformation of CLL", "fdg_avid": "no"}, []),
    ],
)
def test_what_contradicts_or_is_unusual(changed: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert told(**changed) == expected
    notices = read(GOOD | changed).notices
    assert (len(read(GOOD | changed).rows) == 0) == any(notice.severity == "E" for notice in notices)


def test_death_before_infusion_is_told_at_every_date_it_contradicts() -> None:
    assert ("DATE_ORDER", "death_date") in told(death_date="2020-02-28")
    assert ("DATE_ORDER", "infusion_date") in told(death_date="2020-02-28")


def test_messages_hold_days_and_no_dates_nor_identifiers() -> None:
    (notice,) = read(GOOD | {"progression_date": "2021-03-03"}).notices
    assert notice.found == "2 days after death_date"
    everything = [str(notice) for table in (read(GOOD, GOOD), read(GOOD | {"dicom_patient_id": "X" * 65})) for notice in table.notices]
    assert len(everything) == 3
    assert not any("P1" in text or "HOSPITAL" in text or "XX" in text for text in everything)


def test_a_patient_that_was_not_infused_is_kept_and_told() -> None:
    bare = {"patient_id": "P1", "age": "60", "enrolment_date": "2020-01-20", "last_contact_date": "2020-02-20"}
    table = read(bare)
    assert [(notice.code, notice.severity.value) for notice in table.notices] == [("NOT_INFUSED", "I")]
    assert table.rows[0].day(dt.date(2020, 2, 20)) is None
    assert read(bare | {"progression_date": "2020-01-01"}).rows


def test_one_patient_one_row() -> None:
    table = read(GOOD, GOOD | {"patient_id": "P2"}, GOOD | {"sex": "M"})
    assert [one.patient_id for one in table.rows] == ["P2"]
    assert [(notice.code, notice.where, notice.found) for notice in table.notices] == [
        ("ROW_TWICE", "patients.csv row 2, column patient_id", "also row 4"),
        ("ROW_TWICE", "patients.csv row 4, column patient_id", "also row 2"),
    ]
    assert table.refused == {"P1"}


@pytest.mark.parametrize(
    ("cells", "years"),
    [
        ({"age": "60.5"}, 60),
        ({"birth_year": "1960", "infusion_date": "2020-03-01"}, 60),
        ({"birth_year": "1960", "enrolment_date": "2019-03-01"}, 59),
        ({"birth_year": "1960", "age": "59", "infusion_date": "2020-03-01"}, 59),
        ({"birth_year": "1960"}, None),
        ({}, None),
    ],
)
def test_age_in_completed_years(cells: dict[str, str], years: int | None) -> None:
    (one,) = read({"patient_id": "P1", "last_contact_date": "2021-01-01"} | cells).rows
    assert one.age_years == years


@pytest.mark.parametrize(
    ("histology", "said", "decides"),
    [
        ("DLBCL", None, True),
        ("CLL/SLL", None, False),
        ("CLL", True, True),
        ("DLBCL", False, False),
        ("rare", None, True),
        (None, None, True),
    ],
)
def test_whether_pet_decides(histology: str | None, said: bool | None, decides: bool) -> None:
    assert Patient(patient_id="P", histology=histology, fdg_avid=said).pet_decides is decides


def test_stages() -> None:
    assert [STAGES[word] for word in ("I", "IIE", "IIIB", "IVAE", "2", "4B", "3s".upper())] == [1, 2, 3, 4, 2, 4, 3]
    assert len({word.casefold() for word in STAGES}) == len(STAGES)
