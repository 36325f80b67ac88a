"""Spleen-to-liver ratio."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("spleen_liver_ratio", unit="1", source="Derlin 2021, Ann Nucl Med 35:132")
def spleen_liver_ratio(lesions: Sequence[Lesion], suv: Volume, *, anatomy: Anatomy) -> float:
    """Spleen SUVmean (mask eroded by 5 mm, lesions left out) over liver SUVmean."""
    return anatomy.uptake("spleen", suv).mean / anatomy.uptake("liver", suv).mean
