"""Liver uptake."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("liver_suv_mean", unit="g/mL", source="Wahl 2009 (PERCIST), J Nucl Med 50(S1):122S")
def liver_suv_mean(lesions: Sequence[Lesion], suv: Volume, *, anatomy: Anatomy) -> float:
    """SUVmean of a 3 cm sphere in the right lobe of the liver."""
    return anatomy.uptake("liver", suv).mean
