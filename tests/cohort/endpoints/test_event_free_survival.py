"""Truth: closed form, patients written down here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.cohort.endpoints import DEFAULT, RULE_SETS, PatientFacts
from carpet.cohort.endpoints.event_free_survival import event_free_survival
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize("rules", ["default", "scan_before_therapy", "ema", "new_therapy_ignored"])
@pytest.mark.parametrize(
    ("scans", "known", "said"),
    [
        ("29 PR, 90 PD", {"tx": 60, "contact": 400}, (60, 1, "tx")),
        ("29 PR, 90 CR", {"hsct": 60, "contact": 400}, (60, 1, "hsct")),
        ("29 CR, 90 PD", {"contact": 400}, (90, 1, "scan 90")),
        ("29 CR", {"died": 80}, (80, 1, "death")),
        ("29 CR, 90 CR", {"contact": 400}, (90, 0, "scan 90")),
    ],
)
def test_new_therapy_is_an_event_by_any_rules(patient: Made, rules: str, scans: str, known: dict[str, Any], said: Any) -> None:
    ended = event_free_survival(patient(scans, **known), RULE_SETS[rules]).decision
    assert (ended.day, int(ended.outcome), ended.caused_by) == said


def test_consolidation_in_complete_response_is_by_the_rules(patient: Made) -> None:
    facts = patient("29 CR, 90 CR", hsct=60, contact=400)
    said = {name: event_free_survival(facts, RULE_SETS[name]).decision for name in ("default", "hsct_event", "hsct_followed")}
    assert {name: (one.day, int(one.outcome)) for name, one in said.items()} == {
        "default": (60, 0),
        "hsct_event": (60, 1),
        "hsct_followed": (90, 0),
    }


@pytest.mark.parametrize(
    ("scans", "said"),
    [
        ("29 SD, 90 SD, 180 CR", (150, 1, "scan 90", "NO_RESPONSE")),
        ("29 SD, 90 PR, 180 CR", (180, 0, "scan 180", "LAST_SCAN")),
        ("29 SD, 90 PD", (90, 1, "scan 90", "PROGRESSION")),
        ("29 SD, 90 SD", (90, 0, "scan 90", "LAST_SCAN")),  # not followed to the day
        ("29 SD, 150 SD", (150, 1, "scan 150", "NO_RESPONSE")),
    ],
)
def test_a_day_by_which_there_must_be_a_response(patient: Made, scans: str, said: Any) -> None:
    ended = event_free_survival(patient(scans, contact=400), replace(DEFAULT, response_by_day=150)).decision
    assert (ended.day, int(ended.outcome), ended.caused_by, ended.rule) == said


def test_nobody_looked_by_that_day(patient: Made) -> None:
    with pytest.raises(NotMeasurable, match="NOT_ASSESSED"):
        event_free_survival(patient("180 CR", contact=400), replace(DEFAULT, response_by_day=150))
