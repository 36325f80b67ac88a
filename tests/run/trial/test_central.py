"""Contract: readers of the reading room are compared whatever stands; a case is listed once, with who settled it. Truth: rows put in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from carpet.clinical import Patient
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
    from carpet.clinical import ClinicalTables

    return replace(course_of(PATIENT, (), ClinicalTables(patients=(PATIENT,), readings=readings), Protocol()), central=(central,))


REA, RON, ADA, DR = said("Rea", "2"), said("Ron", "4"), said("Ada", "5"), said("Dr R", "4")
OPEN = CentralRead("P1", "M1", 29, "1.2", ("Ron", "Rea"), (RON, REA), (("DEAUVILLE_ACROSS_3_4", "Deauville 2 and 4"),))
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
            }
        ]


def test_a_reader_of_the_table_still_differs_from_one_of_the_room() -> None:
    rows = adjudication_rows([(course(DR, REA, RON, central=OPEN), ())])
    assert [row["readers"] for row in rows] == ["reader Rea; reader Ron", "reader Dr R; reader Rea"]
