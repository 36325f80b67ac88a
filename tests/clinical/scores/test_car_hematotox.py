"""Truth: METHODS E.4 (Rejeski 2021): at and beside each limit; equality scores a point where the source is silent."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

LEAST = {"platelets": 176.0, "anc": 1.201, "hb": 9.1, "crp": 2.9, "ferritin": 649.0}


@pytest.mark.parametrize(
    ("fact", "value", "points"),
    [
        ("platelets", 175.1, 0),
        ("platelets", 175.0, 1),
        ("platelets", 75.0, 1),
        ("platelets", 74.9, 2),
        ("anc", 1.2, 1),
        ("anc", 0.1, 1),
        ("hb", 9.0, 1),
        ("crp", 3.0, 1),
        ("crp", 3.1, 1),
        ("ferritin", 650.0, 1),
        ("ferritin", 2000.0, 1),
        ("ferritin", 2000.1, 2),
    ],
)
def test_limits(asked: Any, fact: str, value: float, points: int) -> None:
    assert asked("car_hematotox", timepoint="LD", **LEAST).value == 0
    assert asked("car_hematotox", timepoint="LD", **LEAST | {fact: value}).value == points


def test_points_add_up_and_two_are_high(asked: Any) -> None:
    values = {
        "platelets": (200.0, 100.0, 50.0),
        "anc": (2.0, 1.0),
        "hb": (10.0, 8.0),
        "crp": (1.0, 5.0),
        "ferritin": (100.0, 1000.0, 5000.0),
    }
    for chosen in itertools.product(*(range(len(one)) for one in values.values())):
        facts = {name: values[name][point] for name, point in zip(values, chosen, strict=True)}
        found = asked("car_hematotox", timepoint="LD", **facts)
        assert (found.value, found.group) == (sum(chosen), "high" if sum(chosen) >= 2 else "low")
