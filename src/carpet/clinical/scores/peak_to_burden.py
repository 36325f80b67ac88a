"""Expansion for the size of the tumour: peak CAR T-cells over tumour burden."""

from __future__ import annotations

from carpet.clinical.score import Scored, score
from carpet.core.errors import NotMeasurable


@score(
    "peak_to_burden",
    unit="/uL/mm2",
    source="Locke 2020, Blood Adv 4:4898; units not verified",
    made_for="large B-cell lymphoma, axicabtagene ciloleucel (ZUMA-1)",
    timepoints=("TT",),
)
def peak_to_burden(*, cart_peak: float, spd: float) -> Scored:
    """Highest CAR T-cells in blood (cells/µL, days 0 to 28) over the SPD of the CT targets before infusion (mm²); it has no cut-off."""
    if spd <= 0.0:
        raise NotMeasurable("NO_CT_TARGET")
    return Scored(cart_peak / spd)
