"""Truth: closed form, patients written down here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.cohort.endpoints import DEFAULT, Assessment, Dated, PatientFacts
from carpet.cohort.endpoints.early_progression import early_progression
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize(
    ("scans", "known", "said"),
    [
        ("29 PD", {}, (29, 1, "scan 29")),
        ("31 PD", {}, (31, 1, "scan 31")),
        ("29 CR", {}, (29, 0, "scan 29")),
        ("90 CR", {}, (90, 0, "scan 90")),  # who has none on day 90 had none in the month
        ("29 SD, 90 PD", {}, (29, 0, "scan 29")),
        ("29 PD", {"pd": 12, "died": 30}, (12, 1, "pd")),
        ("29 CR", {"tx": 20}, (29, 0, "scan 29")),
    ],
)
def test_yes_or_no(patient: Made, scans: str, known: dict[str, Any], said: tuple[int, int, str]) -> None:
    ended = early_progression(patient(scans, **known), DEFAULT).decision
    assert (ended.day, int(ended.outcome), ended.caused_by) == said


@pytest.mark.parametrize(
    ("scans", "known", "reason"),
    [
        ("", {"died": 12}, "DEATH_BEFORE_ASSESSMENT"),
        ("7 SD", {"died": 12}, "DEATH_BEFORE_ASSESSMENT"),
        ("7 SD", {"contact": 50}, "NOT_ASSESSED"),
        ("90 PD", {}, "NOT_ASSESSED"),  # nobody looked in the month
        ("90 PD", {"died": 100}, "NOT_ASSESSED"),
        ("29 CR", {"infusion": None}, "ENDPOINT_NOT_INFUSED"),
    ],
)
def test_nobody_can_tell(patient: Made, scans: str, known: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotMeasurable, match=reason):
        early_progression(patient(scans, **known), DEFAULT)


def test_the_month_may_be_that_of_the_protocol(patient: Made) -> None:
    assert early_progression(patient("40 PD"), replace(DEFAULT, early_days=45)).decision.outcome == 1


def test_progression_dated_back_into_the_month(patient: Made) -> None:
    scans = (Assessment(29, "M1", "IR1"), Assessment(60, "M2", "PD", dated_to=29))
    ended = early_progression(PatientFacts(patient_id="A", infusion=Dated(0, "i"), assessments=scans), DEFAULT).decision
    assert (ended.day, ended.outcome, ended.caused_by) == (29, 1, "M2, dated back to day 29")


def test_therapy_before_progression_is_told(patient: Made) -> None:
    assert early_progression(patient("29 PD", tx=20), DEFAULT).decision.flags == ("THERAPY_BEFORE_PROGRESSION",)
    assert early_progression(patient("29 PD", tx=29), DEFAULT).decision.flags == ()
