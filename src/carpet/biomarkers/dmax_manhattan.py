"""Dmax by the Manhattan distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carpet.biomarkers.distances import centroids_mm, flagged_if_single
from carpet.biomarkers.measure import biomarker
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Volume


@biomarker(
    "dmax_manhattan",
    unit="mm",
    source="Cottereau 2021, Cancers (New approaches in characterization of lesions dissemination)",
)
def dmax_manhattan(lesions: Sequence[Lesion], suv: Volume) -> Flagged:
    """The largest sum of distances along L, P and S between the centroids of two lesions. One lesion: 0."""
    points = centroids_mm(lesions)
    return flagged_if_single(lesions, float(np.abs(points[:, None] - points[None]).sum(axis=-1).max()))
