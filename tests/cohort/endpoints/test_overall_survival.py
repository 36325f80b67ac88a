"""Truth: closed form, patients written down here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carpet.cohort.endpoints import DEFAULT, RULE_SETS, PatientFacts, RuleSet
from carpet.cohort.endpoints.overall_survival import overall_survival
from carpet.core.errors import NotMeasurable

Made = Callable[..., PatientFacts]


@pytest.mark.parametrize("rules", RULE_SETS.values(), ids=RULE_SETS)
def test_death_or_last_contact_whatever_else_happens(patient: Made, rules: RuleSet) -> None:
    died = overall_survival(patient("29 PD", died=400, cause=None, tx=60, hsct=70, enrolled=-30), rules)
    assert (died.decision.day, died.decision.outcome, died.decision.caused_by) == (400, 1, "death")
    alive = overall_survival(patient("29 PD", contact=500, tx=60, enrolled=-30), rules)
    assert (alive.decision.day, alive.decision.outcome, alive.decision.caused_by) == (500, 0, "contact")


def test_the_start(patient: Made) -> None:
    assert overall_survival(patient(died=10, enrolled=-30), RULE_SETS["enrolment"]).start.day == -30
    assert overall_survival(patient(died=10), DEFAULT).start.day == 0


def test_nobody_says_whether_the_patient_lives(patient: Made) -> None:
    with pytest.raises(NotMeasurable, match="LAST_CONTACT_UNKNOWN"):
        overall_survival(patient("29 CR"), DEFAULT)
