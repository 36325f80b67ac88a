"""Contract: readers of the reading room are compared whatever stands; a case is listed once, with who settled it. Truth: rows put in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.run.trial.agreement import adjudication_rows, agreement_rows
from carpet.run.trial.central import CentralRead, as_rated
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.moments import moments

INFUSED = dt.date(2024, 3, 1)
PATIENT = Patient(patient_id="P1", infusion_date=INFUSED)


def said(reader: str, score: str, day: int = 29) -> Reading:
    return Reading(patient_id="P1", date=INFUSED + dt.timedelta(days=day), reader=reader, deauville=score)


def course(*readings: Reading, central: CentralRead) -> Course:
    return replace(course_of(PATIENT, (), ClinicalTables(patients=(PATIENT,), readings=readings), Protocol()), central=(central,))


REA, RON, ADA, DR = said("Rea", "2"), said("Ron", "4"), said("Ada", "5"), said("Dr R", "4")
DIFFER = (("DEAUVILLE_ACROSS_3_4", "Deauville 2 and 4"),)
OPEN = CentralRead("P1", "M1", 29, "1.2", ("Ron", "Rea"), (RON, REA), DIFFER, first=DIFFER)
CHOSEN = replace(OPEN, settled_by="Ada", stands="Ron")
THIRD = replace(OPEN, settled_by="Ada", stands="Ada")


def test_how_a_case_was_settled_is_said() -> None:
    assert OPEN.pair == ("reader Rea", "reader Ron")
    assert [one.settled for one in (OPEN, CHOSEN, THIRD)] == [
        "",
        "adjudicated by reader Ada: reader Ron stands",
        "adjudicated by reader Ada: in a third read",
    ]


def test_both_blinded_readings_are_compared_and_no_adjudicators() -> None:
    for central, standing in ((OPEN, (REA, RON)), (CHOSEN, (RON,)), (THIRD, (ADA,))):
        one = course(DR, *standing, central=central)
        (moment,) = moments(as_rated(one))
        assert {reading.reader for reading in moment.readings} == {"Dr R", "Rea", "Ron"}
        raters = {row["raters"] for row in agreement_rows([(one, ())]) if row["item"] == "deauville"}
        assert raters == {"reader Dr R; reader Rea", "reader Dr R; reader Ron", "reader Rea; reader Ron", "all readers"}


def test_a_case_is_listed_once_as_it_was_found_and_settled() -> None:
    for central, standing, ending in (
        (OPEN, (REA, RON), ""),
        (CHOSEN, (RON,), ", adjudicated by reader Ada: reader Ron stands"),
        (THIRD, (ADA,), ", adjudicated by reader Ada: in a third read"),
    ):
        rows = adjudication_rows([(course(*standing, central=central), ())])
        assert rows == [
            {
                "patient_id": "P1",
                "timepoint": "M1",
                "day": 29,
                "readers": "reader Rea; reader Ron",
                "trigger": "DEAUVILLE_ACROSS_3_4",
                "because": f"Deauville 2 and 4{ending}",
                "not_blind": "",
            }
        ]


def test_a_reader_of_the_table_still_differs_from_one_of_the_room() -> None:
    rows = adjudication_rows([(course(DR, REA, RON, central=OPEN), ())])
    assert [row["readers"] for row in rows] == ["reader Rea; reader Ron", "reader Dr R; reader Rea"]


SAW = (("Ron", "after sight of the other reading"),)
CHANGED = replace(OPEN, readings=(REA, said("Ron", "2")), disagreements=(), stands="Ron", not_blind=SAW)


def test_a_difference_stays_listed_when_a_reading_is_changed_after_sight_of_the_other() -> None:
    (row,) = adjudication_rows([(course(REA, said("Ron", "2"), central=CHANGED), ())])
    assert (row["trigger"], row["because"], row["not_blind"]) == (
        "DEAUVILLE_ACROSS_3_4",
        "Deauville 2 and 4; once a reading had been changed: no longer",
        "reader Ron: after sight of the other reading",
    )
    other = replace(CHANGED, disagreements=(("DEAUVILLE_ACROSS_3_4", "Deauville 2 and 5"), ("CATEGORY_DIFFERS", "CMR and PMD")))
    assert other.found == (
        ("DEAUVILLE_ACROSS_3_4", "Deauville 2 and 4; once a reading had been changed: Deauville 2 and 5"),
        ("CATEGORY_DIFFERS", "once a reading had been changed: CMR and PMD"),
    )


def test_a_reading_that_was_not_blind_is_compared_with_nobody_and_counted() -> None:
    one = course(DR, REA, said("Ron", "2"), central=CHANGED)
    rows = {row["raters"]: row for row in agreement_rows([(one, ())]) if (row["timepoint"], row["statistic"]) == ("", "percent_agreement")}
    assert {name: (row["n"], row["left_out"], row["value"], row["reason_missing"]) for name, row in rows.items()} == {
        "reader Dr R; reader Rea": (1, 0, None, "TOO_FEW_CASES"),
        "reader Dr R; reader Ron": (0, 1, None, "READING_NOT_BLIND"),
        "reader Rea; reader Ron": (0, 1, None, "READING_NOT_BLIND"),
        "all readers": (0, 1, None, "READING_NOT_BLIND"),
    }
    patient = Patient(patient_id="P2", infusion_date=INFUSED)
    ron, rea = (replace(one, patient_id="P2") for one in (RON, REA))
    blind = replace(course_of(patient, (), ClinicalTables(patients=(patient,), readings=(rea, ron)), Protocol()), central=())
    found = [row for row in agreement_rows([(one, ()), (blind, ())]) if row["raters"] == "reader Rea; reader Ron"]
    assert {(row["n"], row["left_out"]) for row in found if row["statistic"] == "percent_agreement"} == {(1, 1)}
