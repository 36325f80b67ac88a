"""SUVmax."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("suv_max", unit="g/mL", source="Boellaard 2015 (EANM 2.0), Eur J Nucl Med Mol Imaging 42:328")
def suv_max(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The largest voxel of the disease."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    return max(float(lesion.region.values_of(suv).max()) for lesion in lesions)
