"""Truth: closed form; and laws that hold for every patient whose facts can be true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carpet.cohort.endpoints import ENDPOINTS, RULE_SETS, Endpoint, PatientFacts, endpoint
from carpet.core.errors import ProtocolError, Refused
from carpet.core.record import Missing

Made = Callable[..., PatientFacts]


def test_days_from_the_start_with_all_that_must_be_known(patient: Made) -> None:
    facts = patient("29 CR, 300 PD", enrolled=-30, contact=400, flags=("PROGRESSION_DATES_DIFFER",))
    found = endpoint("PFS", facts, rules=RULE_SETS["enrolment"])
    assert isinstance(found, Endpoint)
    assert (found.name, found.rules, found.patient_id, found.event, found.days, found.origin) == (
        "PFS",
        "enrolment",
        "A",
        0,
        59,
        "enrolment",
    )
    assert (found.caused_by, found.rule, found.flags) == ("scan 29", "MISSED_SCANS", ("MISSED_SCANS", "PROGRESSION_DATES_DIFFER"))


def test_what_scans_say_has_no_part_in_survival(patient: Made) -> None:
    facts = patient("29 CR", contact=400, hsct=60, tx=60, flags=("PROGRESSION_DATES_DIFFER",))
    assert endpoint("OS", facts, rules=RULE_SETS["ema"]).flags == ()
    assert endpoint("PFS", facts, rules=RULE_SETS["ema"]).flags == ("LATER_THERAPY_UNKNOWN", "PROGRESSION_DATES_DIFFER")


def test_no_number_has_a_reason_and_a_contradiction_is_refused(patient: Made) -> None:
    assert endpoint("DOR", patient("29 SD"), rules=RULE_SETS["default"]) == Missing("DOR", "d", "A", "", "NO_RESPONSE")
    with pytest.raises(Refused):
        endpoint("OS", patient("29 SD", died=20), rules=RULE_SETS["default"])
    with pytest.raises(ProtocolError, match="no endpoint is called 'DFS'"):
        endpoint("DFS", patient(), rules=RULE_SETS["default"])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_laws(patients_at_random: st.SearchStrategy[PatientFacts], data: Any) -> None:
    facts: PatientFacts = data.draw(patients_at_random)
    end = facts.death or facts.last_contact
    assert end is not None
    records = {"infusion", "enrolled", "death", "contact", "tx", "hsct", "pd"} | {one.record for one in facts.assessments}
    for rules in RULE_SETS.values():
        found = {name: endpoint(name, facts, rules=rules) for name in ENDPOINTS}
        days = {name: one.days for name, one in found.items() if isinstance(one, Endpoint)}
        for one in found.values():
            if isinstance(one, Missing):
                assert one.reason
                continue
            start = {"infusion": 0, "enrolment": facts.enrolment.day if facts.enrolment else 0}.get(one.origin, 1)
            assert 0 <= one.days <= end.day - start
            assert one.caused_by in records
            assert one.event in (0, 1, 2)
        if "PFS" in days:  # what ends one ends the other
            assert days["PFS"] <= days.get("OS", days["PFS"])
            efs, pfs = found["EFS"], found["PFS"]
            both = isinstance(efs, Endpoint) and isinstance(pfs, Endpoint) and efs.event == pfs.event == 1
            assert not both or days["EFS"] <= days["PFS"]
        early = found["EP"]
        if isinstance(early, Endpoint) and early.event:
            assert early.days <= rules.early_days


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_without_rules_that_censor_every_progression_and_death_counts(
    patients_at_random: st.SearchStrategy[PatientFacts], data: Any
) -> None:
    facts: PatientFacts = data.draw(patients_at_random)
    found = endpoint("PFS", facts, rules=RULE_SETS["ema"])
    assert isinstance(found, Endpoint)
    shown = [one.day for one in facts.assessments if one.day >= 1 and one.category == "PD"]
    progressed = [facts.progression.day] if facts.progression else shown
    ends = [*progressed, *([facts.death.day] if facts.death else [])]
    assert (found.event, found.days if found.event else -1) == ((1, min(ends)) if ends else (0, -1))
