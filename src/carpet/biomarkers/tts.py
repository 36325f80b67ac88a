"""Total tumour surface."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.biomarkers.surface import mesh
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("tts", unit="mm2", source="Decazes 2018, Eur J Nucl Med Mol Imaging 45:1672, doi:10.1007/s00259-018-4041-0")
def tts(lesions: Sequence[Lesion], suv: Volume) -> float:
    """The areas of the lesions' surfaces (marching cubes at the voxel boundary), summed. No lesion: 0."""
    return sum(mesh(lesion.region).area_mm2 for lesion in lesions)
