"""Bulk of ZUMA-1: the longest diameter on CT."""

from __future__ import annotations

from carpet.clinical.cut_offs import CUT_OFFS, apply
from carpet.clinical.score import Scored, score

LIMIT = CUT_OFFS["zuma1_bulk"]
MM_IN_CM = 10.0
GROUPS = {"high": "bulky", "low": "not bulky"}


@score("bulk_10", unit="cm", source=LIMIT.source, made_for="large B-cell lymphoma before CAR T-cells")
def bulk_10(*, longest_diameter: float, timepoint: str) -> Scored:
    """Longest diameter of any lesion on CT in cm: > 10 is bulky (response in 71 % against 85 %)."""
    value = longest_diameter / MM_IN_CM
    side = apply(LIMIT, value, delineation="", timepoint=timepoint)
    return Scored(value, GROUPS[side.group], side.flags)
