"""s-EASIX: EASIX without creatinine."""

from __future__ import annotations

from carpet.clinical.score import Scored, score
from carpet.core.errors import NotMeasurable


@score(
    "s_easix", unit="(U/L)/(10*9/L)", source="Pennisi 2021, Blood Adv 5:3397", made_for="CAR T-cell therapy", timepoints=("TD", "TT", "LD")
)
def s_easix(*, ldh: float, platelets: float) -> Scored:
    """LDH (U/L) ÷ platelets (10⁹/L)."""
    if platelets <= 0.0:
        raise NotMeasurable("PLATELETS_ZERO")
    return Scored(ldh / platelets)
