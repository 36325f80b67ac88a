"""Metabolic bulk volume."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("mbv", unit="mL", source="METHODS §B.3")
def mbv(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The volume of the largest lesion."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    return max(lesion.region.volume_ml for lesion in lesions)
