"""50 % of the lesion's maximum."""

from __future__ import annotations

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

FRACTION = 0.50


@segmenter("max50", source="common practice beside 41 %; no defining paper is known")
def max50(roi: Roi) -> BoolArray:
    """Voxels with SUV ≥ 50 % of the lesion's SUVmax."""
    return roi.reaches(FRACTION * roi.maximum)
