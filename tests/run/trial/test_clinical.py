"""Truth: a REDCap export written by hand as a longitudinal project gives it, and the days and rows that must come of it."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError, Refused
from carpet.run.trial.clinical import as_it_is, read_clinical
from carpet.run.trial.folder import Trial, init_trial, load_trial

HEAD = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,sex,age_inf,histo,bridging___1,"
    "inf_dt,ld_dt,alive_dt,pd_dt,death_dt,death_cause,lab_dt,crp_val,plt_val,ae_dt,ae_type,ae_grade,patient_information_complete"
)
ROWS = (
    "CT-01,enrolment_arm_1,,,site_a,1,61,1,1,,,,,,,,,,,,,2",
    "CT-01,infusion_arm_1,,,site_a,,,,,2024-03-01 10:30,2024-02-25,,,,,,,,,,,2",
    "CT-01,follow_up_arm_1,,,site_a,,,,,,,2025-03-01,2024-08-28,,-99,,,,,,,2",
    "CT-01,infusion_arm_1,laboratory,1,site_a,,,,,,,,,,,2024-02-24,30,-99,,,,2",
    "CT-01,infusion_arm_1,laboratory,2,site_a,,,,,,,,,,,2024-02-28,,150,,,,2",
    "CT-01,infusion_arm_1,adverse_event,1,site_a,,,,,,,,,,,,,,2024-03-03,1,2,2",
    "CT-02,enrolment_arm_2,,,site_b,2,55,9,0,,,,,,,,,,,,,2",
    "CT-02,infusion_arm_2,,,site_b,,,,,2024-04-01,2024-03-27,,,,,,,,,,,2",
    "CT-02,follow_up_arm_2,,,site_b,,,,,,,,,2024-10-18,1,,,,,,,2",
)
TOML = """
[redcap]
file = "redcap.csv"
record = "record_id"
missing = ["-99"]

[[redcap.parts]]
table = "patients.csv"
events = ["enrolment_arm_1", "enrolment_arm_2"]
columns = { sex = "sex", age = "age_inf", histology = "histo", bridging = "bridging___1", site = "redcap_data_access_group" }
choices = { sex = { 1 = "M", 2 = "F" }, histology = { 1 = "DLBCL", 9 = "CLL" }, bridging = { 0 = "no", 1 = "yes" } }

[[redcap.parts]]
table = "patients.csv"
events = ["infusion_arm_1", "infusion_arm_2"]
columns = { infusion_date = "inf_dt", lymphodepletion_date = "ld_dt" }

[[redcap.parts]]
table = "patients.csv"
events = ["follow_up_arm_1", "follow_up_arm_2"]
columns = { last_contact_date = "alive_dt", progression_date = "pd_dt", death_date = "death_dt", cause_of_death = "death_cause" }
choices = { cause_of_death = { 1 = "infection", 2 = "lymphoma" } }

[[redcap.parts]]
table = "labs.csv"
instrument = "laboratory"
columns = { date = "lab_dt", value = "crp_val" }
constants = { analyte = "crp", unit = "mg/L" }
needs = ["crp_val"]

[[redcap.parts]]
table = "labs.csv"
instrument = "laboratory"
columns = { date = "lab_dt", value = "plt_val" }
constants = { analyte = "platelets", unit = "10*9/L" }
needs = ["plt_val"]

