"""Truth: METHODS D.9, by hand: a scan before bridging never stands for one after it; an earlier baseline is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.core.protocol import Protocol
from carpet.run.cohort.stand_in import stand_in
from carpet.run.trial.course import Course, course_of

from .conftest import INFUSED

Call = Callable[..., Any]


def course(scans: list[Any], *, bridging: bool | None) -> Course:
    patient = Patient(patient_id="A", infusion_date=INFUSED, bridging=bridging)
    return course_of(patient, scans, ClinicalTables((patient,)), Protocol())


def test_the_scan_of_the_time_point_itself(scan_at: Call) -> None:
    one = stand_in(course([scan_at(-40), scan_at(-3)], bridging=True), "TT")
    assert (one.timepoint, one.scan and one.scan.day, one.reason, one.flags) == ("TT", -3, "", ())


def test_the_decision_scan_stands_in_only_without_bridging(scan_at: Call) -> None:
    one = stand_in(course([scan_at(-40)], bridging=False), "TT")
    assert (one.timepoint, one.scan and one.scan.day, one.flags) == ("TD", -40, ("BASELINE_EARLIER",))
    for given in (True, None):
        one = stand_in(course([scan_at(-40)], bridging=given), "TT")
        assert (one.scan, one.reason) == (None, "BASELINE_BEFORE_BRIDGING")


def test_a_scan_of_unsure_role_is_told(scan_at: Call) -> None:
    assert stand_in(course([scan_at(-20)], bridging=True), "TT").flags == ("BASELINE_ROLE_UNSURE",)


@pytest.mark.parametrize("name", ["TT", "TD"])
def test_without_a_scan_there_is_none(name: str) -> None:
    one = stand_in(course([], bridging=False), name)
    assert (one.scan, one.reason) == (None, "NO_SCAN_AT_TIMEPOINT")


def test_a_later_scan_never_stands_for_the_decision(scan_at: Call) -> None:
    assert stand_in(course([scan_at(-3)], bridging=False), "TD").reason == "NO_SCAN_AT_TIMEPOINT"


def test_a_refused_scan_says_why(scan_at: Call) -> None:
    scan = scan_at(-3)
    lost = replace(scan, study=None, refusals=(replace(scan.study, kind="refusal", payload={"code": "WEIGHT_MISSING"}),))
    assert stand_in(course([lost], bridging=False), "TT").reason == "WEIGHT_MISSING"
