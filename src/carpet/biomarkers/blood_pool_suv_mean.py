"""Blood-pool uptake."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("blood_pool_suv_mean", unit="g/mL", source="Wahl 2009 (PERCIST), J Nucl Med 50(S1):122S")
def blood_pool_suv_mean(lesions: Sequence[Lesion], suv: Volume, *, anatomy: Anatomy) -> float:
    """SUVmean of a cylinder, 1 cm wide and 2 cm long, in the descending aorta."""
    return anatomy.uptake("blood_pool", suv).mean
