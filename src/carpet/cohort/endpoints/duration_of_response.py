"""Duration of response (DOR): from the first complete or partial response until progression or death of lymphoma; responders only."""

from __future__ import annotations

from carpet.cohort.endpoints.deciding import Ended, by_scans, death_by_cause, first_of, known, last_scan, origin_of, progression, therapies
from carpet.cohort.endpoints.facts import RESPONSE, Assessment, Dated, PatientFacts, without_progression
from carpet.cohort.endpoints.notices import NO_RESPONSE, NOT_ASSESSED
from carpet.cohort.endpoints.rules import RuleSet
from carpet.core.errors import NotMeasurable


def duration_of_response(facts: PatientFacts, rules: RuleSet) -> Ended:
    """What ended DOR, counted from the first response whatever `start` says; who was not infused counts from enrolment only.

    A response later than therapy or a transplant that these rules do not pass over is not the CAR T-cells' and does not count. Raises
    NotMeasurable without a response, and where the cause of death or a transplant's status is needed and unknown. Source: METHODS G.1.
    """
    begin = facts.infusion or origin_of(facts, rules)
    first = _first_response(facts, rules, begin)
    start = Dated(first.day, first.record)
    what = (*progression(facts), *death_by_cause(facts, rules), *therapies(facts, rules))
    return Ended("first response", start, by_scans(what, facts, rules, start))


def _first_response(facts: PatientFacts, rules: RuleSet, begin: Dated) -> Assessment:
    scans = without_progression(facts)
    found = next((one for one in scans if one.category in RESPONSE and one.day >= begin.day), None)
    if found is None:
        raise NotMeasurable((NO_RESPONSE if scans or tuple(progression(facts)) else NOT_ASSESSED).code)
    therapy = first_of(therapies(facts, rules), last_scan(facts, begin))
    if therapy.day < found.day:
        known(therapy)
        raise NotMeasurable(NO_RESPONSE.code)
    return found
