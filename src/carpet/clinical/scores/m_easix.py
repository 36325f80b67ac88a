"""m-EASIX: EASIX with CRP in place of creatinine."""

from __future__ import annotations

from carpet.clinical.score import EASIX_UNIT, Scored, score
from carpet.core.errors import NotMeasurable


@score("m_easix", unit=EASIX_UNIT, source="Pennisi 2021, Blood Adv 5:3397", made_for="CAR T-cell therapy", timepoints=("TD", "TT", "LD"))
def m_easix(*, ldh: float, crp: float, platelets: float) -> Scored:
    """LDH (U/L) × CRP (mg/dL) ÷ platelets (10⁹/L)."""
    if platelets <= 0.0:
        raise NotMeasurable("PLATELETS_ZERO")
    return Scored(ldh * crp / platelets)
