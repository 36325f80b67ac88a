"""Marrow-to-liver ratio."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("marrow_liver_ratio", unit="1", source="Derlin 2021, Ann Nucl Med 35:132")
def marrow_liver_ratio(lesions: Sequence[Lesion], suv: Volume, *, anatomy: Anatomy) -> float:
    """SUVmean of lumbar vertebral marrow over liver SUVmean."""
    return anatomy.uptake("marrow", suv).mean / anatomy.uptake("liver", suv).mean
