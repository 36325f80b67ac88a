"""Early progression: progression within the first month after infusion (METHODS D.9; Vercellino 2020 Blood Adv 4:5607)."""

from __future__ import annotations

from collections.abc import Iterable

from carpet.response.called import PROGRESSION, Called, by_day
from carpet.response.finding import Finding, When, finding
from carpet.response.finding_notices import EARLY_PROGRESSION

FIRST_MONTH_DAYS = 31  # [P] where the protocol has no month 1; else to the last day of its window: that scan is the first month's


def early_progression(calls: Iterable[Called], *, last_day: int = FIRST_MONTH_DAYS) -> tuple[Finding, ...]:
    """A finding for each time point and assessor with progression by any criterion on days 1 to last_day; () where there is none.

    What the same assessor called by the other criteria of that scan is told beside it.
    """
    early = [one for one in by_day(calls) if one.day <= last_day]
    found = []
    for where in dict.fromkeys((one.timepoint, one.day, one.assessor) for one in early):
        here = [one for one in early if (one.timepoint, one.day, one.assessor) == where]
        yes = [one for one in here if one.category in PROGRESSION]
        if yes:
            timepoint, day, assessor = where
            names = {one.criterion for one in yes}  # progression that was dated back to this scan stands above what was called then
            no = [f"{one.criterion} {one.category}" for one in here if one.criterion not in names]
            because = f"day {day}, {assessor}: {', '.join(_by(one) for one in yes)}{'; not by ' if no else ''}{', '.join(no)}"
            found.append(finding(EARLY_PROGRESSION, because, When(timepoint, day)))
    return tuple(found)


def _by(one: Called) -> str:
    return f"{one.criterion} {one.category}{f' ({one.rule})' if one.rule else ''}"
