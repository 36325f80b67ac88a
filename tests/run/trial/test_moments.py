"""Truth: which time points there are, and whose word counts for new lesions and the patient's state, by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.lesions.alignment import Confidence
from carpet.lesions.tracks import Appeared, Event
from carpet.run.trial.course import Course, Scan, course_of
from carpet.run.trial.moments import Moment, NewSinceBaseline, assessors, ct_days, moments, nearest, new_since_baseline
from carpet.run.trial.tracks import CourseTracks

INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(days=day)


def read(reader: str = "R", day: int = 29, **said: Any) -> Reading:
    return Reading(patient_id="A", date=on(day), reader=reader, **said)


def ct(day: int) -> CtTarget:
    return CtTarget(patient_id="A", date=on(day), lesion="n1", kind="node", ldi_mm=20, sdi_mm=10, target=True, status="present")


def course(scans: list[Any], **tables: Any) -> Course:
    return course_of(A, scans, ClinicalTables((A,), **tables), Protocol())


def appeared(track: str, *, small: bool = False, confidence: Confidence = Confidence.HIGH) -> Appeared:
    return Appeared(track, ("L01",), Event.NEW, 0.5 if small else 2.0, small, confidence, "")


def test_a_pet_a_ct_or_a_reading_makes_a_time_point(scan_at: Callable[..., Any]) -> None:
    found = moments(course([scan_at(-2), scan_at(90)], ct_targets=(ct(29), ct(-3)), readings=(read(day=180),)))
    assert [(one.name, one.day, one.pet is not None, one.ct_day, len(one.readings)) for one in found] == [
        ("M1", 29, False, 29, 0),
        ("M3", 90, True, None, 0),
        ("M6", 180, False, None, 1),
    ]


def test_a_refused_pet_is_a_time_point_that_says_why() -> None:
    (found,) = moments(course([Scan("1.9", "s", 29, None, "k")]))
    assert (found.pet, found.no_pet) == (None, "the PET of day 29 was refused: INTERNAL")


def test_without_infusion_there_is_none(scan_at: Callable[..., Any]) -> None:
    patient = Patient(patient_id="A")
    assert moments(course_of(patient, [scan_at(None)], ClinicalTables((patient,)), Protocol())) == ()


def test_days_of_ct_and_the_nearest_one(scan_at: Callable[..., Any]) -> None:
    assert ct_days(course([scan_at(-2)], ct_targets=(ct(90), ct(-3), ct(90)))) == [-3, 90]
    assert (nearest([27, 31], 29), nearest([31, 28], 29), nearest([], 29)) == (27, 28, None)


def test_what_is_new_by_the_tracks(scan_at: Callable[..., Any]) -> None:
    scan = scan_at(29)
    kinds = (appeared("T1"), appeared("T2", small=True), appeared("T3", confidence=Confidence.LOW))
    assert new_since_baseline(scan, CourseTracks(appeared={"1.2.29": kinds})) == NewSinceBaseline(("T1",), ("T2", "T3"))
    assert new_since_baseline(scan, CourseTracks(appeared={"1.2.29": ()})) == NewSinceBaseline()
    assert new_since_baseline(scan, CourseTracks(appeared={"1.2.29": None})) is None
    assert new_since_baseline(scan, CourseTracks()) is None


SURE, UNSURE = (appeared("T1"),), (appeared("T2", small=True),)


@pytest.mark.parametrize(
    ("tracks", "says", "numbers", "reader"),
    [
        (SURE, None, (True, ()), (True, ())),
        (SURE, True, (True, ()), (True, ())),
        (SURE, False, (True, ()), (False, ("READING_DIFFERS",))),
        (UNSURE, None, (False, ("NEW_LESION_UNSURE",)), (False, ("NEW_LESION_UNSURE",))),
        (UNSURE, True, (False, ("NEW_LESION_UNSURE",)), (True, ())),
        (UNSURE, False, (False, ("NEW_LESION_UNSURE",)), (False, ())),
        ((), True, (False, ()), (True, ("READING_DIFFERS",))),
        ((), False, (False, ()), (False, ())),
        (None, None, (False, ("NEW_LESIONS_NOT_READ",)), (False, ("NEW_LESIONS_NOT_READ",))),
        (None, True, (True, ()), (True, ())),
        (None, False, (False, ()), (False, ())),
    ],
)
def test_whose_word_counts_for_new_lesions(scan_at: Callable[..., Any], tracks: Any, says: bool | None, numbers: Any, reader: Any) -> None:
    moment = Moment("M1", 29, scan_at(29), None, (read(new_lesions=says, deauville="4"),))
    by_numbers, by_reader = assessors(moment, CourseTracks(appeared={"1.2.29": tracks}))
    assert (by_numbers.name, by_reader.name) == ("carpet", "reader R")
    assert (by_numbers.new_focus, by_numbers.flags) == numbers
    assert (by_reader.new_focus, by_reader.flags) == reader


def test_how_the_patient_is(scan_at: Callable[..., Any]) -> None:
    def told(*readings: Reading) -> list[bool | None]:
        return [one.deteriorated for one in assessors(Moment("M1", 29, scan_at(29), None, readings), CourseTracks())]

    assert told() == [None]
    assert told(read(deauville="4")) == [None, None]
    assert told(read("R", clinical_deterioration=False), read("S", clinical_deterioration=True), read("T")) == [True, False, True, True]
