"""How many extranodal organs or tissues are involved."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Kind, Lesion
from carpet.core.space import Volume

COUNTED = (Kind.EXTRANODAL, Kind.MARROW)  # bone and marrow count apart; the spleen is lymphatic


@biomarker("extranodal_sites", unit="{count}", source="sites as in Cheson 2014, J Clin Oncol 32:3059; told by the rules of carpet.anatomy")
def extranodal_sites(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The number of different extranodal organs or tissues with disease; not measurable while a lesion has no site. No lesion: 0."""
    if any(lesion.kind is None or lesion.site is None for lesion in lesions):
        raise NotMeasurable("SITE_UNKNOWN")
    return float(len({lesion.site for lesion in lesions if lesion.kind in COUNTED}))
