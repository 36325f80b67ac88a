"""Asphericity of the tumour."""

from __future__ import annotations

import math
from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.biomarkers.surface import mesh
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("asphericity", unit="1", source="IBSI 25C7 (Zwanenburg 2020, Radiology 295:328)")
def asphericity(lesions: Sequence[Lesion], suv: Volume) -> float:
    """(S³ / 36πV²)^(1/3) − 1 with the mesh surface S and mesh volume V of all lesions together: 0 for one sphere."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    meshes = [mesh(lesion.region) for lesion in lesions]
    area_mm2 = sum(one.area_mm2 for one in meshes)
    volume_mm3 = sum(one.volume_mm3 for one in meshes)
    return float((area_mm2**3 / (36.0 * math.pi * volume_mm3**2)) ** (1.0 / 3.0) - 1.0)
