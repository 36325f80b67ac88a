"""Contract: validation/demo_cohort.py says nothing of tables as planned, and tells each number that is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from carpet.testing.course_effects import EFFECTS, PlannedEffect, planned_follow_up, planned_two_factor
from carpet.testing.courses import planned_patients

ROOT = Path(__file__).parent.parent
IDS = [patient.id for patient in planned_patients()]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "validation"))
    import demo_cohort

    yield demo_cohort
    for name in ("demo_cohort", "demo_trial"):
        sys.modules.pop(name, None)


def row_of(one: PlannedEffect, **numbers: str) -> dict[str, str]:
    """As its table has it; by default as planned."""
    size = 3.0 if one.direction else 1.1
    row = {"ratio": str(size), "low": str(1.5 if one.direction else 0.6), "high": "9", "p": "0.01" if one.direction else "0.4"}
    row |= {"events": "12", "patients": "25", "reason_missing": "", "per": one.per}
    key = {"outcome": one.outcome, "marker": one.column} if one.table == "associations" else {"endpoint": one.outcome, "term": one.column}
    return row | key | {"model": "univariable", "rules": "default"} | numbers


def wrong_with(checked: Any, place: int, **numbers: str) -> list[str]:
    rows: dict[str, list[dict[str, str]]] = {"cox": [], "associations": []}
    for n, one in enumerate(EFFECTS):
        rows[one.table].append(row_of(one, **(numbers if n == place else {})))
    return [text for _, differs in checked.effect_rows(rows) for text in differs]


def test_each_number_that_is_not_as_planned_is_told(checked: Any) -> None:
    planted = next(n for n, one in enumerate(EFFECTS) if one.size is None and one.direction)
    sized = next(n for n, one in enumerate(EFFECTS) if one.size is not None)
    null = next(n for n, one in enumerate(EFFECTS) if not one.direction)
    assert wrong_with(checked, planted) == []
    assert len(wrong_with(checked, planted, low="0.9")) == 1
    assert len(wrong_with(checked, planted, p="0.06")) == 1
    assert len(wrong_with(checked, planted, low="")) == 1  # an open interval leaves out nothing
    assert wrong_with(checked, planted, high="") == []
    assert len(wrong_with(checked, planted, rules="fda")) == 1  # of other rules: no row
    assert len(wrong_with(checked, sized, high="3.9")) == 1
    assert len(wrong_with(checked, null, low="1.01")) == 1
    assert len(wrong_with(checked, null, p="0.006")) == 1
    assert wrong_with(checked, null, p="0.02") == []  # above 0.05 over all nulls
    assert len(wrong_with(checked, null, ratio="", reason_missing="NO_EVENTS")) == 1


def test_groups_days_and_numbers_at_risk_are_held_against_the_plan(checked: Any) -> None:
    follow_up, groups = planned_follow_up(), planned_two_factor()
    cohort = [
        {"patient_id": who, "two_factor": groups.get(who, "")}
        | {f"{name.lower()}_days": str(follow_up[who, name].days) for name in ("PFS", "OS")}
        | {f"{name.lower()}_event": str(int(follow_up[who, name].happened)) for name in ("PFS", "OS")}
        for who in IDS
    ]
    assert [text for _, differs in checked.group_rows(cohort) for text in differs] == []
    cohort[0]["two_factor"], cohort[1]["pfs_days"], cohort[2]["os_event"] = "2", "1", "1"
    assert [text[:3] for _, differs in checked.group_rows(cohort) for text in differs] == ["P01", "P02", "P03"]
    # by hand: of 26, P05, P13 and P17 are not followed to day 182
    shown = {"statistic": "survival", "landmark": "", "endpoint": "OS", "group_by": "", "group": "all", "day": "182"}
    counted = {"at_risk": "23", "patients": "26", "events": "5"}
    ((_, differs),) = checked.at_risk_rows([shown | counted], set(IDS))
    assert differs == []
    ((_, differs),) = checked.at_risk_rows([shown | counted | {"at_risk": "24"}], set(IDS))
    assert len(differs) == 1
    ((_, differs),) = checked.at_risk_rows([], set(IDS))
    assert differs == ["no curve"]
