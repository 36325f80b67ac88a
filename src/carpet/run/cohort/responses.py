"""Columns of the cohort that say how patients responded: by the readers before the numbers, as endpoints choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carpet.cohort.endpoints import Assessment, Dated, PatientFacts
from carpet.cohort.endpoints.deciding import therapies
from carpet.cohort.endpoints.facts import COMPLETE, PROGRESSION, assessed, first_progression
from carpet.core.protocol import Protocol
from carpet.response import criteria
from carpet.response.best_response import best_response
from carpet.response.called import Called, in_order
from carpet.run.cohort.columns import RESPONSE_AT, Cell
from carpet.run.cohort.notices import (
    AFTER_NEW_THERAPY,
    AFTER_PROGRESSION,
    NO_ASSESSMENT_AT_TIMEPOINT,
    NOT_READ,
    READERS_DIFFER,
    RESPONSE_NOT_EVALUABLE,
)
from carpet.run.trial.endpoint_facts import DIFFER_DAYS, DISPUTED, facts_of
from carpet.run.trial.endpoints import rules_of
from carpet.run.trial.moments import CARPET
from carpet.run.trial.notices import PROGRESSION_DISPUTED, PROGRESSION_UNCONFIRMED
from carpet.run.trial.steps import CourseResult

NO_CALL = "NE"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Ends:
    """What ends responses to CAR T-cells: the first progression, and the day of new therapy or a transplant; None: none did."""

    progression: Dated | None
    therapy_day: int | None

    def treated_by(self, day: int) -> bool:
        """Whether new therapy lies before the day."""
        return self.therapy_day is not None and day > self.therapy_day

    def reason(self, day: int, category: str) -> str:
        """Why a scan of this day shows no response to CAR T-cells; progression stays progression; empty where it does."""
        if self.treated_by(day):
            return AFTER_NEW_THERAPY.code
        progressed = self.progression is not None and day >= self.progression.day
        return AFTER_PROGRESSION.code if progressed and category not in PROGRESSION else ""


def response_cells(result: CourseResult, protocol: Protocol, rules: str = "") -> dict[str, Cell]:
    """Lugano at each month and at best until progression or new therapy, Deauville at M1. Progression by the numbers alone stands as they
    say it, flagged. rules: the set that says whether a transplant in complete response is passed over; empty for the protocol's."""
    facts = facts_of(result.course, result.responses, protocol, criterion="lugano").facts
    of_day = {one.day: one for one in facts.assessments}
    ends = _ends(facts, protocol, rules)
    return {
        "deauville_m1": _deauville(_rows(result, "deauville", "M1"), ends),
        **{f"lugano_{name.lower()}": _lugano(_rows(result, "lugano", name), of_day, ends) for name in RESPONSE_AT},
        "best_lugano": _best(facts, ends),
    }


def therapy_day(result: CourseResult, protocol: Protocol, rules: str = "") -> int | None:
    """The day of the first new therapy, or of a transplant that the rules do not pass over: a later scan shows no response to CAR T-cells.

    None: there was none, or nobody says. Rules as in `response_cells`.
    """
    return _ends(facts_of(result.course, result.responses, protocol, criterion="lugano").facts, protocol, rules).therapy_day


def _ends(facts: PatientFacts, protocol: Protocol, rules: str) -> _Ends:
    """New therapy ends responses by any rules; a transplant does, but where the rules pass one in complete response over."""
    asked = next(one for one in rules_of(protocol) if one.name == (rules or protocol.cohort.rules))
    by = replace(asked, new_therapy="censor", hsct="ignore" if asked.hsct == "ignore" else "censor")
    return _Ends(first_progression(facts), min((one.day for one in therapies(facts, by)), default=None))


