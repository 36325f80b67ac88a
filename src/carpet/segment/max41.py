"""41 % of the lesion's maximum."""

from __future__ import annotations

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

FRACTION = 0.41


@segmenter("max41", source="Meignan 2014, Eur J Nucl Med Mol Imaging 41:1113")
def max41(roi: Roi) -> BoolArray:
    """Voxels with SUV ≥ 41 % of the lesion's SUVmax."""
    return roi.reaches(FRACTION * roi.maximum)
