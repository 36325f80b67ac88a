"""Truth: closed form, patients written down here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carpet.cohort.endpoints import DEFAULT, RULE_SETS, PatientFacts
from carpet.cohort.endpoints.time_to_progression import time_to_progression
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize(
    ("scans", "known", "rules", "said"),
    [
        ("29 CR, 90 PD", {}, "default", (90, 1, "scan 90")),
        ("29 CR, 90 PD", {"died": 100, "cause": None}, "default", (90, 1, "scan 90")),
        ("29 CR", {"died": 80, "cause": True}, "default", (80, 1, "death")),
        ("29 CR", {"died": 80, "cause": False}, "default", (80, 0, "death")),
        ("29 CR", {"died": 80, "cause": False}, "unrelated_competing", (80, 2, "death")),
        ("29 CR", {"contact": 80}, "default", (29, 0, "scan 29")),
        ("29 CR", {"tx": 60, "contact": 80}, "default", (60, 0, "tx")),
        ("29 CR", {"died": 300, "cause": True}, "default", (29, 0, "scan 29")),
    ],
)
def test_time(patient: Made, scans: str, known: dict[str, Any], rules: str, said: tuple[int, int, str]) -> None:
    ended = time_to_progression(patient(scans, **known), RULE_SETS[rules]).decision
    assert (ended.day, int(ended.outcome), ended.caused_by) == said


def test_death_of_lymphoma_without_a_date_of_progression_is_told(patient: Made) -> None:
    assert "LYMPHOMA_DEATH_UNSEEN" in time_to_progression(patient("29 CR", died=80, cause=True), DEFAULT).decision.flags


def test_nobody_says_of_what(patient: Made) -> None:
    with pytest.raises(NotMeasurable, match="CAUSE_OF_DEATH_UNKNOWN"):
        time_to_progression(patient("29 CR", died=80), DEFAULT)
