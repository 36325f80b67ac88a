"""Conversions: from every category short of a complete response, the first later improvement (METHODS D.9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carpet.response.called import COMPLETE, Called, by_day


@dataclass(frozen=True, slots=True)
class Conversion:
    """An improvement from one time point to a later one; new_therapy_before: it may be the later therapy's."""

    before: Called
    after: Called
    new_therapy_before: bool


def conversions(calls: Iterable[Called], *, order: Sequence[str], new_therapy_day: int | None) -> tuple[Conversion, ...]:
    """For each call short of complete the first better one later: without new therapy, and only where there is none, after it.

    order: the categories, best first; what has no order neither starts nor ends a conversion. () where nothing improved.
    """
    ranked = [one for one in by_day(calls) if one.category in order]
    found = []
    for n, before in enumerate(ranked):
        if before.category in COMPLETE:
            continue
        better = next((one for one in ranked[n + 1 :] if order.index(one.category) < order.index(before.category)), None)
        if better is not None:  # the first is the earliest: where it follows new therapy, so does every later one
            found.append(Conversion(before, better, new_therapy_day is not None and new_therapy_day < better.day))
    return tuple(found)
