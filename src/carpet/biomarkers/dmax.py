"""Dmax: how far apart the lesions lie."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.distances import centroids_mm, flagged_if_single
from carpet.biomarkers.measure import biomarker
from carpet.core.geometry import pairwise_mm
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Volume


@biomarker("dmax", unit="mm", source="Cottereau 2021, Ann Oncol 32:404, doi:10.1016/j.annonc.2020.11.019")
def dmax(lesions: Sequence[Lesion], suv: Volume) -> Flagged:
    """The largest distance between the centroids of two lesions. One lesion: 0."""
    return flagged_if_single(lesions, float(pairwise_mm(centroids_mm(lesions)).max()))
