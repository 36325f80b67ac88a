"""Dmax from the bulk."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.distances import flagged_if_single, from_bulk_mm
from carpet.biomarkers.measure import biomarker
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Volume


@biomarker("dmax_bulk", unit="mm", source="Eertink 2023, Blood 141:3055, doi:10.1182/blood.2022018558")
def dmax_bulk(lesions: Sequence[Lesion], suv: Volume) -> Flagged:
    """The largest distance from the centroid of the largest lesion to that of another. One lesion: 0."""
    return flagged_if_single(lesions, float(from_bulk_mm(lesions).max()))
