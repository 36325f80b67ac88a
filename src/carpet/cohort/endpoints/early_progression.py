"""Early progression (EP): progression within the first month after infusion, yes or no; deaths before any scan are listed apart."""

from __future__ import annotations

from carpet.cohort.endpoints.deciding import Decision, Ended, Outcome
from carpet.cohort.endpoints.facts import PatientFacts, first_progression, without_progression
from carpet.cohort.endpoints.notices import DEATH_BEFORE_ASSESSMENT, NOT_ASSESSED, NOT_INFUSED, THERAPY_BEFORE_PROGRESSION
from carpet.cohort.endpoints.rules import RuleSet
from carpet.core.errors import NotMeasurable

SCAN_FROM_DAY = 21  # month 1's window starts here (METHODS D.9): an earlier scan cannot say how the month ended


def early_progression(facts: PatientFacts, rules: RuleSet) -> Ended:
    """Event 1 on the day of progression; 0 on the day of the first scan from day 21 on that shows none. Source: METHODS G.1, D.9.

    Counted from infusion whatever `start` says; therapy and transplant do not end it. Progression that a later scan shows first, with none
    in the month to tell, is no answer: raises NotMeasurable, as without an infusion, without a scan, and for a death before any.
    """
    if facts.infusion is None:
        raise NotMeasurable(NOT_INFUSED.code)
    start, first = facts.infusion, first_progression(facts)
    if first is not None and first.day <= rules.early_days:
        words = f"progression on day {first.day}, within {rules.early_days} days"
        return Ended(
            "infusion", start, Decision(first.day, Outcome.EVENT, first.record, "EARLY_PROGRESSION", words, _flags(facts, first.day))
        )
    scan = next((one for one in without_progression(facts) if one.day >= SCAN_FROM_DAY), None)
    if scan is not None:
        words = f"no progression on day {scan.day}"
        return Ended("infusion", start, Decision(scan.day, Outcome.CENSORED, scan.record, "NO_EARLY_PROGRESSION", words))
    died_unseen = facts.death is not None and first is None
    raise NotMeasurable((DEATH_BEFORE_ASSESSMENT if died_unseen else NOT_ASSESSED).code)


def _flags(facts: PatientFacts, day: int) -> tuple[str, ...]:
    began = [one.day for one in (facts.new_therapy, facts.hsct) if one is not None]
    return (THERAPY_BEFORE_PROGRESSION.code,) if any(one < day for one in began) else ()
