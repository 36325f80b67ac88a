"""IMPI: the International Metabolic Prognostic Index, its linear predictor only."""

from __future__ import annotations

import math

from carpet.clinical.notices import NOT_VALIDATED_FOR_CAR_T
from carpet.clinical.score import Delineated, Scored, score
from carpet.core.errors import NotMeasurable

DELINEATION = "suv4.0"
KNOT_ML = 307.9
PER_ML, PER_ML_BEYOND_KNOT, PER_YEAR = 0.003077330, -0.002761985, 0.008092449  # natural logarithm of the hazard
OF_STAGE = {1: 0.0, 2: -0.114645415, 3: 0.281141117, 4: 0.322247142}


@score(
    "impi",
    unit="1",
    source="Mikhaeel 2022, J Clin Oncol 40:2352, doi:10.1200/JCO.21.02063; coefficients as restated in an ASH 2022 abstract (n = 314)",
    made_for="DLBCL, first line; not validated for CAR T-cells",
)
def impi(*, tmtv: Delineated, age_years: float, ann_arbor_stage: int) -> Scored:
    """Linear predictor of TMTV (SUV 4.0; a spline with one knot at 307.9 mL), age and stage. No group and no survival: their constants
    could not be verified. That the spline's second term adds to the first is our reading of the abstract.
    """
    if DELINEATION not in tmtv.by:
        raise NotMeasurable("TMTV_BY_SUV4_0_MISSING")
    ml = tmtv.by[DELINEATION]
    value = PER_ML * ml + PER_ML_BEYOND_KNOT * max(ml - KNOT_ML, 0.0) + PER_YEAR * math.floor(age_years) + OF_STAGE[ann_arbor_stage]
    return Scored(value, "", (NOT_VALIDATED_FOR_CAR_T.code,), DELINEATION)
