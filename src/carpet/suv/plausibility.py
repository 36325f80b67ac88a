"""A law that needs no landmark: the field of view cannot hold more activity than was injected."""

from __future__ import annotations

import numpy as np

from carpet.core.space import Quantity, Volume

MOST_OF_DOSE = 1.15  # calibration and reconstruction are within 10 %, and something is always outside or excreted
LEAST_OF_DOSE = 0.10  # of a scan at least LONG_MM long; two public scans show 0.32 (44 cm) and 0.66 (87 cm)
LONG_MM = 600.0
ML_PER_KG = 1000.0  # SUVbw assumes 1 g/mL


def share_of_dose(suv: Volume, weight_kg: float) -> float:
    """The activity in the field of view over the activity injected, both at one time: Σ SUVbw · voxel volume / body weight.

    `suv` in g/mL; raises ValueError for another quantity than SUVbw.
    """
    if suv.quantity is not Quantity.SUV_BW:
        raise ValueError("the share of the dose is told from SUVbw")
    return float(suv.values.sum(dtype=np.float64)) * suv.grid.voxel_ml / (ML_PER_KG * weight_kg)


def share_is_plausible(share: float, length_mm: float) -> bool:
    """False where more was found than injected, or next to nothing in a long scan (`length_mm` along the slices)."""
    return share <= MOST_OF_DOSE and (share >= LEAST_OF_DOSE or length_mm < LONG_MM)
