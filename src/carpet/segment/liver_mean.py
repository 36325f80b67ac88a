"""The liver's mean as threshold."""

from __future__ import annotations

from carpet.core.anatomy import Anatomy
from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi


@segmenter("liver_mean", source="Ilyas 2018, Eur J Nucl Med Mol Imaging, doi:10.1007/s00259-018-3953-z")
def liver_mean(roi: Roi, *, anatomy: Anatomy) -> BoolArray:
    """Voxels with SUV ≥ the mean of the liver (3 cm sphere of the right lobe)."""
    return roi.reaches(anatomy.uptake("liver", roi.volume).mean)
