"""R-IPI: the revised International Prognostic Index."""

from __future__ import annotations

from carpet.clinical.international_index import index_points
from carpet.clinical.score import Scored, score

GROUPS = ("very good", "good", "good", "poor", "poor", "poor")


@score("r_ipi", unit="{score}", source="Sehn 2007, Blood 109:1857", made_for="DLBCL, first line with rituximab")
def r_ipi(*, age_years: float, ldh_uln_ratio: float, ecog: int, ann_arbor_stage: int, extranodal_sites: int) -> Scored:
    """The points of the IPI in other groups: 0 very good, 1–2 good, 3–5 poor."""
    points = index_points(
        age_years=age_years,
        ldh_uln_ratio=ldh_uln_ratio,
        ecog=ecog,
        ann_arbor_stage=ann_arbor_stage,
        extranodal_sites=extranodal_sites,
    )
    return Scored(points, GROUPS[points])
