"""What ends a patient's follow-up: the first thing that counts by the rules, else the last day on which someone looked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from carpet.cohort.endpoints.facts import COMPLETE, NOT_EVALUABLE, Dated, PatientFacts, assessed, first_progression, without_progression
from carpet.cohort.endpoints.notices import (
    CAUSE_OF_DEATH_UNKNOWN,
    ENROLMENT_UNKNOWN,
    HSCT_STATUS_UNKNOWN,
    LAST_CONTACT_UNKNOWN,
    LATER_THERAPY_UNKNOWN,
    LYMPHOMA_DEATH_UNSEEN,
    MISSED_SCANS,
    NO_ASSESSMENT,
    NOT_INFUSED,
)
from carpet.cohort.endpoints.rules import RuleSet
from carpet.core.errors import NotMeasurable

TOO_MANY_MISSED = 2  # METHODS G.1: two or more


class Outcome(IntEnum):
    """As in `Survival`: 0 is censored, the rest are causes."""

    CENSORED = 0
    EVENT = 1
    COMPETING = 2


NEW_THERAPY = ("NEW_THERAPY", "new therapy")
TRANSPLANT = {  # in complete response: yes, no, nobody can tell
    True: ("HSCT_IN_CR", "transplant in complete response"),
    False: ("HSCT_PERSISTENT", "transplant for persistent disease"),
    None: ("HSCT", "transplant"),
}
THERAPIES = (NEW_THERAPY[0], *(name for name, _ in TRANSPLANT.values()))
BY_WORD = {"censor": Outcome.CENSORED, "event": Outcome.EVENT, "competing": Outcome.COMPETING}


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that ends follow-up. unknown: why these facts cannot tell what it does. seen_at_scans: missed scans may undo it."""

    day: int
    outcome: Outcome
    caused_by: str
    rule: str
    because: str
    flags: tuple[str, ...] = ()
    unknown: str = ""
    seen_at_scans: bool = False

    @property
    def order(self) -> tuple[int, int]:
        """By day; on one day events come before what nobody can tell, and before censoring (METHODS G.2)."""
        return self.day, 1 if self.unknown else 2 * (self.outcome is Outcome.CENSORED)


@dataclass(frozen=True, slots=True)
class Ended:
    """From where days are counted, in a word and as a record, and what ended them."""

    origin: str
    start: Dated
    decision: Decision


def origin_of(facts: PatientFacts, rules: RuleSet) -> Dated:
    """What days are counted from by these rules; raises NotMeasurable where it is not known."""
    if rules.start == "infusion":
        if facts.infusion is None:
            raise NotMeasurable(NOT_INFUSED.code)
        return facts.infusion
    if facts.enrolment is None:
        raise NotMeasurable(ENROLMENT_UNKNOWN.code)
    return facts.enrolment


def progression(facts: PatientFacts, outcome: Outcome = Outcome.EVENT) -> Iterator[Decision]:
    """Progression, where there is one."""
    first = first_progression(facts)
    if first is not None:
        yield Decision(first.day, outcome, first.record, "PROGRESSION", f"progression on day {first.day}", seen_at_scans=True)


def any_death(facts: PatientFacts) -> Iterator[Decision]:
    """Death as an event, whatever its cause."""
    if facts.death is not None:
        death = facts.death
        yield Decision(death.day, Outcome.EVENT, death.record, "DEATH", f"death on day {death.day}", seen_at_scans=True)


def death_by_cause(facts: PatientFacts, rules: RuleSet) -> Iterator[Decision]:
    """Death of lymphoma as an event, of another cause as the rules have it."""
    for one in any_death(facts):
        assert facts.death is not None
        other = BY_WORD[rules.unrelated_death]
        if facts.death.of_lymphoma:
            flags = (LYMPHOMA_DEATH_UNSEEN.code,)
            yield replace(one, rule="DEATH_OF_LYMPHOMA", because=f"death of lymphoma on day {one.day}", flags=flags)
        elif facts.death.of_lymphoma is None and other is not Outcome.EVENT:
            yield replace(one, unknown=CAUSE_OF_DEATH_UNKNOWN.code)
        else:
            yield replace(one, outcome=other, rule="DEATH_UNRELATED", because=f"death of another cause on day {one.day}")


def therapies(facts: PatientFacts, rules: RuleSet, event: Outcome = Outcome.EVENT) -> Iterator[Decision]:
    """New therapy and transplant, where the rules do not pass them over; event: what an event is to this endpoint."""
    if facts.new_therapy is not None and not _is_the_transplant(facts):
        yield from _by_rule(facts.new_therapy, rules.new_therapy, NEW_THERAPY, event)
    if facts.hsct is not None:
        in_response = _in_complete_response(facts)
        name, words = TRANSPLANT[in_response]
        if in_response is None and rules.hsct != rules.new_therapy:
            known = Decision(facts.hsct.day, Outcome.CENSORED, facts.hsct.record, name, words)
            yield replace(known, unknown=HSCT_STATUS_UNKNOWN.code)
        else:
            yield from _by_rule(facts.hsct, rules.hsct if in_response else rules.new_therapy, (name, words), event)


