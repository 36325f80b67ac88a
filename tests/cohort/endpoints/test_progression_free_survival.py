"""Truth: closed form, one patient for every rule on which trials differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carpet.cohort.endpoints import DEFAULT, RULE_SETS, PatientFacts
from carpet.cohort.endpoints.progression_free_survival import progression_free_survival
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]
# (scans, what else happened) → (day, event, record) by the default rules, and by every set that says something else
PATIENTS: list[tuple[str, dict[str, Any], tuple[int, int, str], dict[str, tuple[int, int, str]]]] = [
    ("29 CR, 90 PD", {"contact": 400}, (90, 1, "scan 90"), {}),
    ("29 CR, 90 PD", {"contact": 400, "pd": 85}, (85, 1, "pd"), {}),
    ("29 CR, 90 CR", {"contact": 400}, (90, 0, "scan 90"), {}),
    ("29 CR, 90 CR", {"died": 150}, (150, 1, "death"), {}),
    ("29 PD", {"died": 29}, (29, 1, "scan 29"), {}),
    ("", {"contact": 400}, (0, 0, "infusion"), {}),
    (
        "29 PR, 90 PD",
        {"tx": 60, "contact": 400},
        (60, 0, "tx"),
        {
            "scan_before_therapy": (29, 0, "scan 29"),
            "ema": (90, 1, "scan 90"),
            "new_therapy_event": (60, 1, "tx"),
            "new_therapy_ignored": (90, 1, "scan 90"),
        },
    ),
    ("29 PR, 90 PD", {"tx": 90, "contact": 400}, (90, 1, "scan 90"), {}),  # on one day the event comes first
    (
        "29 CR, 90 CR",
        {"hsct": 60, "tx": 60, "contact": 400},
        (60, 0, "hsct"),
        {
            "scan_before_therapy": (29, 0, "scan 29"),
            "ema": (90, 0, "scan 90"),
            "hsct_followed": (90, 0, "scan 90"),
            "hsct_event": (60, 1, "hsct"),
        },
    ),
    (
        "29 PR, 90 CR",
        {"hsct": 60, "contact": 400},
        (60, 0, "hsct"),
        {"scan_before_therapy": (29, 0, "scan 29"), "ema": (90, 0, "scan 90")}
        | {"new_therapy_event": (60, 1, "hsct"), "new_therapy_ignored": (90, 0, "scan 90")},
    ),
    ("29 CR", {"died": 300}, (29, 0, "scan 29"), {"ema": (300, 1, "death"), "missed_scans_event": (300, 1, "death")}),
    ("29 CR, 90 IR1, 180 DISCORDANT", {"contact": 400}, (29, 0, "scan 29"), {}),
]


@pytest.mark.parametrize(("scans", "known", "default", "others"), PATIENTS)
@pytest.mark.parametrize("rules", [name for name in RULE_SETS if name != "enrolment"])
def test_every_rule(patient: Made, rules: str, scans: str, known: dict[str, Any], default: Any, others: dict[str, Any]) -> None:
    ended = progression_free_survival(patient(scans, **known), RULE_SETS[rules]).decision
    assert (ended.day, int(ended.outcome), ended.caused_by) == others.get(rules, default)


def test_every_rule_that_concerns_it_changes_somebody() -> None:
    changing = {
        "scan_before_therapy",
        "ema",
        "new_therapy_event",
        "new_therapy_ignored",
        "hsct_followed",
        "hsct_event",
        "missed_scans_event",
    }
    assert {name for *_, others in PATIENTS for name in others} == changing


def test_from_enrolment(patient: Made) -> None:
    ended = progression_free_survival(patient("29 CR, 90 PD", enrolled=-30), RULE_SETS["enrolment"])
    assert (ended.decision.day - ended.start.day, ended.origin) == (120, "enrolment")


def test_a_transplant_whose_status_decides_and_is_unknown(patient: Made) -> None:
    facts = patient("90 CR", hsct=60, contact=400)
    with pytest.raises(NotMeasurable, match="HSCT_STATUS_UNKNOWN"):
        progression_free_survival(facts, RULE_SETS["hsct_followed"])
    assert progression_free_survival(facts, DEFAULT).decision.day == 60
