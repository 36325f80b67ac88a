"""Tumour volume over surface."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.biomarkers.surface import mesh
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("tvsr", unit="mm", source="Decazes 2018, Eur J Nucl Med Mol Imaging 45:1672, doi:10.1007/s00259-018-4041-0")
def tvsr(lesions: Sequence[Lesion], suv: Volume) -> float:
    """TMTV over total tumour surface: a third of the radius for one sphere."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    volume_mm3 = 1000.0 * sum(lesion.region.volume_ml for lesion in lesions)
    return volume_mm3 / sum(mesh(lesion.region).area_mm2 for lesion in lesions)
