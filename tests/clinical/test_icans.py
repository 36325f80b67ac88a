"""Truth: worked example EX13; Lee 2019, the table of grades, row by row; METHODS F.1 for CAPD and ICE 0."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical.icans import icans_grade
from carpet.clinical.toxicity import Toxicity

WELL = Toxicity(
    patient_id="P1", event="icans", ice=10, consciousness="awake", seizure="none", motor_weakness=False, icp_edema="none"
)  # fmt: skip


def grade(age_years: float | None = 60, **items: Any) -> int | None:
    return icans_grade(replace(WELL, **items), age_years=age_years).grade


@pytest.mark.shared
def test_the_worked_example(shared_data: Path) -> None:
    text = (shared_data.parent / "reference" / "worked_examples.json").read_text(encoding="utf-8")
    example = next(one for one in json.loads(text)["examples"] if one["id"] == "EX13")
    names = ("ice", "consciousness", "seizure", "motor_weakness", "icp_edema")
    graded = {name: grade(**dict(zip(names, items, strict=False))) for name, items in example["inputs"]["ICANS"].items()}
    assert graded == example["expected"]["ICANS"]
    assert len(graded) == 8


def test_ice() -> None:
    assert [grade(ice=points) for points in range(11)] == [3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 0]
    assert grade(ice=0, consciousness="unarousable") == 4


@pytest.mark.parametrize(
    ("item", "grades"),
    [
        ("consciousness", {"awake": 0, "spontaneous": 1, "voice": 2, "tactile": 3, "unarousable": 4}),
        ("seizure", {"none": 0, "resolving": 3, "prolonged": 4}),
        ("motor_weakness", {False: 0, True: 4}),
        ("icp_edema", {"none": 0, "focal_edema": 3, "diffuse_edema": 4}),
    ],
)
def test_each_row_of_the_table(item: str, grades: dict[Any, int]) -> None:
    assert {word: grade(**{item: word}) for word in grades} == grades


def test_capd_below_twelve() -> None:
    assert [grade(8, ice=None, capd=points) for points in (0, 1, 8, 9, 32)] == [0, 1, 1, 3, 3]
    assert grade(8, ice=None, capd=5, consciousness="voice") == 2
    assert grade(8, ice=10, capd=9) == 3  # the child's own tool
    assert grade(12, ice=10, capd=9) == 0
    assert grade(12, ice=None, capd=9) is None
    assert grade(None, ice=None, capd=9) == 3


@pytest.mark.parametrize("item", ["ice", "consciousness", "seizure", "motor_weakness", "icp_edema"])
def test_an_unknown_item_may_hide_a_worse_grade(item: str) -> None:
    assert grade(**{item: None}) is None
    worst: dict[str, Any] = {"seizure": "prolonged"} if item != "seizure" else {"motor_weakness": True}
    assert grade(**{item: None}, **worst) == 4


def test_the_reason_is_said() -> None:
    found = icans_grade(replace(WELL, ice=5, seizure=None), age_years=60)
    assert found == (None, "ICANS-ASTCT2019@1", "at least 2 by ICE 5; not known: seizure", 2)


def test_ice_from_its_parts() -> None:
    parts = {"ice_orientation": 2, "ice_naming": 1, "ice_command": 1, "ice_sentence": 0, "ice_counting": 0}
    assert grade(ice=None, **parts) == 2
    assert grade(ice=None, **parts | {"ice_counting": None}) is None