def _lugano(rows: Sequence[Row], of_day: Mapping[int, Assessment], ends: _Ends) -> Cell:
    """What endpoints know of the scan, but progression that no reader calls as the numbers call it."""
    one = of_day.get(rows[0]["day"]) if rows else None
    if one is None:
        return Cell(None, NO_ASSESSMENT_AT_TIMEPOINT.code)
    stated = ends.progression
    who = _assessors(one)
    own = [row for row in rows if row["assessor"] in who]
    flags = {flag for row in own for flag in row["flags"]}
    category = one.category
    if who == [CARPET]:
        flags.add(NOT_READ.code)
        category = own[0]["category"]
        if category in PROGRESSION and (stated is None or stated.day > one.day + DIFFER_DAYS):
            flags.add(PROGRESSION_UNCONFIRMED.code)
    elif category == DISPUTED:
        return Cell(None, PROGRESSION_DISPUTED.code)
    if category == NO_CALL:
        return Cell(None, RESPONSE_NOT_EVALUABLE.code)
    if why := ends.reason(one.day, category):
        return Cell(None, why)
    if len({row["category"] for row in own}) > 1:
        flags.add(READERS_DIFFER.code)
    return Cell(category, flags=tuple(sorted(flags)))


def _assessors(one: Assessment) -> list[str]:
    """Who called it: `M3 lugano@1 by reader A, reader B`."""
    return one.record.partition(" by ")[2].split(", ")


def _rows(result: CourseResult, criterion: str, timepoint: str) -> list[Row]:
    return [row for row in result.responses if row["timepoint"] == timepoint and row["criterion"].partition("@")[0] == criterion]


def _deauville(rows: Sequence[Row], ends: _Ends) -> Cell:
    """The highest of the readers' scores, else that of the numbers; none of a scan after new therapy."""
    said = [row for row in rows if row["category"] != NO_CALL]
    readers = [row for row in said if row["assessor"] != CARPET]
    kept = readers or said
    if not kept:
        return Cell(None, RESPONSE_NOT_EVALUABLE.code if rows else NO_ASSESSMENT_AT_TIMEPOINT.code)
    worst = max(kept, key=lambda row: (row["category"] != "X", row["category"]))
    if ends.treated_by(worst["day"]):
        return Cell(None, AFTER_NEW_THERAPY.code)
    flags = {*worst["flags"]} | (set() if readers else {NOT_READ.code})
    if len({row["category"] for row in kept}) > 1:
        flags.add(READERS_DIFFER.code)
    return Cell(worst["category"], flags=tuple(sorted(flags)))


def _best(facts: PatientFacts, ends: _Ends) -> Cell:
    """The best of what endpoints know, until their progression or new therapy; unscheduled scans count."""
    order = in_order(next(one for one in criteria().values() if one.name == "lugano").categories)
    scans = {one.day: one for one in assessed(facts)}
    calls = [Called("", day, NO_CALL if one.category == DISPUTED else one.category) for day, one in scans.items()]
    first = ends.progression
    if first is not None:
        calls.append(Called("", max(first.day, 1), PROGRESSION[0]))
    if not calls:
        return Cell(None, NO_ASSESSMENT_AT_TIMEPOINT.code)
    best = best_response(calls, order=order, new_therapy_day=ends.therapy_day)
    if best.day is None:
        return Cell(None, RESPONSE_NOT_EVALUABLE.code)
    by_numbers = best.day in scans and _assessors(scans[best.day]) == [CARPET]
    return Cell(best.category, flags=(NOT_READ.code,) if by_numbers else ())


def first_complete(result: CourseResult, protocol: Protocol, rules: str = "") -> tuple[bool, int | None]:
    """Whether anybody assessed the patient after infusion, and the day of the first complete response before progression, new therapy and,
    as the rules have it, a transplant."""
    facts = facts_of(result.course, result.responses, protocol, criterion="lugano").facts
    ends = _ends(facts, protocol, rules)
    complete = [one.day for one in assessed(facts) if one.category in COMPLETE and not ends.reason(one.day, one.category)]
    return bool(facts.assessments), min(complete, default=None)
