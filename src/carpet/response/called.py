"""What one criterion called for one scan, and which of its categories can be put in an order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COMPLETE = ("CR", "CMR")
PROGRESSION = ("PD", "PMD")
WITHOUT_ORDER = ("NE", "DISCORDANT", "IR1", "IR2", "IR3")  # neither better nor worse than another: not known, or not yet known


@dataclass(frozen=True, slots=True)
class Called:
    """One category of one time point. day: from infusion; rule: what decided."""

    timepoint: str
    day: int
    category: str
    criterion: str = ""
    assessor: str = ""
    rule: str = ""


def in_order(categories: Iterable[str]) -> tuple[str, ...]:
    """The categories of a criterion that have an order, best first, as the criterion lists them."""
    return tuple(one for one in categories if one not in WITHOUT_ORDER)


def by_day(calls: Iterable[Called]) -> list[Called]:
    """After infusion, in the order of days: a scan of day 0 shows nothing of the treatment."""
    return sorted((one for one in calls if one.day >= 1), key=lambda one: one.day)


def told(calls: Sequence[Called]) -> str:
    """In words: `M1 PR (day 29), M3 CR (day 90)`."""
    return ", ".join(f"{one.timepoint} {one.category} (day {one.day})" for one in calls)
