"""The PERCIST threshold: 1.5 times the liver's mean plus two standard deviations."""

from __future__ import annotations

from carpet.core.anatomy import Anatomy
from carpet.core.space import BoolArray
from carpet.segment.delineate import segmenter
from carpet.segment.roi import Roi

MEAN_FACTOR, SD_FACTOR = 1.5, 2.0


@segmenter("percist_liver", source="Wahl 2009, J Nucl Med 50(S1):122S")
def percist_liver(roi: Roi, *, anatomy: Anatomy) -> BoolArray:
    """Voxels with SUL ≥ 1.5 × liver mean + 2 × liver SD, both SUL, in a 3 cm sphere of the right lobe.

    The rule is proportional to SUL, so the same voxels follow from SUVbw, and no lean body mass is needed.
    """
    liver = anatomy.uptake("liver", roi.volume)
    return roi.reaches(MEAN_FACTOR * liver.mean + SD_FACTOR * liver.sd)
