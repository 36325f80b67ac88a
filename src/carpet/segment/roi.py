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

TIE = 3e-7  # three roundings to single precision: voxel, maximum, threshold
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
        """The margin and one voxel more, so that what lies just beyond the margin is seen."""
        return self._grown(1.0)

    def _grown(self, margins: float) -> Box:
        k, j, i = (math.ceil(margins * self.margin_mm / spacing) + 1 for spacing in self.volume.grid.spacing_mm_kji)
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
    def _other_mm(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
        """Distance to the nearest other region; a region up to two margins away takes part in the half-way rule."""
        from scipy.ndimage import distance_transform_edt

        wide = self._grown(2.0)
        free = np.ones(tuple(part.stop - part.start for part in wide), dtype=bool)
        for other in self.others:
            free &= ~other.mask_in(wide)
        if free.all():
            return None
        inner = tuple(slice(own.start - out.start, own.stop - out.start) for own, out in zip(self.box, wide, strict=True))
        return np.asarray(distance_transform_edt(free, sampling=self.suv.grid.spacing_mm_kji)[inner])

    @cached_property
    def within(self) -> BoolArray:
        """Where a delineation may lie: at most `margin_mm` from the lesion, and nearer to it than to any other region."""
        near = self._distance_mm <= self.margin_mm
        if self._other_mm is not None:
            near &= self._distance_mm < self._other_mm
        return np.asarray(near | self.seed)

    @cached_property
    def beyond(self) -> BoolArray:
        """Voxels that only the margin keeps out."""
        far = self._distance_mm > self.margin_mm
        return np.asarray(far if self._other_mm is None else far & (self._distance_mm < self._other_mm))

    def reaches(self, threshold: float) -> BoolArray:
        """Voxels at or above a threshold computed from voxels: a tie that single precision has rounded apart is a tie."""
        return np.asarray(self.suv.values >= np.float32(threshold * (1.0 - TIE)))

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
