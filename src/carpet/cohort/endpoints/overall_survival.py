"""Overall survival (OS): until death of any cause; censored on the last date known alive."""

from __future__ import annotations

from carpet.cohort.endpoints.deciding import Ended, any_death, last_contact, origin_of
from carpet.cohort.endpoints.facts import PatientFacts
from carpet.cohort.endpoints.rules import RuleSet


def overall_survival(facts: PatientFacts, rules: RuleSet) -> Ended:
    """What ended OS; raises NotMeasurable without a start, or without a date of death or last contact. Source: METHODS G.1."""
    start = origin_of(facts, rules)
    death = tuple(any_death(facts))
    return Ended(rules.start, start, death[0] if death else last_contact(facts))
