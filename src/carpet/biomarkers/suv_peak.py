"""SUVpeak."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import SPHERE_1_ML_RADIUS_MM, sphere_means
from carpet.core.lesion import Lesion
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Flagged
from carpet.core.space import Volume

AT_EDGE = "peak_at_edge"  # part of a sphere lies outside the image: its mean is over what is there


@biomarker("suv_peak", unit="g/mL", source="IBSI 0F91 (global intensity peak) or VJGA (local); Wahl 2009, J Nucl Med 50(S1):122S")
def suv_peak(lesions: Sequence[Lesion], suv: Volume, *, options: BiomarkerProtocol) -> Flagged:
    """The mean in a 1 cm³ sphere: the highest over all voxels of the disease, or (VJGA) the one around the hottest voxel."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    flags = (AT_EDGE,) if any(_at_edge(lesion, suv) for lesion in lesions) else ()
    if options.suv_peak == "VJGA":
        hottest = max(lesions, key=lambda lesion: float(lesion.region.values_of(suv).max())).region
        # of equally hot voxels the first in storage order, so that the answer is one
        at = int(hottest.values_of(suv).argmax())
        return Flagged(float(sphere_means(suv, hottest, radius_mm=SPHERE_1_ML_RADIUS_MM)[at]), flags)
    highest = max(float(sphere_means(suv, lesion.region, radius_mm=SPHERE_1_ML_RADIUS_MM).max()) for lesion in lesions)
    return Flagged(highest, flags)


def _at_edge(lesion: Lesion, suv: Volume) -> bool:
    """Does the sphere around some voxel of the lesion reach beyond the image?"""
    reach = (int(SPHERE_1_ML_RADIUS_MM / spacing) for spacing in suv.grid.spacing_mm_kji)
    parts = zip(lesion.region.box, reach, suv.grid.shape_kji, strict=True)
    return any(part.start < by or part.stop + by > n for part, by, n in parts)
