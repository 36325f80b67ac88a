"""How the patient is turned before drawing: head up, the patient's right on the left, front before back, whatever the storage order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from carpet.core.space import BoolArray, Grid, Region, Volume

# Rows of this matrix are the directions (LPS) along which the drawn axes run: head to feet, front to back, right to left.
DRAWN_DIRECTIONS = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
AFFINE_DECIMALS = 6  # rounding to 1e-6 mm hides the last bits, which depend on the storage order


def drawn_axes(grid: Grid) -> tuple[tuple[int, bool], ...]:
    """For head→feet, front→back and right→left: the storage axis that runs nearest to it, and whether it must be reversed."""
    directions = grid.affine_lps[:3, :3] / np.array(grid.spacing_mm_kji)
    along = DRAWN_DIRECTIONS @ directions
    best = max(permutations(range(3)), key=lambda order: sum(abs(along[row, axis]) for row, axis in enumerate(order)))
    return tuple((axis, bool(along[row, axis] < 0)) for row, axis in enumerate(best))


def drawn_grid(grid: Grid) -> Grid:
    """The same voxel centres in the order head→feet, front→back, right→left."""
    axes = drawn_axes(grid)
    order = [axis for axis, _ in axes]
    affine = np.eye(4)
    first = np.zeros(3)
    for column, (axis, reverse) in enumerate(axes):
        affine[:3, column] = -grid.affine_lps[:3, axis] if reverse else grid.affine_lps[:3, axis]
        first[axis] = grid.shape_kji[axis] - 1 if reverse else 0
    affine[:3, 3] = grid.to_lps_mm(first)
    shape = tuple(grid.shape_kji[axis] for axis in order)
    return Grid((shape[0], shape[1], shape[2]), np.round(affine, AFFINE_DECIMALS), grid.frame_uid)


def _turned(array: NDArray[np.generic], grid: Grid) -> NDArray[np.generic]:
    axes = drawn_axes(grid)
    return array.transpose([axis for axis, _ in axes])[tuple(slice(None, None, -1 if reverse else 1) for _, reverse in axes)]


def drawn_volume(volume: Volume) -> Volume:
    """The volume in drawn order (a view, nothing is copied)."""
    return Volume(drawn_grid(volume.grid), np.asarray(_turned(volume.values, volume.grid), dtype=np.float32), volume.quantity)


def drawn_region(region: Region, onto: Grid) -> Region:
    """The region in drawn order; `onto` is the drawn grid of the region's grid."""
    origin = []
    for axis, reverse in drawn_axes(region.grid):
        start = region.origin_kji[axis]
        origin.append(region.grid.shape_kji[axis] - start - region.mask.shape[axis] if reverse else start)
    mask: BoolArray = np.asarray(_turned(region.mask, region.grid), dtype=bool)
    return Region(onto, (origin[0], origin[1], origin[2]), mask)
