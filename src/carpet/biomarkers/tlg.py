"""Total lesion glycolysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carpet.biomarkers.measure import biomarker
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("tlg", unit="g", source="Larson 1999, Clin Positron Imaging 2:159")
def tlg(lesions: Sequence[Lesion], suv: Volume) -> float:
    """SUV times voxel volume, summed over all lesion voxels: each lesion's SUVmean times its volume. No lesion: 0."""
    uptake = sum(float(lesion.region.values_of(suv).sum(dtype=np.float64)) for lesion in lesions)
    return uptake * suv.grid.voxel_ml
