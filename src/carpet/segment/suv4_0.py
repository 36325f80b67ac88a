"""Fixed threshold of SUV 4.0."""

from __future__ import annotations

from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

THRESHOLD_SUV = 4.0


@segmenter("suv4.0", source="Boellaard 2024, J Nucl Med 65:1343; Burggraaff 2020, Mol Imaging Biol, doi:10.1007/s11307-020-01474-z")
def suv4_0(roi: Roi) -> BoolArray:
    """Voxels with SUVbw ≥ 4.0."""
    return roi.suv.values >= THRESHOLD_SUV
