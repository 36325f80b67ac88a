"""Non-relapse mortality (NRM): until death without progression before it; progression competes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from carpet.cohort.endpoints.deciding import (
    Decision,
    Ended,
    Outcome,
    any_death,
    first_of,
    known,
    last_contact,
    origin_of,
    progression,
    therapies,
)
from carpet.cohort.endpoints.facts import PatientFacts
from carpet.cohort.endpoints.notices import CAUSE_OF_DEATH_NOT_TOLD, LYMPHOMA_DEATH_UNSEEN
from carpet.cohort.endpoints.rules import RuleSet


def non_relapse_mortality(facts: PatientFacts, rules: RuleSet) -> Ended:
    """What ended NRM; else the last date known alive: neither missed scans nor therapy censor. Source: METHODS G.1, silent on what follows.

    Death of lymphoma competes even where no date of progression stands before it; death of which nobody knows the cause is the event, and
    flagged. New therapy and transplant that are events by the rules compete here. Raises NotMeasurable without a start or an end.
    """
    start = origin_of(facts, rules)
    what = (*progression(facts, Outcome.COMPETING), *_death(facts), *_therapies(facts, rules))
    if not what:
        return Ended(rules.start, start, last_contact(facts))
    return Ended(rules.start, start, known(first_of(what, what[0])))


def _therapies(facts: PatientFacts, rules: RuleSet) -> Iterator[Decision]:
    """Those that are events by the rules, or would be one if more were known; death after the others is still non-relapse mortality."""
    may_be = "event" in (rules.hsct, rules.new_therapy)
    for one in therapies(facts, rules, Outcome.COMPETING):
        if one.outcome is Outcome.COMPETING or (one.unknown and may_be):
            yield one


def _death(facts: PatientFacts) -> Iterator[Decision]:
    for one in any_death(facts):
        assert facts.death is not None
        if facts.death.of_lymphoma:
            words = f"death of lymphoma on day {one.day}"
            unseen = (LYMPHOMA_DEATH_UNSEEN.code,)
            yield replace(one, outcome=Outcome.COMPETING, rule="DEATH_OF_LYMPHOMA", because=words, flags=unseen)
        else:
            words = f"death without progression before it on day {one.day}"
            yield replace(one, because=words, flags=(CAUSE_OF_DEATH_NOT_TOLD.code,) if facts.death.of_lymphoma is None else ())
