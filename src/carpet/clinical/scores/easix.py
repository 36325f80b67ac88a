"""EASIX: the endothelial activation and stress index."""

from __future__ import annotations

from carpet.clinical.score import EASIX_UNIT, Scored, score
from carpet.core.errors import NotMeasurable


@score("easix", unit=EASIX_UNIT, source="Pennisi 2021, Blood Adv 5:3397", made_for="CAR T-cell therapy", timepoints=("TD", "TT", "LD"))
def easix(*, ldh: float, creatinine: float, platelets: float) -> Scored:
    """LDH (U/L) × creatinine (mg/dL) ÷ platelets (10⁹/L). Models usually take its logarithm to base 2."""
    if platelets <= 0.0:
        raise NotMeasurable("PLATELETS_ZERO")
    return Scored(ldh * creatinine / platelets)
