"""Contract: who differs from whom, with what each calls; where all agree there is nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.run.trial.course import course_of
from carpet.run.trial.readers import disputes, unlike_numbers
from carpet.run.trial.steps import CourseResult, course_result

INFUSED = dt.date(2024, 3, 1)


def reading(reader: str, deauville: str, response: str) -> Reading:
    day = INFUSED + dt.timedelta(29)
    return Reading(patient_id="A", date=day, reader=reader, deauville=deauville, metabolic_response=response, new_lesions=False)


def result(scan_at: Callable[..., Any], *readings: Reading, progression: int | None = None) -> CourseResult:
    """SUVmax 20, then 9 over a liver of 2: by the numbers Deauville 5."""
    stated = None if progression is None else INFUSED + dt.timedelta(progression)
    patient = Patient(patient_id="A", infusion_date=INFUSED, bridging=False, progression_date=stated)
    scans = [scan_at(-3, tmtv=40.0, suv_max=20.0, suv_peak=18.0), scan_at(29, tmtv=9.0, suv_max=9.0, suv_peak=8.0)]
    return course_result(course_of(patient, scans, ClinicalTables((patient,), readings=readings), Protocol()), Protocol())


def test_two_readers_on_both_sides_of_the_liver(scan_at: Callable[..., Any]) -> None:
    (row,) = disputes(result(scan_at, reading("R", "2", "CMR"), reading("S", "4", "PMR")))
    assert (row["timepoint"], row["day"]) == ("M1", 29)
    assert {name: dict(calls)["lugano_pet"] for name, calls in row["readers"]} == {"reader R": "CMR", "reader S": "PMR"}
    assert row["triggers"] == [["CATEGORY_DIFFERS", "CR and PR"], ["DEAUVILLE_ACROSS_3_4", "Deauville 2 and 4"]]


def test_a_stated_progression_that_a_reader_does_not_see_is_of_the_whole_course(scan_at: Callable[..., Any]) -> None:
    (row,) = disputes(result(scan_at, reading("R", "2", "CMR"), progression=29))
    assert (row["timepoint"], row["readers"]) == ("", [["patients.csv", []], ["reader R", []]])


def test_a_reader_against_the_numbers(scan_at: Callable[..., Any]) -> None:
    (row,) = unlike_numbers(result(scan_at, reading("R", "2", "CMR")))
    assert (row["timepoint"], row["day"], row["reader"]) == ("M1", 29, "reader R")
    assert (dict(row["said"])["lugano"], dict(row["numbers"])["lugano"]) == ("CR", "PR")
    assert (dict(row["said"])["deauville"], dict(row["numbers"])["deauville"]) == ("2", "5")


def test_where_all_agree_there_is_nothing(scan_at: Callable[..., Any]) -> None:
    same = result(scan_at, reading("R", "5", "PMR"), reading("S", "5", "PMR"))
    assert (disputes(same), unlike_numbers(same)) == ([], [])