def _is_the_transplant(facts: PatientFacts) -> bool:
    return facts.new_therapy is not None and facts.hsct is not None and facts.new_therapy.day == facts.hsct.day


def _in_complete_response(facts: PatientFacts) -> bool | None:
    """By the last scan up to the transplant; progression before it is persistent disease; None where no scan tells."""
    assert facts.hsct is not None
    day, first = facts.hsct.day, first_progression(facts)
    if first is not None and first.day <= day:
        return False
    before = [one for one in without_progression(facts) if one.day <= day]
    return before[-1].category in COMPLETE if before else None


def _by_rule(what: Dated, rule: str, words: tuple[str, str], event: Outcome) -> Iterator[Decision]:
    if rule != "ignore":
        outcome = event if rule == "event" else Outcome.CENSORED
        yield Decision(what.day, outcome, what.record, words[0], f"{words[1]} on day {what.day}")


def passed_over(facts: PatientFacts, rules: RuleSet) -> tuple[str, ...]:
    """What must be known where a transplant is passed over: patients.csv has the first new therapy only."""
    if not _is_the_transplant(facts) or any(True for _ in therapies(facts, rules)):
        return ()
    return (LATER_THERAPY_UNKNOWN.code,)


def last_scan(facts: PatientFacts, origin: Dated, until: int | None = None) -> Decision:
    """Censored at the last adequate assessment without progression, not after `until`; on day 0 where nobody looked."""
    scans = [one for one in without_progression(facts) if one.day >= origin.day and (until is None or one.day <= until)]
    if not scans:
        flags = (NO_ASSESSMENT.code,)
        return Decision(origin.day, Outcome.CENSORED, origin.record, "NO_SCAN", "no adequate assessment without progression", flags)
    last = scans[-1]
    words = f"last adequate assessment without progression on day {last.day}"
    return Decision(last.day, Outcome.CENSORED, last.record, "LAST_SCAN", words)


def last_contact(facts: PatientFacts) -> Decision:
    """Censored on the last date known alive; raises NotMeasurable where nobody says."""
    if facts.last_contact is None:
        raise NotMeasurable(LAST_CONTACT_UNKNOWN.code)
    last = facts.last_contact
    return Decision(last.day, Outcome.CENSORED, last.record, "LAST_CONTACT", f"alive on day {last.day}")


def first_of(decisions: Iterable[Decision], otherwise: Decision) -> Decision:
    """The first thing that counts; of several on one day an event, in the order given; `otherwise` where nothing does."""
    return min(decisions, key=lambda one: one.order, default=otherwise)


def known(decision: Decision) -> Decision:
    """The same decision; raises NotMeasurable where the facts cannot tell what it does."""
    if decision.unknown:
        raise NotMeasurable(decision.unknown)
    return decision


def by_scans(decisions: Iterable[Decision], facts: PatientFacts, rules: RuleSet, origin: Dated) -> Decision:
    """What ends an endpoint that is looked for at scans: the first thing that counts, unless scans were missed before it."""
    first = first_of((one for one in decisions if one.day >= origin.day), last_scan(facts, origin))
    if first.seen_at_scans and (missed := missed_scans(facts, origin, first.day)):
        if rules.missed_scans == "event":
            return replace(known(first), flags=(*first.flags, MISSED_SCANS.code))
        before = last_scan(facts, origin, first.day)
        because = f"{before.because}; then {', '.join(missed)} missed before day {first.day}"
        return replace(before, rule="MISSED_SCANS", because=because, flags=(*before.flags, MISSED_SCANS.code))
    if first.outcome is Outcome.CENSORED and first.rule in THERAPIES:
        return _therapy_censored(known(first), facts, rules, origin)
    return known(first)


def _therapy_censored(decision: Decision, facts: PatientFacts, rules: RuleSet, origin: Dated) -> Decision:
    if rules.therapy_censored_at == "start":
        return decision
    before = last_scan(facts, origin, decision.day)
    return replace(before, rule=decision.rule, because=f"{before.because}, before {decision.because}")


def missed_scans(facts: PatientFacts, origin: Dated, day: int) -> tuple[str, ...]:
    """The planned scans, two or more, whose windows passed between the last evaluable scan and `day`; else ()."""
    looked = max((one.day for one in assessed(facts) if one.category not in NOT_EVALUABLE and one.day < day), default=origin.day)
    missed = tuple(one.name for one in facts.planned if one.first_day > looked and one.last_day < day)
    return missed if len(missed) >= TOO_MANY_MISSED else ()
