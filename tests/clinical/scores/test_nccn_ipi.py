"""Truth: worked example EX15; Zhou 2014: at and beside each limit."""

from __future__ import annotations

from typing import Any

import pytest

LEAST: dict[str, Any] = {"age_years": 40, "ldh_uln_ratio": 1.0, "ecog": 1, "ann_arbor_stage": 2, "nccn_extranodal_site": False}


@pytest.mark.shared
def test_the_worked_example(asked: Any, index_patients: Any) -> None:
    for facts, expected in index_patients.values():
        found = asked("nccn_ipi", **facts)
        assert (found.value, found.group) == (expected["NCCN_IPI"], expected["NCCN_group"])


@pytest.mark.parametrize(
    ("fact", "value", "points"),
    [
        ("age_years", 40, 0),
        ("age_years", 40.9, 0),
        ("age_years", 41, 1),
        ("age_years", 60, 1),
        ("age_years", 61, 2),
        ("age_years", 75, 2),
        ("age_years", 76, 3),
        ("ldh_uln_ratio", 1.0, 0),
        ("ldh_uln_ratio", 1.01, 1),
        ("ldh_uln_ratio", 3.0, 1),
        ("ldh_uln_ratio", 3.01, 2),
        ("ecog", 2, 1),
        ("ann_arbor_stage", 3, 1),
        ("nccn_extranodal_site", True, 1),
    ],
)
def test_limits(asked: Any, fact: str, value: Any, points: int) -> None:
    assert asked("nccn_ipi", **LEAST | {fact: value}).value == points


def test_groups(asked: Any) -> None:
    said = {}
    for age in (40, 41, 61, 76):
        for ldh in (1.0, 2.0, 4.0):
            for others in range(4):
                facts = {"age_years": age, "ldh_uln_ratio": ldh, "ecog": 2 * (others > 0), "ann_arbor_stage": 1 + 2 * (others > 1)}
                found = asked("nccn_ipi", **facts, nccn_extranodal_site=others > 2)
                said.setdefault(found.value, set()).add(found.group)
    pairs = zip(range(9), ["low"] * 2 + ["low-intermediate"] * 2 + ["high-intermediate"] * 2 + ["high"] * 3, strict=True)
    assert said == {points: {group} for points, group in pairs}
