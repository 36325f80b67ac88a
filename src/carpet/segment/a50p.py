"""50 % of peak, adapted to the background (A50P)."""

from __future__ import annotations

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

FRACTION = 0.50


@segmenter("a50p", source="Frings 2014 as used by Burggraaff 2020, doi:10.1007/s11307-020-01474-z")
def a50p(roi: Roi) -> BoolArray:
    """Voxels with SUV ≥ 50 % of (SUVpeak + local background)."""
    return roi.reaches(FRACTION * (roi.peak + roi.background))
