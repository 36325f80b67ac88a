"""Truth: closed form, patients written down here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carpet.cohort.endpoints import RULE_SETS, PatientFacts
from carpet.cohort.endpoints.duration_of_response import duration_of_response
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize(
    ("scans", "known", "rules", "said"),
    [
        ("29 PR, 90 CR, 180 PD", {}, "default", (29, 151, 1, "scan 180")),
        ("29 SD, 90 CR, 180 CR", {"contact": 400}, "default", (90, 90, 0, "scan 180")),
        ("29 CR", {"contact": 400}, "default", (29, 0, 0, "scan 29")),
        ("29 CR, 90 CR", {"died": 150, "cause": True}, "default", (29, 121, 1, "death")),
        ("29 CR, 90 CR", {"died": 150, "cause": False}, "default", (29, 121, 0, "death")),
        ("29 CR, 90 CR", {"died": 150, "cause": False}, "unrelated_competing", (29, 121, 2, "death")),
        ("29 CR, 90 CR", {"died": 150, "cause": False}, "any_death", (29, 121, 1, "death")),
        ("29 CR, 90 CR", {"died": 150, "cause": None}, "any_death", (29, 121, 1, "death")),
        ("29 CR", {"died": 300, "cause": None}, "default", (29, 0, 0, "scan 29")),  # after two missed scans the cause is nothing
        ("29 CR, 90 CR", {"tx": 60}, "default", (29, 31, 0, "tx")),
        ("29 CR, 90 PD", {"tx": 60}, "ema", (29, 61, 1, "scan 90")),
        ("29 SD, 90 CR", {"tx": 60}, "ema", (90, 0, 0, "scan 90")),
        ("29 CR, 90 CR", {"tx": 29}, "default", (29, 0, 0, "tx")),  # a scan of the very day still counts
        ("29 CR, 90 PD", {}, "enrolment", (29, 61, 1, "scan 90")),
        ("29 CR, 90 PD", {"infusion": None, "enrolled": 0}, "enrolment", (29, 61, 1, "scan 90")),
    ],
)
def test_duration(patient: Made, scans: str, known: dict[str, Any], rules: str, said: tuple[int, int, int, str]) -> None:
    ended = duration_of_response(patient(scans, **known), RULE_SETS[rules])
    found = (ended.start.day, ended.decision.day - ended.start.day, int(ended.decision.outcome), ended.decision.caused_by)
    assert found == said
    assert ended.origin == "first response"


@pytest.mark.parametrize(
    ("scans", "known", "rules", "reason"),
    [
        ("29 SD, 90 PD", {}, "default", "NO_RESPONSE"),
        ("29 PD, 90 CR", {}, "default", "NO_RESPONSE"),
        ("29 SD, 90 CR", {"tx": 60}, "default", "NO_RESPONSE"),
        ("29 SD, 90 CR", {"tx": 60}, "new_therapy_event", "NO_RESPONSE"),
        ("90 CR", {"hsct": 60}, "hsct_followed", "HSCT_STATUS_UNKNOWN"),
        ("29 NE", {}, "default", "NOT_ASSESSED"),
        ("29 CR, 90 CR", {"died": 150}, "default", "CAUSE_OF_DEATH_UNKNOWN"),
        ("29 CR", {"infusion": None}, "default", "ENDPOINT_NOT_INFUSED"),
    ],
)
def test_no_duration(patient: Made, scans: str, known: dict[str, Any], rules: str, reason: str) -> None:
    with pytest.raises(NotMeasurable, match=reason):
        duration_of_response(patient(scans, **known), RULE_SETS[rules])
