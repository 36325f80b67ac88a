"""Truth: the windows of METHODS D.9, the geometry of a ball, and the tables held against each other by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from carpet.core.protocol import Protocol
from carpet.testing.course_tables import CT
from carpet.testing.courses import SPLEEN, lines, planned_events, planned_patients

PATIENTS = {patient.id: patient for patient in planned_patients()}


def test_scans_lie_in_the_windows_they_are_named_after() -> None:
    windows = Protocol().timepoints
    for patient in PATIENTS.values():
        days = [scan.day for scan in patient.scans]
        assert days == sorted(set(days))
        for scan in patient.scans:
            inside = [name for name, window in windows.items() if window.first_day <= scan.day <= window.last_day]
            assert inside == ([] if scan.name == "X" else [scan.name]), (patient.id, scan)


def test_lesions_and_diameters_stand_on_scans_that_there_are() -> None:
    for patient in PATIENTS.values():
        names = {scan.name for scan in patient.scans}
        assert all(set(lesion.at) <= names for lesion in patient.lesions)
    for patient_id, _, _, _, *cells in lines(CT):
        assert {cell.partition("=")[0] for cell in cells} <= {scan.name for scan in PATIENTS[patient_id].scans}


def test_diameters_on_ct_are_those_of_what_was_planted() -> None:
    """The diameter of a ball of the planted volume, within a third: lesions are ellipsoids, and a hand is not a ruler."""
    compared = 0
    for patient_id, name, kind, _, *cells in lines(CT):
        lesion = next(one for one in PATIENTS[patient_id].lesions if one.name == name)
        for cell in cells:
            scan, _, size = cell.partition("=")
            if kind == "spleen" or "x" not in size or scan not in lesion.at:
                continue
            ldi, sdi = (float(mm) for mm in size.rpartition(":")[2].split("x"))
            ball_mm = (6000.0 * lesion.at[scan].volume_ml / math.pi) ** (1.0 / 3.0)
            assert math.sqrt(ldi * sdi) == pytest.approx(ball_mm, rel=1 / 3), (patient_id, name, cell)
            compared += 1
    assert compared > 60


def test_growth_and_regression_on_ct_go_with_those_of_what_was_planted() -> None:
    for patient_id, name, kind, _, *cells in lines(CT):
        lesion = next(one for one in PATIENTS[patient_id].lesions if one.name == name)
        sizes = dict(cell.split("=") for cell in cells)
        for before, now in pairwise(scan for scan in sizes if scan in lesion.at and "x" in sizes[scan] and kind != "spleen"):
            areas = [math.prod(float(mm) for mm in sizes[scan].rpartition(":")[2].split("x")) for scan in (before, now)]
            volumes = [lesion.at[scan].volume_ml for scan in (before, now)]
            assert (areas[1] - areas[0]) * (volumes[1] - volumes[0]) >= 0.0 or areas[1] == pytest.approx(areas[0], rel=0.06), (
                patient_id,
                name,
            )


def test_a_hot_spleen_is_no_lesion_of_its_own() -> None:
    assert [(patient.id, lesion.site) for patient in PATIENTS.values() for lesion in patient.lesions if lesion.site == SPLEEN] == [
        ("P16", SPLEEN)
    ]


def test_what_becomes_of_lesions_by_hand() -> None:
    assert planned_events(PATIENTS["P07"]) == {
        (30, "gone"): 2,
        (90, "gone"): 2,
        (181, "gone"): 1,
        (181, "reappeared"): 1,
        (181, "new"): 1,
    }
    assert planned_events(PATIENTS["P10"]) == {(-6, "present"): 2, (92, "gone"): 2}  # the scan of day 28 cannot be measured
    assert planned_events(PATIENTS["P12"]) == {(58, "remnant"): 1, (95, "gone"): 1}  # 1.2 mL is no region
    assert planned_events(PATIENTS["P15"]) == {(-7, "present"): 4, (29, "present"): 1, (29, "gone"): 3, (92, "present"): 1, (92, "gone"): 3}
