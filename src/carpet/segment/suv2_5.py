"""Fixed threshold of SUV 2.5."""

from __future__ import annotations

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

THRESHOLD_SUV = 2.5


@segmenter("suv2.5", source="Burggraaff 2020, Mol Imaging Biol, doi:10.1007/s11307-020-01474-z")
def suv2_5(roi: Roi) -> BoolArray:
    """Voxels with SUVbw ≥ 2.5."""
    return roi.suv.values >= THRESHOLD_SUV
