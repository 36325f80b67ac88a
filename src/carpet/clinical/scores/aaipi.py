"""aaIPI: the age-adjusted International Prognostic Index."""

from __future__ import annotations

from carpet.clinical.international_index import SOURCE, is_elderly, shared_points
from carpet.clinical.score import Scored, score
from carpet.core.errors import NotMeasurable


@score("aaipi", unit="{score}", source=SOURCE, made_for="aggressive lymphoma, first line, 60 years or younger")
def aaipi(*, age_years: float, ldh_uln_ratio: float, ecog: int, ann_arbor_stage: int) -> Scored:
    """One point each: LDH above its upper limit, ECOG ≥ 2, stage III or IV; groups 0, 1, 2, 3. Not defined above 60 years."""
    if is_elderly(age_years):
        raise NotMeasurable("AGE_OVER_60")
    points = shared_points(ldh_uln_ratio=ldh_uln_ratio, ecog=ecog, ann_arbor_stage=ann_arbor_stage)
    return Scored(points, str(points))
