"""Progression-free survival (PFS): until progression or any death; censored at the last adequate assessment without progression."""

from __future__ import annotations

from carpet.cohort.endpoints.deciding import Ended, any_death, by_scans, origin_of, progression, therapies
from carpet.cohort.endpoints.facts import PatientFacts
from carpet.cohort.endpoints.rules import RuleSet


def progression_free_survival(facts: PatientFacts, rules: RuleSet) -> Ended:
    """What ended PFS; raises NotMeasurable without a start, or where a transplant's status is needed and unknown. Source: METHODS G.1."""
    start = origin_of(facts, rules)
    what = (*progression(facts), *any_death(facts), *therapies(facts, rules))
    return Ended(rules.start, start, by_scans(what, facts, rules, start))
