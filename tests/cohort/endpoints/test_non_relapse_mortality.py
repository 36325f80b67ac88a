"""Truth: closed form, patients written down here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carpet.cohort.endpoints import DEFAULT, RULE_SETS, PatientFacts
from carpet.cohort.endpoints.non_relapse_mortality import non_relapse_mortality
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize(
    ("scans", "known", "rules", "said"),
    [
        ("29 CR", {"died": 500, "cause": False}, "default", (500, 1, "death")),  # missed scans do not count here
        ("29 CR, 90 PD", {"died": 500, "cause": False}, "default", (90, 2, "scan 90")),
        ("29 PD", {"died": 29, "cause": False}, "default", (29, 2, "scan 29")),
        ("29 CR", {"died": 80, "cause": True}, "default", (80, 2, "death")),
        ("29 CR", {"died": 80, "cause": None}, "default", (80, 1, "death")),
        ("29 CR", {"contact": 400}, "default", (400, 0, "contact")),
        ("29 CR", {"died": 80, "cause": False, "tx": 60}, "default", (80, 1, "death")),
        ("29 CR", {"contact": 400, "tx": 60}, "default", (400, 0, "contact")),
        ("29 CR, 90 CR", {"died": 180, "cause": False, "hsct": 120}, "default", (180, 1, "death")),
        ("29 CR, 90 CR", {"died": 180, "cause": False, "hsct": 120}, "hsct_event", (120, 2, "hsct")),
        ("", {"died": 180, "cause": False, "hsct": 120}, "hsct_followed", (180, 1, "death")),  # in response or not: neither is an event
        ("29 CR", {"died": 80, "cause": False, "tx": 60}, "new_therapy_event", (60, 2, "tx")),
        ("29 CR", {"died": 80, "cause": False, "tx": 60}, "ema", (80, 1, "death")),
    ],
)
def test_mortality(patient: Made, scans: str, known: dict[str, Any], rules: str, said: tuple[int, int, str]) -> None:
    ended = non_relapse_mortality(patient(scans, **known), RULE_SETS[rules]).decision
    assert (ended.day, int(ended.outcome), ended.caused_by) == said


def test_what_must_be_known_of_a_death(patient: Made) -> None:
    flags = {cause: non_relapse_mortality(patient(died=80, cause=cause), DEFAULT).decision.flags for cause in (None, True, False)}
    assert flags == {None: ("CAUSE_OF_DEATH_NOT_TOLD",), True: ("LYMPHOMA_DEATH_UNSEEN",), False: ()}


def test_nobody_says_whether_the_patient_lives(patient: Made) -> None:
    with pytest.raises(NotMeasurable, match="LAST_CONTACT_UNKNOWN"):
        non_relapse_mortality(patient("29 CR"), DEFAULT)
