"""How many lesions."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("lesion_count", unit="{count}", source="26-connectivity as RaCaT; docs/decisions/0006")
def lesion_count(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The number of lesions: 26-connected regions of disease. No lesion: 0."""
    return float(len(lesions))
