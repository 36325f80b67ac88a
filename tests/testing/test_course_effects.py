"""Truth: groups by hand against planted volumes and sites (METHODS E.3), days by hand against the dates of the tables (METHODS G.1)."""

from __future__ import annotations

from collections import Counter

import pytest

from carpet.clinical import read_tables
from carpet.testing.course_clinical import CRS_ODDS_PER_DOUBLING, baseline_ml, clinical_tables
from carpet.testing.course_effects import EFFECTS, PLANTED_P, planned_follow_up, planned_two_factor
from carpet.testing.courses import SPLEEN, PlannedPatient, planned_patients
from carpet.testing.sites import SITES_BY_NAME

PATIENTS = {patient.id: patient for patient in planned_patients()}
TABLES = read_tables(clinical_tables(planned_patients()))
ROWS = {one.patient_id: one for one in TABLES.patients}
EXTRANODAL = SITES_BY_NAME["liver"].kind
CALLED_BY_A_READER = {"P08": 5}  # no date of progression: a scan that a reader called so


def last_before(patient: PlannedPatient) -> str:
    return max((scan for scan in patient.scans if scan.day < 0), key=lambda scan: scan.day).name


def extranodal_sites(patient: PlannedPatient) -> int:
    """Of the last scan before infusion; a spleen is lymphatic."""
    sites = {one.site for one in patient.lesions if last_before(patient) in one.at and one.site != SPLEEN}
    return sum(SITES_BY_NAME[site.partition("_")[0]].kind is EXTRANODAL for site in sites)


def test_patients_csv_counts_the_extranodal_sites_that_were_planted_and_stages_by_them() -> None:
    for patient in PATIENTS.values():
        assert ROWS[patient.id].extranodal_sites == extranodal_sites(patient), patient.id
        assert (ROWS[patient.id].ann_arbor_stage == 4) >= (extranodal_sites(patient) >= 2), patient.id


def test_two_factor_groups_are_those_of_volumes_and_sites() -> None:
    found = {
        patient.id: str((baseline_ml(patient) > 80.0) + (extranodal_sites(patient) >= 2))
        for patient in PATIENTS.values()
        if last_before(patient) == "TT"
    }
    assert planned_two_factor() == found
    assert set(PATIENTS) - set(found) == {"P14"}
    assert ROWS["P14"].bridging
    assert min(Counter(found.values()).values()) >= 5
    # far enough from 80 mL that another outline of the same lesion falls on the same side
    assert all(not 75.0 < baseline_ml(patient) < 85.0 for patient in PATIENTS.values())


@pytest.mark.parametrize("patient_id", sorted(PATIENTS))
def test_days_are_those_of_the_tables(patient_id: str) -> None:
    row, patient, planned = ROWS[patient_id], PATIENTS[patient_id], planned_follow_up()
    died, last, progressed = (
        None if one is None else row.day(one) for one in (row.death_date, row.last_contact_date, row.progression_date)
    )
    os, pfs = planned[patient_id, "OS"], planned[patient_id, "PFS"]
    assert (os.days, os.happened) == (died or last, died is not None)
    event = CALLED_BY_A_READER.get(patient_id) or progressed or died
    assert (pfs.days, pfs.happened) == (event or patient.scans[-1].day, event is not None)
    assert pfs.days <= os.days


def test_each_effect_stands_once_and_only_a_rule_has_a_size() -> None:
    keys = [(one.table, one.outcome, one.column, one.per) for one in EFFECTS]
    assert len(set(keys)) == len(keys)
    assert {one.outcome.partition("_")[0] for one in EFFECTS if one.direction} == {"PFS", "OS", "crs"}
    assert {one.size for one in EFFECTS if one.size is not None} == {CRS_ODDS_PER_DOUBLING}
    assert all(one.size is None for one in EFFECTS if not one.direction)
    assert 0.0 < PLANTED_P < 1.0


def test_over_bridging_lymphoma_grows_in_those_who_progress_early() -> None:
    change = {}
    for patient in PATIENTS.values():
        names = {scan.name for scan in patient.scans}
        if {"TD", "TT"} <= names:
            before, now = (sum(one.at[name].volume_ml for one in patient.lesions if name in one.at) for name in ("TD", "TT"))
            change[patient.id] = now / before - 1.0
            assert ROWS[patient.id].bridging
    follow_up = {who: planned_follow_up()[who, "PFS"] for who in change}
    assert len(change) >= 8
    assert all(one.happened and one.days <= 92 for who, one in follow_up.items() if change[who] > 0.5)
    assert all(not one.happened or one.days > 180 for who, one in follow_up.items() if change[who] < 0.0)
    assert sum(one > 0.5 for one in change.values()) >= 5
    assert sum(one < 0.0 for one in change.values()) >= 2
