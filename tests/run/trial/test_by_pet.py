"""Truth: METHODS D.3, D.4, D.8 for scans made up for it; calls that undecided regions or another scanner leave open, by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.response.rule import Verdict
from carpet.run.trial.by_pet import by_delta, by_percist, by_pet, by_qpet, compared, marks, possible_scores, score
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.moments import Assessor, Moment, NoCall

ScanAt = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
NUMBERS = Assessor("carpet", None, False, None, ())
THRESHOLD = 4.0


def pair(*scans: Any) -> tuple[Course, Moment]:
    course = course_of(A, list(scans), ClinicalTables((A,)), Protocol())
    return course, Moment("M1", 29, course.at.get("M1"), None, ())


def reads(**said: Any) -> Assessor:
    return Assessor("reader R", Reading(patient_id="A", date=INFUSED, reader="R", **said), False, None, ())


def category(found: Verdict | NoCall) -> str:
    return found.category if isinstance(found, Verdict) else found.because


def lugano(scans: tuple[Course, Moment], by: Assessor = NUMBERS) -> Verdict | NoCall:
    both = compared(*scans)
    return by_pet(scans[1], by, both, score(scans[1], by, both.now, preselect_suv=THRESHOLD))


def scored(scans: tuple[Course, Moment], by: Assessor = NUMBERS) -> Verdict | NoCall:
    return score(scans[1], by, compared(*scans).now, preselect_suv=THRESHOLD)


@pytest.mark.parametrize(("undecided", "expected"), [(0.0, "3"), (1.9, "3"), (3.0, None), (9.0, None)])
def test_an_undecided_region_that_would_raise_the_score_leaves_none(scan_at: ScanAt, undecided: float, expected: str | None) -> None:
    found = scored(pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.8, undecided=undecided)))
    if expected is None:
        assert category(found).startswith("an undecided region would change the call: L01 of day 29, SUVmax")
        assert found.flags == ("UNDECIDED_REGION_HOTTER",)
    else:
        assert category(found) == expected


def test_an_undecided_region_within_the_same_score_changes_nothing(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=20.0), scan_at(29, suv_max=5.0, undecided=6.0))
    assert [category(scored(scans)), category(lugano(scans))] == ["5", "PMR"]
    assert by_delta(compared(*scans)) == (None, by_delta(compared(*scans))[1])
    assert by_delta(compared(*scans))[1].flags == ("UNDECIDED_REGION_HOTTER",)


def test_an_undecided_region_at_baseline_matters_for_the_change(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=5.0, undecided=20.0), scan_at(29, suv_max=5.0))
    assert category(scored(scans)) == "5"
    assert category(lugano(scans)).startswith("an undecided region would change the call: L01 of day -2")
    assert category(lugano(scans, reads(deauville="3"))) == "CMR"
    assert lugano(scans, reads(deauville="5")).flags == ("UNDECIDED_REGION_HOTTER",)


def test_the_readers_score_stands_beside_undecided_regions(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=None, undecided=9.0))
    assert category(scored(scans, reads(deauville="2"))) == "2"
    assert category(scored(scans, reads(ct_response="SD"))) == "the reader gave no Deauville score"


def test_what_may_be_missed_goes_with_the_complete_response(scan_at: ScanAt) -> None:
    scans = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0), scan_at(29, suv_max=None, suv_peak=None))
    for found in (scored(scans), lugano(scans), by_percist(*scans, NUMBERS, preselect_suv=THRESHOLD)):
        assert found.flags == ("RESIDUAL_MAY_BE_MISSED",)
    hot = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0, liver=4.5), scan_at(29, suv_max=None, suv_peak=None, liver=4.5))
    for found in (scored(hot), lugano(hot)):
        assert found.flags == ()


def test_percist_with_an_undecided_region(scan_at: ScanAt) -> None:
    # SULpeak 6.0 → 3.0 is PMR; were the region of SUVpeak 9 disease, 6.0 → 6.75 would be NMR
    assert category(by_percist(*pair(scan_at(-2, suv_peak=8.0), scan_at(29, suv_peak=4.0)), NUMBERS, preselect_suv=4.0)) == "PMR"
    left = by_percist(*pair(scan_at(-2, suv_peak=8.0), scan_at(29, suv_peak=4.0, undecided=9.0)), NUMBERS, preselect_suv=4.0)
    assert left.flags == ("UNDECIDED_REGION_HOTTER",)
    # its glycolysis counts too, though it is not hotter: 2 → 6 g is more than 75 %
    scans = pair(scan_at(-2, suv_peak=8.0, tlg=2.0), scan_at(29, suv_peak=7.0, tlg=2.0, undecided=4.0))
    assert by_percist(*scans, NUMBERS, preselect_suv=4.0).flags == ("UNDECIDED_REGION_HOTTER",)


def test_percist_without_a_scan() -> None:
    course = course_of(A, [], ClinicalTables((A,)), Protocol())
    assert by_percist(course, Moment("M1", 29, None, None, ()), NUMBERS, preselect_suv=4.0) == NoCall("no baseline PET")


def test_qpet_beside_undecided_regions(scan_at: ScanAt) -> None:
    def found(**now: Any) -> tuple[float | None, str]:
        ratio, called = by_qpet(pair(scan_at(-2), scan_at(29, **now))[1])
        return ratio, category(called)

    assert found(suv_peak=2.6) == (1.3, "4")
    assert found(suv_peak=2.6, undecided=3.0) == (None, "4")
    assert found(suv_peak=2.6, undecided=8.0)[0] is None
    assert found(suv_peak=2.6, undecided=8.0)[1].startswith("an undecided region")
    assert found(suv_peak=None) == (None, "no disease found, so no residual to measure")
    assert found(suv_peak=None, undecided=8.0)[1].startswith("an undecided region")


def test_the_fall_of_suv_max(scan_at: ScanAt) -> None:
    def found(before: float | None, now: float | None) -> tuple[float | None, str, tuple[str, ...]]:
        percent, called = by_delta(compared(*pair(scan_at(-2, suv_max=before), scan_at(29, suv_max=now))))
        return percent, category(called), called.flags

    assert found(20.0, 6.0) == (70.0, "REPORTED", ())
    assert found(8.0, 10.0) == (-25.0, "REPORTED", ("BASELINE_BELOW_10",))
    assert found(20.0, None)[:2] == (None, "no disease found on one of both scans, so no SUVmax to compare")
    assert by_delta(compared(*pair(scan_at(29, suv_max=3.0)))) == (None, NoCall("no baseline PET"))


def test_marks_of_a_comparison(scan_at: ScanAt) -> None:
    assert marks(*pair(scan_at(-2), scan_at(29))) == ()
    assert marks(*pair(scan_at(-2), scan_at(29, voxel=2.0))) == ("RECON_CHANGED",)


def test_every_score_that_is_possible(scan_at: ScanAt) -> None:
    course, moment = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.8, undecided=3.0))
    now = compared(course, moment).now
    assert possible_scores(moment, NUMBERS, now, NoCall("open")) == [(1.8, "3"), (3.0, "4")]
    by = reads(deauville="2")
    assert possible_scores(moment, by, now, scored((course, moment), by)) == [(1.8, "2"), (3.0, "2")]


def test_hot_regions_left_out_for_their_size_may_be_missed_disease(scan_at: ScanAt) -> None:
    now = scan_at(29, suv_max=None, suv_peak=None, liver=4.5)
    left = replace(now, flags=(replace(now.study, kind="flag", payload={"code": "SMALL_REGIONS_LEFT", "severity": "W"}),))
    course, moment = pair(scan_at(-2, suv_max=10.0, suv_peak=8.0, liver=4.5), left)
    limits = {"preselect_suv": 4.0, "preselect_min_ml": 3.0}
    for found in (score(moment, NUMBERS, compared(course, moment).now, **limits), by_percist(course, moment, NUMBERS, **limits)):
        assert found.flags == ("RESIDUAL_MAY_BE_MISSED",)
        assert found.because == "no region of SUV 4 or more and 3 mL is called disease; fainter or smaller uptake was not measured"
    assert scored((course, moment)).because == "no region of SUV 4 or more is called disease; fainter or smaller uptake was not measured"


def test_an_involved_marrow_leaves_the_complete_response_open(scan_at: ScanAt) -> None:
    course, moment = pair(scan_at(-2, suv_max=10.0), scan_at(29, suv_max=1.0))
    both = compared(course, moment)
    found = by_pet(moment, NUMBERS, both, score(moment, NUMBERS, both.now, preselect_suv=THRESHOLD), marrow=True)
    assert isinstance(found, Verdict)
    assert (found.category, found.rule) == ("NE", "PET-NE-marrow")
