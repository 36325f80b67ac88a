"""Where voxels lie: grids in patient space (DICOM LPS, mm), and volumes, regions and labels on them.

Index order is (k, j, i) = slice, row, column everywhere. An affine maps (k, j, i, 1) to the LPS position of a voxel centre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carpet.core.errors import CarpetError

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
Box = tuple[slice, slice, slice]

ML_PER_MM3 = 1e-3
SAME_PLACE_MM = 0.01  # two affines describe one grid when no corner differs by more than this


class SpaceError(CarpetError, ValueError):
    """Two things that do not share a grid or a Frame of Reference were asked to meet."""


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only view of `array`."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of voxel centres in patient space.

    shape_kji: voxels along slice, row and column. affine_lps: (4, 4), (k, j, i, 1) → LPS mm. frame_uid: DICOM Frame of Reference.
    """

    shape_kji: tuple[int, int, int]
    affine_lps: NDArray[np.float64]
    frame_uid: str

    def __post_init__(self) -> None:
        affine = np.array(self.affine_lps, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise SpaceError("a grid needs an invertible 4 × 4 affine with non-zero spacing")
        if len(self.shape_kji) != 3 or min(self.shape_kji) < 1:
            raise SpaceError(f"a grid needs three positive dimensions, not {self.shape_kji}")
        object.__setattr__(self, "affine_lps", frozen(affine))
        object.__setattr__(self, "shape_kji", tuple(int(n) for n in self.shape_kji))

    @cached_property
    def spacing_mm_kji(self) -> tuple[float, float, float]:
        k, j, i = np.linalg.norm(self.affine_lps[:3, :3], axis=0)
        return float(k), float(j), float(i)

    @cached_property
    def voxel_ml(self) -> float:
        return float(abs(np.linalg.det(self.affine_lps[:3, :3]))) * ML_PER_MM3

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.affine_lps), dtype=np.float64)

    def to_lps_mm(self, kji: ArrayLike) -> NDArray[np.float64]:
        """Positions (..., 3) in LPS mm of indices (..., 3) in (k, j, i); fractions allowed."""
        return np.asarray(np.asarray(kji, dtype=np.float64) @ self.affine_lps[:3, :3].T + self.affine_lps[:3, 3])

    def to_kji(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Fractional indices (..., 3) in (k, j, i) of positions (..., 3) in LPS mm."""
        return np.asarray(np.asarray(lps_mm, dtype=np.float64) @ self._inverse[:3, :3].T + self._inverse[:3, 3])

    def nearest_kji(self, lps_mm: ArrayLike) -> tuple[int, int, int] | None:
        """The voxel whose cell holds this point, or None outside the grid."""
        index = np.floor(self.to_kji(lps_mm) + 0.5).astype(int)
        if (index < 0).any() or (index >= self.shape_kji).any():
            return None
        return int(index[0]), int(index[1]), int(index[2])

    def cropped(self, box: Box) -> Grid:
        """The grid of `box`, a part of this one, in the same frame."""
        start = np.array([part.start for part in box], dtype=float)
        affine = self.affine_lps.copy()
        affine[:3, 3] = self.to_lps_mm(start)
        shape = tuple(part.stop - part.start for part in box)
        return Grid((shape[0], shape[1], shape[2]), affine, self.frame_uid)

    def same_as(self, other: Grid) -> bool:
        """True when both have one frame, one shape, and voxel centres that coincide within 0.01 mm."""
        if self.frame_uid != other.frame_uid or self.shape_kji != other.shape_kji:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape_kji], indexing="ij")).reshape(3, -1).T
        return bool(np.abs(self.to_lps_mm(corners) - other.to_lps_mm(corners)).max() <= SAME_PLACE_MM)


class Quantity(Enum):
    """What a voxel's number is. Two quantities never mix, even where they share a unit."""

    ACTIVITY = ("Bq/mL", "activity concentration")
    SUV_BW = ("g/mL", "SUV by body weight")
    SUV_LBM_JANMA = ("g/mL", "SUV by lean body mass (Janmahasatian)")
    SUV_LBM_JAMES128 = ("g/mL", "SUV by lean body mass (James)")
    SUV_LBM_MORGAN120 = ("g/mL", "SUV by lean body mass (Morgan)")
    SUV_IBW = ("g/mL", "SUV by ideal body weight")
    SUV_BSA = ("cm2/mL", "SUV by body surface area")
    HU = ("[hnsf'U]", "Hounsfield units")

    @property
    def unit(self) -> str:
        return self.value[0]

    @property
    def says(self) -> str:
        return self.value[1]


@dataclass(frozen=True, eq=False)
class Volume:
    """Numbers of one quantity on a grid; `values` float32 of shape `grid.shape_kji`, read-only."""

    grid: Grid
    values: NDArray[np.float32]
    quantity: Quantity

    def __post_init__(self) -> None:
        if self.values.shape != self.grid.shape_kji:
            raise SpaceError(f"values of shape {self.values.shape} do not fit a grid of {self.grid.shape_kji}")
        object.__setattr__(self, "values", frozen(np.asarray(self.values, dtype=np.float32)))

    def cropped(self, box: Box) -> Volume:
        return Volume(self.grid.cropped(box), self.values[box], self.quantity)


@dataclass(frozen=True, eq=False)
class Region:
    """Some voxels of a grid: a boolean mask in the box that starts at `origin_kji`."""

    grid: Grid
    origin_kji: tuple[int, int, int]
    mask: BoolArray

    def __post_init__(self) -> None:
        stop = np.add(self.origin_kji, self.mask.shape)
        if self.mask.ndim != 3 or min(self.origin_kji) < 0 or (stop > self.grid.shape_kji).any():
            raise SpaceError("a region must lie inside its grid")
        object.__setattr__(self, "mask", frozen(np.asarray(self.mask, dtype=bool)))

    @classmethod
    def of_mask(cls, grid: Grid, mask: BoolArray) -> Region:
        """The region of a whole-grid mask, cropped to its box; an empty mask gives an empty region."""
        if mask.shape != grid.shape_kji:
            raise SpaceError(f"a mask of shape {mask.shape} does not fit a grid of {grid.shape_kji}")
        spans = []
        for axis in range(3):
            hits = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
            if hits.size == 0:
                return cls(grid, (0, 0, 0), np.zeros((0, 0, 0), dtype=bool))
            spans.append(slice(int(hits[0]), int(hits[-1]) + 1))
        return cls(grid, (spans[0].start, spans[1].start, spans[2].start), mask[spans[0], spans[1], spans[2]].copy())

    @property
    def box(self) -> Box:
        k, j, i = (slice(start, start + n) for start, n in zip(self.origin_kji, self.mask.shape, strict=True))
        return k, j, i

    def box_grown(self, margin_kji: tuple[int, int, int]) -> Box:
        """The region's box, wider by `margin_kji` voxels on each side, clipped to the grid."""
        k, j, i = (
            slice(max(part.start - by, 0), min(part.stop + by, n))
            for part, by, n in zip(self.box, margin_kji, self.grid.shape_kji, strict=True)
        )
        return k, j, i

    def mask_in(self, box: Box) -> BoolArray:
        """The region's mask in another box of the same grid (False where the region does not reach)."""
        out = np.zeros(tuple(part.stop - part.start for part in box), dtype=bool)
        mine, theirs = [], []
        for part, own in zip(box, self.box, strict=True):
            start, stop = max(part.start, own.start), min(part.stop, own.stop)
            if stop <= start:
                return out
            mine.append(slice(start - own.start, stop - own.start))
            theirs.append(slice(start - part.start, stop - part.start))
        out[tuple(theirs)] = self.mask[tuple(mine)]
        return out

    @cached_property
    def voxels(self) -> int:
        return int(np.count_nonzero(self.mask))

    @property
    def volume_ml(self) -> float:
        return self.voxels * self.grid.voxel_ml

    @cached_property
    def indices_kji(self) -> IntArray:
        """(voxels, 3) indices in the whole grid, in storage order."""
        return np.asarray(np.argwhere(self.mask) + np.array(self.origin_kji))

    @cached_property
    def centroid_lps_mm(self) -> NDArray[np.float64]:
        """Unweighted mean of the voxel centres, LPS mm."""
        return self.grid.to_lps_mm(self.indices_kji.mean(axis=0))

    def centres_lps_mm(self) -> NDArray[np.float64]:
        """(voxels, 3) voxel centres, LPS mm."""
        return self.grid.to_lps_mm(self.indices_kji)

    def values_of(self, volume: Volume) -> NDArray[np.float32]:
        """The volume's numbers inside the region, in storage order; the volume must live on the same grid."""
        if volume.grid is not self.grid and not volume.grid.same_as(self.grid):
            raise SpaceError("the region and the volume lie on different grids")
        return np.asarray(volume.values[self.box][self.mask])


@dataclass(frozen=True, eq=False)
class Labels:
    """Disjoint regions of one grid, looked up by label value (> 0), never by order."""

    grid: Grid
    regions: Mapping[int, Region]

    def __post_init__(self) -> None:
        if any(value <= 0 for value in self.regions):
            raise SpaceError("labels are positive; 0 is background")
        object.__setattr__(self, "regions", MappingProxyType(dict(self.regions)))

    @classmethod
    def of_values(cls, grid: Grid, values: IntArray) -> Labels:
        """From a whole-grid array of integers, 0 being background."""
        present = [int(value) for value in np.unique(values) if value != 0]
        return cls(grid, {value: Region.of_mask(grid, values == value) for value in present})

    def to_values(self) -> NDArray[np.uint16]:
        """The whole-grid array (k, j, i); raises SpaceError where two regions share a voxel."""
        out = np.zeros(self.grid.shape_kji, dtype=np.uint16)
        for value, region in self.regions.items():
            part = out[region.box]
            if part[region.mask].any():
                raise SpaceError(f"label {value} overlaps another label")
            part[region.mask] = value
        return out
