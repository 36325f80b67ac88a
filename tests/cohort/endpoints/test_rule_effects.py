"""Truth: closed form, three patients counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from carpet.cohort.endpoints import RULE_SETS, PatientFacts, RuleEffect, endpoint, rule_effects
from carpet.core.errors import ProtocolError

Made = Callable[..., PatientFacts]


def test_sums_and_who_changes(patient: Made) -> None:
    facts = [
        replace(patient("29 PR, 90 PD", tx=60, contact=400), patient_id="A"),  # default: censored on 60
        replace(patient("29 CR, 90 CR", contact=400), patient_id="B"),  # 90 by any rules
        replace(patient("29 CR", died=300, cause=False), patient_id="C"),  # default: 29, M3 and M6 missed
    ]
    found = rule_effects(
        (name, endpoint("PFS", one, rules=RULE_SETS[name])) for name in ("ema", "scan_before_therapy", "default") for one in facts
    )
    assert found == (
        RuleEffect("", "PFS", "scan_before_therapy", 3, 0, 0, 29 + 90 + 29, 3, 0, 0, 60 + 90 + 29, 1),
        RuleEffect("", "PFS", "ema", 3, 2, 0, 90 + 90 + 300, 3, 0, 0, 60 + 90 + 29, 2),
        RuleEffect("A", "PFS", "scan_before_therapy", 1, 0, 0, 29, 1, 0, 0, 60, 1),
        RuleEffect("A", "PFS", "ema", 1, 1, 0, 90, 1, 0, 0, 60, 1),
        RuleEffect("C", "PFS", "ema", 1, 1, 0, 300, 1, 0, 0, 29, 1),
    )


def test_a_result_that_goes_missing_is_a_change(patient: Made) -> None:
    facts = patient("29 SD, 90 CR", tx=60, contact=400)
    found = rule_effects((name, endpoint("DOR", facts, rules=RULE_SETS[name])) for name in ("default", "ema"))
    assert [(one.patient_id, one.patients, one.default_patients, one.changed) for one in found] == [("", 1, 0, 1), ("A", 1, 0, 1)]


def test_nobody_and_no_default(patient: Made) -> None:
    assert rule_effects(()) == ()
    with pytest.raises(ProtocolError, match="not the same patients"):
        rule_effects([("ema", endpoint("OS", patient(contact=9), rules=RULE_SETS["ema"]))])
