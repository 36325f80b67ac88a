"""Contract: every kind of course is there, every time point has an answer, and every answer is a category of its criterion."""

from __future__ import annotations

from carpet.response import criteria
from carpet.testing.course_answers import (
    CRITERIA,
    planned_best,
    planned_conversions,
    planned_findings,
    planned_flags,
    planned_responses,
)
from carpet.testing.courses import NO_DOSE, OTHER_SCANNER, planned_patients

PATIENTS = {patient.id: patient for patient in planned_patients()}


def test_there_are_enough_patients_and_every_kind_of_course() -> None:
    assert len(PATIENTS) >= 24
    assert len({patient.shows for patient in PATIENTS.values()}) == len(PATIENTS)
    said = {(one.patient_id, one.timepoint, one.criterion, one.assessor): one.category for one in planned_responses()}
    lugano: dict[str, dict[str, str]] = {key[0]: {} for key in said}
    for (patient_id, timepoint, criterion, assessor), category in said.items():
        if (criterion, assessor) == ("lugano", "carpet"):
            lugano[patient_id][timepoint] = category
    assert lugano["P03"] == {"M1": "PR", "M3": "CR", "M6": "CR"}
    assert lugano["P04"] == {"M1": "SD", "M3": "PR", "M6": "CR"}
    assert lugano["P05"] == {"M1": "PD"}
    assert lugano["P07"] == {"M1": "CR", "M3": "CR", "M6": "PD"}
    assert lugano["P08"] == {"D7": "PD", "M1": "PR", "M3": "CR"}
    assert PATIENTS["P08"].scan("D7").day == 5
    assert (said["P09", "M1", "lugano_pet", "carpet"], said["P09", "M1", "lugano_ct", "carpet"]) == ("CMR", "PD")
    assert [scan.fault for patient in PATIENTS.values() for scan in patient.scans if scan.fault] == [NO_DOSE, OTHER_SCANNER]
    assert {category for key, category in said.items() if key[2] == "lyric"} >= {"IR1", "IR2", "IR3", "PD", "CR", "PR", "SD", "NE"}
    assert {category for key, category in said.items() if key[2] == "recil"} >= {"MR", "CR", "PR", "SD", "PD", "NE"}
    assert {key[3] for key in said if key[:2] == ("P20", "M1")} == {"carpet", "reader Dr A", "reader Dr B"}


def test_answers_are_categories_of_their_criteria_and_no_time_point_is_left_out() -> None:
    known = {name: {*criteria()[name].categories, "NE"} for name in CRITERIA} | {"deauville": {"1", "2", "3", "4", "5", "X", "NE"}}
    for one in planned_responses():
        assert one.category in known[one.criterion], one
    answered = {(one.patient_id, one.timepoint) for one in planned_responses() if one.assessor == "carpet"}
    later = {(patient.id, scan.name) for patient in PATIENTS.values() for scan in patient.scans if scan.day > 0 and scan.name != "X"}
    assert answered == later
    assert all(one.patient_id in PATIENTS for one in (*planned_flags(), *planned_findings(), *planned_conversions()))
    assert len({(one.patient_id, one.timepoint, one.criterion, one.assessor) for one in planned_responses()}) == len(planned_responses())


def test_best_responses_are_among_those_before_progression() -> None:
    rank = ("CR", "PR", "SD", "PD")
    days = {(patient.id, scan.name): scan.day for patient in planned_patients() for scan in patient.scans}
    for patient_id, best in planned_best().items():
        rows = [one for one in planned_responses() if (one.patient_id, one.criterion, one.assessor) == (patient_id, "lugano", "carpet")]
        in_order = [one.category for one in sorted(rows, key=lambda one: days[patient_id, one.timepoint])]
        counted = in_order[: in_order.index("PD") + 1] if "PD" in in_order else in_order
        assert best == min((one for one in counted if one in rank), key=rank.index), patient_id
    assert set(planned_best()) == set(PATIENTS)
