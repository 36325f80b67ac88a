"""Truth: worked example EX15; Shipp 1993: each of the five questions beside its limit."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.score import Scored

NONE = {"age_years": 60, "ldh_uln_ratio": 1.0, "ecog": 1, "ann_arbor_stage": 2, "extranodal_sites": 1}  # every answer at its limit
POINT = {"age_years": 61, "ldh_uln_ratio": 1.01, "ecog": 2, "ann_arbor_stage": 3, "extranodal_sites": 2}


@pytest.mark.shared
def test_the_worked_example(asked: Any, index_patients: Any) -> None:
    for facts, expected in index_patients.values():
        found = asked("ipi", **facts)
        assert (found.value, found.group) == (expected["IPI"], expected["IPI_group"])


@pytest.mark.parametrize("fact", NONE)
def test_each_answer_is_one_point(asked: Any, fact: str) -> None:
    assert asked("ipi", **NONE) == Scored(0, "low")
    assert asked("ipi", **NONE | {fact: POINT[fact]}) == Scored(1, "low")


def test_groups(asked: Any) -> None:
    facts, groups = dict(NONE), ["low"]
    for name, value in POINT.items():
        facts[name] = value
        groups.append(asked("ipi", **facts).group)
    assert groups == ["low", "low", "low-intermediate", "high-intermediate", "high", "high"]


def test_years_are_completed(asked: Any) -> None:
    assert asked("ipi", **NONE | {"age_years": 60.5}).value == 0


def test_ldh_at_its_limit_in_binary(asked: Any) -> None:
    assert asked("ipi", **NONE | {"ldh_uln_ratio": 0.1 + 0.2 + 0.7}).value == 0  # 1.0000000000000002 in some orders
