"""Nestle's threshold, adapted to contrast."""

from __future__ import annotations

import numpy as np

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

BETA, HOT_FRACTION = 0.15, 0.70


@segmenter("nestle", source="Nestle 2005, J Nucl Med 46:1342")
def nestle(roi: Roi) -> BoolArray:
    """Voxels with SUV ≥ 0.15 × mean of the lesion's voxels at or above 70 % of its maximum, plus local background."""
    own = roi.suv.values[roi.seed]
    hot_mean = float(own[own >= np.float32(HOT_FRACTION * roi.maximum)].mean(dtype=np.float64))
    return roi.reaches(BETA * hot_mean + roi.background)
