"""Spread over the patient."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.distances import centroids_mm, flagged_if_single
from carpet.biomarkers.measure import biomarker
from carpet.core.geometry import pairwise_mm
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Volume


@biomarker("spread_patient", unit="mm", source="RaCaT (Pfaehler 2019), on centroids")
def spread_patient(lesions: Sequence[Lesion], suv: Volume) -> Flagged:
    """The sum of the distances between the centroids of all pairs of lesions. One lesion: 0."""
    return flagged_if_single(lesions, float(pairwise_mm(centroids_mm(lesions)).sum() / 2.0))
