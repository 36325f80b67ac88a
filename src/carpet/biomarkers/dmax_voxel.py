"""Dmax between tumour voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carpet.biomarkers.distances import outermost_mm, widest_mm
from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker(
    "dmax_voxel",
    unit="mm",
    source="Cottereau 2021, Cancers (New approaches in characterization of lesions dissemination)",
)
def dmax_voxel(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The largest distance between the centres of any two disease voxels."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    return widest_mm(np.concatenate([outermost_mm(lesion.region) for lesion in lesions]))
