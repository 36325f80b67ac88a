"""Spread from the bulk."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.distances import flagged_if_single, from_bulk_mm
from carpet.biomarkers.measure import biomarker
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Volume


@biomarker("spread_bulk", unit="mm", source="RaCaT (Pfaehler 2019), on centroids")
def spread_bulk(lesions: Sequence[Lesion], suv: Volume) -> Flagged:
    """The sum of the distances from the centroid of the largest lesion to those of all others. One lesion: 0."""
    return flagged_if_single(lesions, float(from_bulk_mm(lesions).sum()))
