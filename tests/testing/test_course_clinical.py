"""Contract: the tables are read without a refusal, are the same each time, and hold the effects that were planted and no others."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from carpet.clinical import read_tables
from carpet.clinical.crs import crs_grade
from carpet.clinical.icans import icans_grade
from carpet.testing.course_clinical import CRS_HALF_ML, baseline_ml, clinical_tables, crs_chances
from carpet.testing.courses import planned_patients

NULL = ("crp", "ferritin", "platelets", "anc", "hb", "creatinine")  # planted without an effect
PATIENTS = {patient.id: patient for patient in planned_patients()}


def test_the_clinical_tables_are_read_without_a_refusal() -> None:
    texts = clinical_tables(planned_patients())
    tables = read_tables(texts)
    assert [notice for notice in tables.notices if notice.severity == "E"] == []
    rows = {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}
    assert len(tables.patients) == len(PATIENTS)
    assert {lab.analyte for lab in tables.labs} == {"ldh", "ldh_uln", "cart_cells", *NULL}
    assert {(one.event, one.scale) for one in tables.toxicity} == {("crs", "astct2019"), ("icans", "astct2019")}
    assert {one.grade for one in tables.toxicity if one.event == "crs"} == {0, 1, 2, 3, 4}
    assert len(tables.ct_targets) == len(rows["ct_targets.csv"])
    assert len(tables.readings) == len(rows["readings.csv"])
    assert all(one.last_contact_date or one.death_date for one in tables.patients)


def test_every_grade_is_that_of_its_items_and_every_peak_of_expansion_lies_in_the_second_week() -> None:
    tables = read_tables(clinical_tables(planned_patients()))
    for one in tables.toxicity:
        derived = crs_grade(one) if one.event == "crs" else icans_grade(one, age_years=50.0)
        assert derived.grade == one.grade, (one.patient_id, one.event)
    assert len(tables.toxicity) == 2 * len(PATIENTS)
    for patient in tables.patients:
        cells = {
            patient.day(lab.date): lab.value for lab in tables.labs if (lab.patient_id, lab.analyte) == (patient.patient_id, "cart_cells")
        }
        assert set(cells) == {7, 10, 14}
        assert min(cells.values()) < max(cells.values())


def test_chances_of_crs_are_proportional_odds() -> None:
    """The odds of each grade or more are 4 times as high per doubling, and 1 at the volume that is named for it."""
    for grade, half in enumerate(CRS_HALF_ML):
        assert crs_chances(half)[grade] == pytest.approx(0.5)
    for once, twice in zip(crs_chances(40.0), crs_chances(80.0), strict=True):
        assert twice / (1.0 - twice) == pytest.approx(4.0 * once / (1.0 - once))


def test_the_same_tables_each_time() -> None:
    assert clinical_tables(planned_patients()) == clinical_tables(planned_patients())
    assert list(clinical_tables(planned_patients()[:3])["patients.csv"].splitlines())[-1].startswith("P03")


def test_much_lymphoma_or_two_extranodal_sites_progress_early_and_other_values_mean_nothing() -> None:
    tables = read_tables(clinical_tables(planned_patients()))
    days = {one.patient_id: one.day(one.progression_date) if one.progression_date else None for one in tables.patients}
    much = [one for one in tables.patients if baseline_ml(PATIENTS[one.patient_id]) > 80.0 or (one.extranodal_sites or 0) >= 2]
    early = [one.patient_id for one in much if (days[one.patient_id] or 999) <= 92]
    rest = [one for one in tables.patients if one not in much]
    assert len(much) >= 6
    assert len(early) / len(much) >= 0.6
    assert sum((days[one.patient_id] or 999) <= 92 for one in rest) / len(rest) <= 0.25
    volume = np.array([baseline_ml(PATIENTS[one.patient_id]) for one in tables.patients])
    progressed = np.array([days[one.patient_id] is not None for one in tables.patients], dtype=float)
    of = {name: [lab.value for lab in tables.labs if lab.analyte == name][::2] for name in ("ldh", *NULL)}
    assert np.corrcoef(volume, of["ldh"])[0, 1] > 0.8
    for null in NULL:
        assert abs(np.corrcoef(np.argsort(np.argsort(of[null])), progressed)[0, 1]) < 0.15, null
