"""SUVmean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("suv_mean", unit="g/mL", source="Boellaard 2015 (EANM 2.0), Eur J Nucl Med Mol Imaging 42:328")
def suv_mean(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The mean over all voxels of the disease."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    uptake = sum(float(lesion.region.values_of(suv).sum(dtype=np.float64)) for lesion in lesions)
    return uptake / sum(lesion.region.voxels for lesion in lesions)
