"""Metabolic bulk volume."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("mbv", unit="mL", source="Wang 2023, BMC Cancer, doi:10.1186/s12885-023-11333-z")
def mbv(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The volume of the largest lesion."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    return max(lesion.region.volume_ml for lesion in lesions)
