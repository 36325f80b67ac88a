"""Truth: METHODS F.1 and F.2 by hand: the worst grade of ASTCT alone; endpoints as their rows say."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.core.protocol import Protocol
from carpet.run.cohort.columns import Cell
from carpet.run.cohort.outcomes import endpoint_cells, toxicity_cells
from carpet.run.trial.course import course_of

from .conftest import INFUSED


def grade(*rows: dict[str, Any], infused: bool = True) -> Cell:
    patient = Patient(patient_id="A", infusion_date=INFUSED if infused else None)
    return toxicity_cells(course_of(patient, [], ClinicalTables((patient,)), Protocol()), rows)["crs_grade"]


def crs(given: int | None, *, scale: str = "astct2019", derived: int | None = None, event: str = "crs") -> dict[str, Any]:
    return {"event": event, "scale": scale, "grade": given, "derived_grade": derived, "flags": []}


@pytest.mark.parametrize(
    ("rows", "cell"),
    [
        ([crs(1), crs(3), crs(2)], Cell(3)),
        ([crs(0)], Cell(0)),
        ([], Cell(None, "TOXICITY_NOT_RECORDED")),
        ([crs(2, event="icans")], Cell(None, "TOXICITY_NOT_RECORDED")),
        ([crs(4, scale="penn")], Cell(None, "GRADE_OF_OTHER_SCALE")),
        ([crs(4, scale="penn", derived=2)], Cell(2, "", ("GRADE_FROM_ITEMS",))),
        ([crs(4, scale="penn"), crs(1)], Cell(None, "EPISODE_WITHOUT_GRADE")),
        ([crs(None), crs(4)], Cell(None, "EPISODE_WITHOUT_GRADE")),
        ([crs(4, scale="penn"), crs(5)], Cell(5)),
        ([crs(1, scale="lee2014", derived=1), crs(1)], Cell(1)),
    ],
)
def test_the_worst_grade_by_astct(rows: list[dict[str, Any]], cell: Cell) -> None:
    assert grade(*rows) == cell


def test_who_was_not_infused_has_no_grade() -> None:
    assert grade(crs(1), infused=False) == Cell(None, "ENDPOINT_NOT_INFUSED")


def test_endpoints_as_their_rows_say() -> None:
    rows = [
        {"endpoint": "PFS", "days": 90, "event": 1, "reason_missing": "", "flags": ["MISSED_SCANS"]},
        {"endpoint": "DOR", "days": None, "event": None, "reason_missing": "NO_RESPONSE", "flags": []},
        {"endpoint": "EP", "days": 29, "event": 0, "reason_missing": "", "flags": []},
    ]
    found = endpoint_cells(rows)
    assert (found["pfs_days"], found["pfs_event"]) == (Cell(90, "", ("MISSED_SCANS",)), Cell(1, "", ("MISSED_SCANS",)))
    assert (found["dor_days"].reason, found["dor_event"].value) == ("NO_RESPONSE", None)
    assert found["early_progression"] == Cell(False)
    assert found["os_days"].reason == "NOT_ASKED_FOR"
