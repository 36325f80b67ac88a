"""The five questions of the International Prognostic Index, shared by its relatives."""

from __future__ import annotations

import math

from carpet.clinical.limits import exceeds

ELDERLY_YEARS = 60  # above it: one point
POOR_ECOG = 2  # from it: one point
ADVANCED_STAGE = 3  # from it: one point
FEW_EXTRANODAL = 1  # above it: one point
SOURCE = "Shipp 1993, N Engl J Med 329:987"


def is_elderly(age_years: float) -> bool:
    """Older than 60 in completed years: 60.5 is not."""
    return math.floor(age_years) > ELDERLY_YEARS


def shared_points(*, ldh_uln_ratio: float, ecog: int, ann_arbor_stage: int) -> int:
    """LDH above its upper limit, ECOG 2 or more, stage III or IV: a point each."""
    return exceeds(ldh_uln_ratio, 1.0) + (ecog >= POOR_ECOG) + (ann_arbor_stage >= ADVANCED_STAGE)


def index_points(*, age_years: float, ldh_uln_ratio: float, ecog: int, ann_arbor_stage: int, extranodal_sites: int) -> int:
    """The IPI, 0 to 5."""
    three = shared_points(ldh_uln_ratio=ldh_uln_ratio, ecog=ecog, ann_arbor_stage=ann_arbor_stage)
    return is_elderly(age_years) + three + (extranodal_sites > FEW_EXTRANODAL)
