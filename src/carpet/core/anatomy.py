"""What was found of the patient's anatomy on one scan: landmarks, organs, reference regions, and what could not be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from carpet.core.errors import NotMeasurable
from carpet.core.space import Labels, Region, Volume


@dataclass(frozen=True, slots=True)
class Uptake:
    """SUVbw inside a reference region: mean and standard deviation over its voxels (g/mL)."""

    mean: float
    sd: float
    volume_ml: float


@dataclass(frozen=True)
class Anatomy:
    """Anatomy of one scan, as far as it could be told.

    references: `liver` (3 cm sphere, right lobe), `blood_pool` (descending aorta), `spleen`, `marrow` on the PET grid.
    absent: the reason, for each reference that was not found.
    organs: coarse organ labels (on a grid of their own in the PET's frame) and the name of each label value.
    landmarks_mm: heights along S (LPS mm) such as `vertex`, `lung_apex`, `lung_base`, `pelvis_floor`; those outside the scan are absent.
    """

    references: Mapping[str, Region] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    organs: Labels | None = None
    organ_names: Mapping[int, str] = field(default_factory=dict)
    landmarks_mm: Mapping[str, float] = field(default_factory=dict)

    def uptake(self, name: str, suv: Volume) -> Uptake:
        """Uptake in a reference region; raises NotMeasurable with the reason why it was not found."""
        if name not in self.references:
            raise NotMeasurable(self.absent.get(name, f"{name.upper()}_NOT_FOUND"))
        region = self.references[name]
        values = region.values_of(suv).astype(np.float64)
        return Uptake(float(values.mean()), float(values.std(ddof=1)) if values.size > 1 else 0.0, region.volume_ml)
