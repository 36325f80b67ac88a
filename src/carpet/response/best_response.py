"""Best overall response: the best category from day 1 until progression or new therapy. No confirmation is asked for (METHODS D.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carpet.response.called import PROGRESSION, Called, by_day, told

NEVER_EVALUATED = "NE"


@dataclass(frozen=True, slots=True)
class Best:
    """The best category and the first time point that shows it (`""`, None: none does); what ended the count; both in words."""

    category: str
    timepoint: str
    day: int | None
    ended_by: str
    because: str


def best_response(calls: Iterable[Called], *, order: Sequence[str], new_therapy_day: int | None) -> Best:
    """The best of what one criterion and assessor called; NE where nothing that has an order was called.

    order: the categories, best first (`in_order`); others are never best. A scan of the very day of new therapy still counts.
    """
    known = by_day(calls)
    counted, ended_by, how = _counted(known, new_therapy_day)
    ranked = [one for one in counted if one.category in order]
    left_out = [one for one in known if one not in counted]
    after = f"; not counted: {told(left_out)}" if left_out else ""
    if not ranked:
        seen = f"nothing that counts as a response was called: {told(counted)}" if counted else "no scan was called"
        return Best(NEVER_EVALUATED, "", None, ended_by, f"{seen}; {how}{after}")
    best = min(ranked, key=lambda one: (order.index(one.category), one.day))
    return Best(best.category, best.timepoint, best.day, ended_by, f"{told([best])}; {how}{after}")


def _counted(known: Sequence[Called], new_therapy_day: int | None) -> tuple[list[Called], str, str]:
    """The calls up to and with the first progression, none after the day of new therapy; what ended the count, as a word and in words."""
    before = [one for one in known if new_therapy_day is None or one.day <= new_therapy_day]
    first = next((n for n, one in enumerate(before) if one.category in PROGRESSION), None)
    if first is not None:
        return before[: first + 1], "PD", f"the count ended with progression on day {before[first].day}"
    if new_therapy_day is not None:
        return before, "new therapy", f"the count ended with new therapy on day {new_therapy_day}"
    return before, "last scan", f"the count goes to day {before[-1].day}" if before else "there was none"
