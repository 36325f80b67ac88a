"""Tumour burden of TRANSCEND: the sum of products of diameters on CT."""

from __future__ import annotations

from carpet.clinical.cut_offs import CUT_OFFS, apply
from carpet.clinical.score import Scored, score

LIMIT = CUT_OFFS["transcend_spd"]
MM2_IN_CM2 = 100.0


@score("transcend_burden", unit="cm2", source=LIMIT.source, made_for="large B-cell lymphoma before CAR T-cells")
def transcend_burden(*, spd: float, timepoint: str) -> Scored:
    """SPD of the CT targets in cm²: ≥ 50 is high (response in 61.4 % against 76.8 %)."""
    value = spd / MM2_IN_CM2
    side = apply(LIMIT, value, delineation="", timepoint=timepoint)
    return Scored(value, side.group, side.flags)
