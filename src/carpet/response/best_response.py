"""Best overall response: the best category from day 1 until progression, as a scan or the trial dates it, or new therapy (METHODS D.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carpet.response.called import PROGRESSION, Called, by_day, told

NEVER_EVALUATED = "NE"
STATED = "progression_date"  # ended by what patients.csv states


@dataclass(frozen=True, slots=True)
class Best:
    """The best category and the first time point that shows it (`""`: none does; day None: not on any day); what ended the count; both in
    words."""

    category: str
    timepoint: str
    day: int | None
    ended_by: str
    because: str


def best_response(
    calls: Iterable[Called],
    *,
    order: Sequence[str],
    new_therapy_day: int | None,
    progression_day: int | None = None,
    scan_days: Iterable[int] = (),
) -> Best:
    """The best of what one criterion and assessor called; NE where nothing that has an order was called.

    order: the categories, best first (`in_order`); others are never best. A scan of the very day of new therapy still counts; of the day of
    a stated progression (progression_day) only one that shows it. Where none was called before that day, the best is progression itself.
    scan_days: of every time point that anybody could have called, so that it is said which of them this assessor did not.
    """
    known = by_day(calls)
    counted, ended_by, how = _counted(known, new_therapy_day, progression_day)
    ranked = [one for one in counted if one.category in order]
    left_out = [one for one in known if one not in counted]
    until = min((day for day in (new_therapy_day, progression_day) if day is not None), default=None)
    after = _not_called(known, scan_days, until) + (f"; not counted: {told(left_out)}" if left_out else "")
    if not ranked and ended_by == STATED:
        worst = next(one for one in order if one in PROGRESSION)
        return Best(worst, "", progression_day, ended_by, f"no response was called before; {how}{after}")
    if not ranked:
        seen = f"nothing that counts as a response was called: {told(counted)}" if counted else "no scan was called"
        return Best(NEVER_EVALUATED, "", None, ended_by, f"{seen}; {how}{after}")
    best = min(ranked, key=lambda one: (order.index(one.category), one.day))
    return Best(best.category, best.timepoint, best.day, ended_by, f"{told([best])}; {how}{after}")


def _counted(known: Sequence[Called], new_therapy_day: int | None, progression_day: int | None) -> tuple[list[Called], str, str]:
    """The calls up to and with the first progression, none after the day of new therapy, none without progression from the stated day
    on; what ended the count, as a word and in words."""
    before = [one for one in known if new_therapy_day is None or one.day <= new_therapy_day]
    before = [one for one in before if progression_day is None or one.day < progression_day or _shows(one, progression_day)]
    first = next((n for n, one in enumerate(before) if one.category in PROGRESSION), None)
    if first is not None:
        return before[: first + 1], "PD", f"the count ended with progression on day {before[first].day}"
    if progression_day is not None and (new_therapy_day is None or progression_day <= new_therapy_day):
        return before, STATED, f"the count ended with progression as patients.csv states it, on day {progression_day}"
    if new_therapy_day is not None:
        return before, "new therapy", f"the count ended with new therapy on day {new_therapy_day}"
    return before, "last scan", _followed(before)


def _shows(one: Called, progression_day: int) -> bool:
    return one.day == progression_day and one.category in PROGRESSION


def _followed(before: Sequence[Called]) -> str:
    """How far the assessor's own calls go: a scan that could not be evaluated shows nothing."""
    days = [one.day for one in before if one.category != NEVER_EVALUATED]
    if not days:
        return "no scan could be evaluated" if before else "there was none"
    return f"{len(days)} scan{'s' if len(days) > 1 else ''} called, the last on day {days[-1]}"


def _not_called(known: Sequence[Called], scan_days: Iterable[int], until: int | None) -> str:
    """Time points of the count of which this assessor says nothing that could be evaluated."""
    called = {one.day for one in known if one.category != NEVER_EVALUATED}
    first = min((one.day for one in known if one.category in PROGRESSION), default=None)
    ends = [day for day in (until, first) if day is not None]
    silent = sorted({day for day in scan_days if day >= 1 and day not in called and all(day <= end for end in ends)})
    return f"; not called: {', '.join(f'day {day}' for day in silent)}" if silent else ""
