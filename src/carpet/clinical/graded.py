"""A grade made from the items of an event, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Graded(NamedTuple):
    """grade: None where an item that could raise it is not known. because: the items that decided, or what lacks, in words. least: the
    grade that the known items make."""

    grade: int | None
    rule: str
    because: str
    least: int = 0


class Item(NamedTuple):
    """One row of a grading table. points: the grade it gives by itself, None where it is not known."""

    name: str
    points: int | None
    said: str = ""


def worst_item(rule: str, items: Iterable[Item], *, highest: int) -> Graded:
    """The worst of the items; not known where one is not known, unless another already gives the highest grade that items can give."""
    kept = tuple(items)
    grade = max((item.points for item in kept if item.points is not None), default=0)
    lacking = [item.name for item in kept if item.points is None]
    by = ", ".join(f"{item.name} {item.said}".strip() for item in kept if item.points == grade and grade > 0)
    if lacking and grade < highest:
        least = f"at least {grade} by {by}; " if grade else ""
        return Graded(None, rule, f"{least}not known: {', '.join(lacking)}", grade)
    return Graded(grade, rule, by or "no item", grade)


def pointed(name: str, value: str | None, points: Mapping[str, int]) -> Item:
    """The item of a word."""
    return Item(name, None if value is None else points[value], (value or "").replace("_", " "))
