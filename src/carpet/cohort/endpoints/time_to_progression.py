"""Time to progression (TTP): until progression or death of lymphoma; death of another cause is censored or competes."""

from __future__ import annotations

from carpet.cohort.endpoints.deciding import Ended, by_scans, death_by_cause, origin_of, progression, therapies
from carpet.cohort.endpoints.facts import PatientFacts
from carpet.cohort.endpoints.rules import RuleSet


def time_to_progression(facts: PatientFacts, rules: RuleSet) -> Ended:
    """What ended TTP; raises NotMeasurable without a start, and where the cause of death or a transplant's status is needed and unknown.

    Source: METHODS G.1.
    """
    start = origin_of(facts, rules)
    what = (*progression(facts), *death_by_cause(facts, rules), *therapies(facts, rules))
    return Ended(rules.start, start, by_scans(what, facts, rules, start))
