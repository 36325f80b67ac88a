"""Truth: worked example EX15; Sehn 2007: 0 very good, 1–2 good, 3–5 poor."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.shared
def test_the_worked_example(asked: Any, index_patients: Any) -> None:
    for facts, expected in index_patients.values():
        assert asked("r_ipi", **facts).group == expected["R_IPI"]


def test_groups(asked: Any) -> None:
    facts: dict[str, Any] = {"age_years": 50, "ldh_uln_ratio": 1.0, "ecog": 0, "ann_arbor_stage": 1, "extranodal_sites": 0}
    groups = [asked("r_ipi", **facts).group]
    for name, value in (("age_years", 70), ("ldh_uln_ratio", 2.0), ("ecog", 4), ("ann_arbor_stage", 4), ("extranodal_sites", 5)):
        facts[name] = value
        groups.append(asked("r_ipi", **facts).group)
    assert groups == ["very good", "good", "good", "poor", "poor", "poor"]
