"""How many lymph-node regions are involved."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Kind, Lesion
from carpet.core.space import Volume


@biomarker("nodal_regions", unit="{count}", source="sites as in DICOM CID 7600; told by the rules of carpet.anatomy")
def nodal_regions(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The number of different lymph-node regions with disease; not measurable while a lesion has no site. No lesion: 0."""
    if any(lesion.kind is None or lesion.site is None for lesion in lesions):
        raise NotMeasurable("SITE_UNKNOWN")
    return float(len({lesion.site for lesion in lesions if lesion.kind is Kind.NODAL}))
