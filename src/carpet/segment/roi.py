"""The neighbourhood in which one lesion is delineated: its own voxels, how far a method may reach, peak and background."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from carpet.core.errors import NotMeasurable
from carpet.core.geometry import SPHERE_1_ML_RADIUS_MM, sphere_means
from carpet.core.space import BoolArray, Box, Region, Volume

BACKGROUND_FROM_MM = 10.0  # beyond the spill-out of a lesion at clinical resolution (FWHM 5–8 mm) [P]


@dataclass(frozen=True, eq=False)
class Roi:
    """A lesion's region (`seed`), the other regions of the scan, and the SUV around; arrays are crops of one box."""

    volume: Volume
    region: Region
    others: tuple[Region, ...]
    margin_mm: float

    @cached_property
    def box(self) -> Box:
        k, j, i = (math.ceil(self.margin_mm / spacing) for spacing in self.volume.grid.spacing_mm_kji)
        return self.region.box_grown((k, j, i))

    @cached_property
    def suv(self) -> Volume:
        return self.volume.cropped(self.box)

    @cached_property
    def seed(self) -> BoolArray:
        return self.region.mask_in(self.box)

    @cached_property
    def _distance_mm(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~self.seed, sampling=self.suv.grid.spacing_mm_kji))

    @cached_property
    def _elsewhere(self) -> BoolArray:
        taken = np.zeros(self.seed.shape, dtype=bool)
        for other in self.others:
            taken |= other.mask_in(self.box)
        return taken

    @cached_property
    def within(self) -> BoolArray:
        """Where a delineation may lie: at most `margin_mm` from the lesion, and nearer to it than to any other region."""
        from scipy.ndimage import distance_transform_edt

        near = self._distance_mm <= self.margin_mm
        if self._elsewhere.any():
            near &= self._distance_mm < distance_transform_edt(~self._elsewhere, sampling=self.suv.grid.spacing_mm_kji)
        return np.asarray(near | self.seed)

    @cached_property
    def maximum(self) -> float:
        return float(self.suv.values[self.seed].max())

    @cached_property
    def peak(self) -> float:
        """SUVpeak of the lesion (IBSI 0F91)."""
        return float(sphere_means(self.volume, self.region, radius_mm=SPHERE_1_ML_RADIUS_MM).max())

    @cached_property
    def background(self) -> float:
        """Mean SUV of the tissue 10 mm or more from the lesion, inside the neighbourhood; raises NotMeasurable if there is none."""
        around = self.within & (self._distance_mm >= BACKGROUND_FROM_MM)
        if not around.any():
            raise NotMeasurable("NO_BACKGROUND")
        return float(self.suv.values[around].mean(dtype=np.float64))


def rois(regions: Sequence[Region], others: Sequence[Region], volume: Volume, *, margin_mm: float) -> tuple[Roi, ...]:
    """A neighbourhood for each of `regions`, with all the rest of `regions` and `others` as its limits."""
    return tuple(Roi(volume, region, (*(r for r in regions if r is not region), *others), margin_mm) for region in regions)
