"""Total metabolic tumour volume."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.biomarkers.measure import biomarker
from carpet.core.lesion import Lesion
from carpet.core.space import Volume


@biomarker("tmtv", unit="mL", source="Boellaard 2024, J Nucl Med 65:1343")
def tmtv(lesions: Sequence[Lesion], suv: Volume) -> float:
    """Voxel count times voxel volume, summed over the lesions; no partial-volume weights. No lesion: 0."""
    return sum(lesion.region.volume_ml for lesion in lesions)
