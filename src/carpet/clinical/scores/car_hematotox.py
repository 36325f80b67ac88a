"""CAR-HEMATOTOX: the risk of long cytopenia, before lymphodepletion."""

from __future__ import annotations

from carpet.clinical.limits import exceeds, reaches
from carpet.clinical.score import Scored, score

PLATELETS_10_9_L = (75.0, 175.0)  # below the first two points, up to the second one
ANC_10_9_L, HB_G_DL, CRP_MG_DL = 1.2, 9.0, 3.0  # equality is undefined in the source and scores a point [P]
FERRITIN_NG_ML = (650.0, 2000.0)  # from the first one point, above the second two
HIGH_POINTS = 2


@score(
    "car_hematotox",
    unit="{score}",
    source="Rejeski 2021, Blood 138:2499; limits of the items not verified",
    made_for="large B-cell lymphoma before lymphodepletion for CAR T-cells",
    timepoints=("LD",),
)
def car_hematotox(*, platelets: float, anc: float, hb: float, crp: float, ferritin: float) -> Scored:
    """Platelets 75–175·10⁹/L one, below two points; neutrophils ≤ 1200/µL, Hb ≤ 9 g/dL, CRP ≥ 3 mg/dL one each; ferritin 650–2000 ng/mL
    one, above two. 0–1 low, 2 or more high.
    """
    few, enough = PLATELETS_10_9_L
    some, much = FERRITIN_NG_ML
    points = (not exceeds(platelets, enough)) + (not reaches(platelets, few))
    points += (not exceeds(anc, ANC_10_9_L)) + (not exceeds(hb, HB_G_DL)) + reaches(crp, CRP_MG_DL)
    points += reaches(ferritin, some) + exceeds(ferritin, much)
    return Scored(points, "high" if points >= HIGH_POINTS else "low")
