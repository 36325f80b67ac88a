"""Contract: facts that cannot all be true are refused, each by its code; progression is the trial's word, else the first scan's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carpet.cohort.endpoints import Assessment, Dated, PatientFacts
from carpet.cohort.endpoints.facts import assessed, checked, contradictions, first_progression, without_progression
from carpet.core.errors import ProtocolError, Refused

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize(
    ("scans", "known", "codes"),
    [
        ("29 CR", {"died": 20}, ["EVENT_AFTER_DEATH"]),
        ("", {"pd": 30, "died": 29}, ["EVENT_AFTER_DEATH"]),
        ("", {"contact": 401, "died": 400}, ["EVENT_AFTER_DEATH"]),
        ("29 CR", {"contact": 28}, ["EVENT_AFTER_LAST_CONTACT"]),
        ("29 CR", {"contact": 29, "tx": 30, "hsct": 31}, ["EVENT_AFTER_LAST_CONTACT"] * 2),
        ("", {"pd": -1, "contact": 5}, ["EVENT_BEFORE_START"]),
        ("", {"died": -1}, ["EVENT_BEFORE_START"]),
    ],
)
def test_contradictions_are_refused(patient: Made, scans: str, known: dict[str, Any], codes: list[str]) -> None:
    with pytest.raises(Refused) as error:
        checked(patient(scans, **known))
    assert list(error.value.codes) == codes


def test_what_happens_on_the_last_day_is_no_contradiction(patient: Made) -> None:
    for facts in (patient("29 CR", contact=29), patient("29 PD", died=29, contact=29), patient("-5 CR, 29 CR", died=40)):
        assert checked(facts) is facts
        assert contradictions(facts) == ()


def test_the_trials_word_stands_above_the_scans(patient: Made) -> None:
    assert first_progression(patient("29 PD", pd=35)) == Dated(35, "pd")
    assert first_progression(patient("29 CR, 90 PD, 180 PD")) == Dated(90, "scan 90")
    assert first_progression(patient("-3 PD, 0 PD, 29 CR")) is None


def test_lyric_dates_progression_back_and_names_both(patient: Made) -> None:
    facts = PatientFacts(patient_id="A", infusion=None, assessments=(Assessment(7, "D7", "IR1"), Assessment(29, "M1", "PD", dated_to=7)))
    assert first_progression(facts) == Dated(7, "M1, dated back to day 7")
    assert assessed(facts) == []


def test_adequate_assessments_lie_after_infusion_and_before_progression(patient: Made) -> None:
    facts = patient("90 SD, -3 CR, 29 PR, 40 NE, 50 IR1, 60 DISCORDANT, 180 PD, 200 CR")
    assert [one.day for one in assessed(facts)] == [29, 40, 50, 60, 90]
    assert [one.day for one in without_progression(facts)] == [29, 90]


@pytest.mark.parametrize(("category", "dated_to"), [("cr", None), ("", None), ("CR", 7), ("PD", 30)])
def test_a_category_or_date_that_cannot_be_is_a_wrong_call(category: str, dated_to: int | None) -> None:
    with pytest.raises(ProtocolError):
        Assessment(29, "scan", category, dated_to)
