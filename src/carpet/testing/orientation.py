"""Storage orders: the same patient space written along other axes. There are 48: six permutations, eight directions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from carpet.core.space import Grid, Region, Volume

CANONICAL = "SPL"  # the directions in which k, j and i increase: head, back, left
AXIS_OF = {"L": 0, "R": 0, "P": 1, "A": 1, "S": 2, "I": 2}
TOWARDS_POSITIVE = "LPS"


def _all() -> tuple[str, ...]:
    pairs = ("LR", "PA", "SI")
    return tuple("".join(letters) for order in itertools.permutations(pairs) for letters in itertools.product(*order))


ORIENTATIONS = _all()  # every three-letter code, such as "SPL" (usual) or "IPL" (slices stored from the head down)


def reoriented(volume: Volume, orientation: str) -> Volume:
    """The same numbers at the same places, stored so that k, j, i increase towards the three letters."""
    values = volume.values
    order, flips = _steps(volume.grid, orientation)
    values = np.flip(np.transpose(values, order), flips)
    return Volume(reoriented_grid(volume.grid, orientation), np.ascontiguousarray(values), volume.quantity)


def reoriented_grid(grid: Grid, orientation: str) -> Grid:
    """The grid of `reoriented`: other shape and affine, the same voxel centres."""
    order, flips = _steps(grid, orientation)
    shape = tuple(grid.shape_kji[axis] for axis in order)
    affine = grid.affine_lps.copy()
    affine[:3, :3] = grid.affine_lps[:3, list(order)]
    for axis in flips:
        affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
        affine[:3, axis] *= -1.0
    return Grid((shape[0], shape[1], shape[2]), affine, grid.frame_uid)


def reoriented_region(region: Region, orientation: str, grid: Grid) -> Region:
    """The same voxels in the reoriented grid."""
    order, flips = _steps(region.grid, orientation)
    mask = np.flip(np.transpose(region.mask, order), flips)
    origin = [region.origin_kji[axis] for axis in order]
    for axis in flips:
        origin[axis] = grid.shape_kji[axis] - origin[axis] - mask.shape[axis]
    return Region(grid, (origin[0], origin[1], origin[2]), np.ascontiguousarray(mask))


def storage_variants(
    volume: Volume, regions: Sequence[Region], *, orientations: Sequence[str] = ("IPL", "SAR", "LPS", "PRI", "AIL")
) -> Iterator[tuple[str, Volume, tuple[Region, ...]]]:
    """The same patient space in other storage orders (flips and permutations): the order's name, the volume, the regions."""
    for orientation in orientations:
        turned = reoriented(volume, orientation)
        yield orientation, turned, tuple(reoriented_region(region, orientation, turned.grid) for region in regions)


def _steps(grid: Grid, orientation: str) -> tuple[tuple[int, int, int], tuple[int, ...]]:
    """Which stored axis becomes k, j, i, and which of the new axes are flipped. The grid must lie along L, P, S."""
    if orientation not in ORIENTATIONS:
        raise ValueError(f"no storage order is called {orientation!r}; there are {', '.join(ORIENTATIONS)}")
    steps = grid.affine_lps[:3, :3]
    along = [int(np.argmax(np.abs(steps[:, axis]))) for axis in range(3)]
    order = tuple(along.index(AXIS_OF[letter]) for letter in orientation)
    flips = tuple(new for new, letter in enumerate(orientation) if (steps[AXIS_OF[letter], order[new]] > 0) != (letter in TOWARDS_POSITIVE))
    return (order[0], order[1], order[2]), flips
