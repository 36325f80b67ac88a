"""IPI: the International Prognostic Index."""

from __future__ import annotations

from carpet.clinical.international_index import SOURCE, index_points
from carpet.clinical.score import Scored, score

GROUPS = ("low", "low", "low-intermediate", "high-intermediate", "high", "high")


@score("ipi", unit="{score}", source=SOURCE, made_for="aggressive lymphoma, first line")
def ipi(*, age_years: float, ldh_uln_ratio: float, ecog: int, ann_arbor_stage: int, extranodal_sites: int) -> Scored:
    """One point each: age > 60, LDH above its upper limit, ECOG ≥ 2, stage III or IV, more than one extranodal site.

    0–1 low, 2 low-intermediate, 3 high-intermediate, 4–5 high.
    """
    points = index_points(
        age_years=age_years,
        ldh_uln_ratio=ldh_uln_ratio,
        ecog=ecog,
        ann_arbor_stage=ann_arbor_stage,
        extranodal_sites=extranodal_sites,
    )
    return Scored(points, GROUPS[points])
