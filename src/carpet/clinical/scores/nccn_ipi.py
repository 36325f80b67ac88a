"""NCCN-IPI: the enhanced International Prognostic Index."""

from __future__ import annotations

import math

from carpet.clinical.international_index import ADVANCED_STAGE, POOR_ECOG
from carpet.clinical.limits import exceeds
from carpet.clinical.score import Scored, score

AGE_LIMITS = (40, 60, 75)  # completed years; a point for each that is exceeded
LDH_LIMITS = (1.0, 3.0)  # times the upper limit of normal; a point for each that is exceeded
GROUPS = ("low", "low", "low-intermediate", "low-intermediate", "high-intermediate", "high-intermediate", "high", "high", "high")


@score("nccn_ipi", unit="{score}", source="Zhou 2014, Blood 123:837", made_for="DLBCL, first line with rituximab")
def nccn_ipi(*, age_years: float, ldh_uln_ratio: float, ecog: int, ann_arbor_stage: int, nccn_extranodal_site: bool) -> Scored:
    """Age 41–60 one, 61–75 two, > 75 three points; LDH > 1–3 times its limit one, > 3 two; ECOG ≥ 2, stage III or IV, and marrow, CNS,
    liver, gastrointestinal tract or lung involved, one each. 0–1 low, 2–3 low-intermediate, 4–5 high-intermediate, 6–8 high.
    """
    points = sum(math.floor(age_years) > limit for limit in AGE_LIMITS) + sum(exceeds(ldh_uln_ratio, limit) for limit in LDH_LIMITS)
    points += (ecog >= POOR_ECOG) + (ann_arbor_stage >= ADVANCED_STAGE) + bool(nccn_extranodal_site)
    return Scored(points, GROUPS[points])
