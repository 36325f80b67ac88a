"""SDmax: Dmax for the size of the body."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.distances import centroids_mm, flagged_if_single
from carpet.biomarkers.measure import biomarker
from carpet.core.body import Body
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import pairwise_mm
from carpet.core.lesion import Lesion
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Flagged
from carpet.core.space import Volume


@biomarker("sdmax", unit="/m", source="Cottereau 2021, Ann Oncol 32:404, doi:10.1016/j.annonc.2020.11.019")
def sdmax(lesions: Sequence[Lesion], suv: Volume, *, body: Body | None, options: BiomarkerProtocol) -> Flagged:
    """Dmax in metres over body surface area in m² (not its root). One lesion: 0."""
    if body is None:
        raise NotMeasurable("BODY_UNKNOWN")
    metres = float(pairwise_mm(centroids_mm(lesions)).max()) / 1000.0
    return flagged_if_single(lesions, metres / body.surface_area_m2(options.surface_area))
