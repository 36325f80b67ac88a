"""Columns of the cohort that say what happened: worst toxicity by ASTCT 2019, and endpoints by one set of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carpet.clinical.episodes import ASTCT
from carpet.cohort.endpoints.notices import NOT_INFUSED
from carpet.run.cohort.columns import OF_SURVIVAL, Cell
from carpet.run.cohort.notices import EPISODE_WITHOUT_GRADE, GRADE_FROM_ITEMS, GRADE_OF_OTHER_SCALE, NOT_ASKED_FOR, TOXICITY_NOT_RECORDED
from carpet.run.trial.course import Course

Row = Mapping[str, Any]
DEATH = 5  # the highest grade of ASTCT 2019: no other episode can be worse


def toxicity_cells(course: Course, rows: Sequence[Row]) -> dict[str, Cell]:
    """The worst grade of each syndrome; rows: the patient's of the table toxicity. Without a row nobody says that it did not happen, and
    while an episode has no ASTCT grade nobody knows the worst, unless a patient died of another."""
    return {f"{event}_grade": _grade(course, [row for row in rows if row["event"] == event]) for event in ("crs", "icans")}


def _grade(course: Course, rows: Sequence[Row]) -> Cell:
    if course.patient.infusion_date is None:
        return Cell(None, NOT_INFUSED.code)
    if not rows:
        return Cell(None, TOXICITY_NOT_RECORDED.code)
    graded = [(_astct(row), row) for row in rows]
    known = [(grade, row) for grade, row in graded if grade is not None]
    if not known:
        return Cell(None, GRADE_OF_OTHER_SCALE.code)
    grade, worst = max(known, key=lambda one: (one[0], one[1]["scale"] == ASTCT))
    if len(known) < len(graded) and grade < DEATH:
        return Cell(None, EPISODE_WITHOUT_GRADE.code)
    of_items = (GRADE_FROM_ITEMS.code,) if worst["scale"] != ASTCT else ()
    return Cell(grade, flags=(*worst["flags"], *of_items))


def _astct(row: Row) -> int | None:
    grade = row["grade"] if row["scale"] == ASTCT else row["derived_grade"]
    return None if grade is None else int(grade)


def endpoint_cells(rows: Sequence[Row]) -> dict[str, Cell]:
    """Days and event of each endpoint; rows: the patient's of the table endpoints, by one set of rules."""
    by = {row["endpoint"]: row for row in rows}
    made: dict[str, Cell] = {}
    for name in OF_SURVIVAL:
        row, short = by.get(name, {}), name.lower()
        reason, flags = row.get("reason_missing") or NOT_ASKED_FOR.code, tuple(row.get("flags", ()))
        made[f"{short}_days"] = Cell.of(row.get("days"), reason, flags)
        made[f"{short}_event"] = Cell.of(row.get("event"), reason, flags)
    early = by.get("EP", {})
    event = early.get("event")
    made["early_progression"] = Cell.of(
        None if event is None else event == 1, early.get("reason_missing") or NOT_ASKED_FOR.code, tuple(early.get("flags", ()))
    )
    return made