[[redcap.parts]]
table = "toxicity.csv"
instrument = "adverse_event"
columns = { onset_date = "ae_dt", event = "ae_type", grade = "ae_grade" }
constants = { scale = "astct2019" }
choices = { event = { 1 = "crs", 2 = "icans" } }
"""
EXPORT = "\n".join((HEAD, *ROWS, ""))


def trial(folder: Path, *, toml: str = TOML, export: str | None = EXPORT, **tables: str) -> Trial:
    """A new trial with this mapping; the clinical tables hold their header only, unless tables say more."""
    made = init_trial(folder / "trial")
    (made.root / "trial.toml").write_text(toml, encoding="utf-8")
    if export is not None:
        (made.clinical / "redcap.csv").write_text(export, encoding="utf-8")
    for name, text in tables.items():
        (made.clinical / f"{name}.csv").write_text(text, encoding="utf-8")
    return load_trial(made.root)


def test_without_an_export_the_tables_are_read_as_they_are(tmp_path: Path) -> None:
    patients = "patient_id,age,infusion_date,last_contact_date\nP1,60,2024-03-01,2024-12-01\n"
    said = read_clinical(trial(tmp_path, toml="", export=None, patients=patients))
    assert [one.patient_id for one in said.tables.patients] == ["P1"]
    assert said.placed is as_it_is


def test_an_export_stands_in_for_the_tables(tmp_path: Path) -> None:
    tables = read_clinical(trial(tmp_path)).tables
    one, other = tables.patients
    assert (one.patient_id, one.sex, one.site, one.bridging, one.infusion_date) == ("CT-01", "M", "site_a", True, dt.date(2024, 3, 1))
    assert (one.progression_date, one.cause_of_death) == (dt.date(2024, 8, 28), None)
    assert (other.death_date, other.cause_of_death, other.bridging, other.pet_decides) == (dt.date(2024, 10, 18), "infection", False, False)
    assert [(lab.analyte, lab.value) for lab in tables.labs] == [("crp", 3.0), ("platelets", 150.0)]  # CRP is kept in mg/dL
    assert [(event.event, event.grade) for event in tables.toxicity] == [("crs", 2)]
    assert [(said.code, said.where) for said in tables.notices] == [("FDG_AVIDITY_VARIABLE", "redcap.csv row 8, column histo")]


def test_patients_csv_may_be_absent_where_the_export_holds_them(tmp_path: Path) -> None:
    made = trial(tmp_path)
    (made.clinical / "patients.csv").unlink()
    assert len(read_clinical(load_trial(made.root)).tables.patients) == 2
    (made.clinical / "redcap.csv").unlink()
    with pytest.raises(ProtocolError, match=r"clinical/redcap\.csv missing"):
        load_trial(made.root)


def test_tables_that_the_export_does_not_fill_stay_in_use(tmp_path: Path) -> None:
    readings = "patient_id,date,reader,deauville\nCT-01,2024-03-30,R,2\n"
    assert [one.deauville for one in read_clinical(trial(tmp_path, readings=readings)).tables.readings] == ["2"]


def test_one_source_a_table(tmp_path: Path) -> None:
    labs = "patient_id,date,analyte,value,unit\nCT-01,2024-02-24,crp,3,mg/dL\n"
    with pytest.raises(Refused) as caught:
        read_clinical(trial(tmp_path, labs=labs))
    assert [(one.code, one.where, one.found) for one in caught.value.notices] == [("REDCAP_TABLE_TWICE", "clinical/labs.csv", "redcap.csv")]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("ae_dt,ae_type", "ae_dt,ae_kind", ("REDCAP_FIELD_UNKNOWN", "redcap part 6 (toxicity.csv)", "ae_type")),
        ("2024-03-03,1,2", "2024-03-03,7,2", ("REDCAP_CHOICE_UNKNOWN", "redcap.csv row 7, column ae_type", "7")),
    ],
)
def test_an_export_with_faults_is_refused_with_row_and_field(tmp_path: Path, before: str, after: str, told: tuple[str, str, str]) -> None:
    with pytest.raises(Refused) as caught:
        read_clinical(trial(tmp_path, export=EXPORT.replace(before, after)))
    assert [(one.code, one.where, one.found) for one in caught.value.notices] == [told]


def test_a_cell_that_cannot_be_costs_its_row_and_names_the_export(tmp_path: Path) -> None:
    tables = read_clinical(trial(tmp_path, export=EXPORT.replace(",30,-99", ",high,-99"))).tables
    assert [lab.analyte for lab in tables.labs] == ["platelets"]
    assert ("CELL_MALFORMED", "redcap.csv row 5, column crp_val") in [(one.code, one.where) for one in tables.notices]


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('[redcap]\nfile = "redcap.csv"\n', "file and parts belong together"),
        ('[redcap]\nfile = "../redcap.csv"\nparts = [{ table = "labs.csv", columns = {} }]\n', "without folders"),
        ('[[redcap.parts]]\ntabel = "labs.csv"\n', "unknown key 'redcap.parts.0.tabel'; did you mean 'table'"),
        ('[redcap]\nfile = "patients.csv"\nparts = [{ table = "labs.csv", columns = {} }]\n', "is the name of a clinical table"),
    ],
)
def test_a_mapping_that_cannot_be_is_a_wrong_call(tmp_path: Path, toml: str, says: str) -> None:
    with pytest.raises(ProtocolError, match=says):
        read_clinical(trial(tmp_path, toml=toml))


def test_a_run_takes_the_export_and_names_its_cells(tmp_path: Path, call: Callable[..., Any]) -> None:
    made = trial(tmp_path, readings="patient_id,date,reader,deauville\nCT-01,2024-03-30,R,2\n")
    assert call("run", made.root, "--tables-only").err == ""
    rows = list(csv.DictReader((made.tables / "endpoints.csv").read_text(encoding="utf-8").splitlines()))
    by = {(row["patient_id"], row["endpoint"]): (row["days"], row["caused_by"]) for row in rows if row["rules"] == "default"}
    assert by["CT-01", "OS"] == ("365", "redcap.csv row 4, column alive_dt")
    assert by["CT-02", "OS"] == ("200", "redcap.csv row 10, column death_dt")
    assert by["CT-01", "PFS"] == ("180", "redcap.csv row 4, column pd_dt")
    flags = list(csv.DictReader((made.tables / "flags.csv").read_text(encoding="utf-8").splitlines()))
    assert ("FDG_AVIDITY_VARIABLE", "redcap.csv row 8, column histo") in {(row["code"], row["where"]) for row in flags}
    assert not any(row["where"].startswith("patients.csv") for row in flags)
    assert "2024-" not in (made.tables / "flags.csv").read_text(encoding="utf-8")
