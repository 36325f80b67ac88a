"""Event-free survival (EFS): until progression, death or new therapy for efficacy; censored at the last adequate assessment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from carpet.cohort.endpoints.deciding import Decision, Ended, Outcome, any_death, by_scans, origin_of, progression, therapies
from carpet.cohort.endpoints.facts import RESPONSE, Dated, PatientFacts, assessed, without_progression
from carpet.cohort.endpoints.notices import NOT_ASSESSED
from carpet.cohort.endpoints.rules import RuleSet


def event_free_survival(facts: PatientFacts, rules: RuleSet) -> Ended:
    """What ended EFS: new therapy, and a transplant for persistent disease, are events by any rules. Source: METHODS G.1.

    Where the rules have a day by which there must be a response, who has none then fails on that day. Raises NotMeasurable without a
    start, where a transplant's status is needed and unknown, and where nobody looked by that day.
    """
    start = origin_of(facts, rules)
    of_therapy = therapies(facts, replace(rules, new_therapy="event"))
    what = (*progression(facts), *any_death(facts), *of_therapy, *_no_response(facts, rules, start))
    return Ended(rules.start, start, by_scans(what, facts, rules, start))


def _no_response(facts: PatientFacts, rules: RuleSet, start: Dated) -> Iterator[Decision]:
    """Failure on the day by which there should have been a response; nothing for who was not followed up to it."""
    if rules.response_by_day is None:
        return
    day = start.day + rules.response_by_day
    scans = [one for one in without_progression(facts) if one.day <= day]
    if any(one.category in RESPONSE for one in scans) or not any(one.day >= day for one in assessed(facts)):
        return
    words = f"no response by day {day}"
    if scans:
        yield Decision(day, Outcome.EVENT, scans[-1].record, "NO_RESPONSE", words)
    else:
        yield Decision(day, Outcome.EVENT, start.record, "NO_RESPONSE", words, unknown=NOT_ASSESSED.code)
