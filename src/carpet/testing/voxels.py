"""From shapes to voxels: a voxel belongs to a shape when its centre does. Grids lie along L, P, S."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from carpet.core.space import BoolArray, Box, Grid, IntArray, Region
from carpet.testing.shapes import Shape

SLAB_VOXELS = 2_000_000  # voxels evaluated at once: keeps the temporaries in a few tens of megabytes


def upright_grid(
    shape_kji: tuple[int, int, int],
    spacing_mm_kji: tuple[float, float, float],
    *,
    first_centre_lps_mm: tuple[float, float, float],
    frame_uid: str,
) -> Grid:
    """A grid whose k, j, i run towards S, P, L; `first_centre_lps_mm` is the centre of voxel (0, 0, 0)."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing_mm_kji
    affine[:3, 3] = first_centre_lps_mm
    affine[3, 3] = 1.0
    return Grid(shape_kji, affine, frame_uid)


def masks(grid: Grid, shape: Shape) -> Iterator[tuple[Box, BoolArray]]:
    """The voxels of `shape` as boxes of the grid with a mask each; boxes may overlap. The grid must be upright."""
    for piece in shape.pieces():
        low, high = piece.bounds()
        box = _box(grid, low, high)
        if min(part.stop - part.start for part in box) > 0:
            yield from _slabs(grid, piece, box)


def _slabs(grid: Grid, piece: Shape, box: Box) -> Iterator[tuple[Box, BoolArray]]:
    area = (box[1].stop - box[1].start) * (box[2].stop - box[2].start)
    thick = max(SLAB_VOXELS // area, 1)
    y = _centres(grid, 1, box[1])[None, :, None]
    x = _centres(grid, 2, box[2])[None, None, :]
    for start in range(box[0].start, box[0].stop, thick):
        slab = slice(start, min(start + thick, box[0].stop))
        yield (slab, box[1], box[2]), piece.contains(x, y, _centres(grid, 0, slab)[:, None, None])


def _box(grid: Grid, low: NDArray[np.float64], high: NDArray[np.float64]) -> Box:
    parts = []
    for axis in range(3):
        first, step = grid.affine_lps[2 - axis, 3], grid.affine_lps[2 - axis, axis]
        start = np.ceil((low[2 - axis] - first) / step - 1e-9)
        stop = np.floor((high[2 - axis] - first) / step + 1e-9) + 1
        count = grid.shape_kji[axis]
        parts.append(slice(int(np.clip(start, 0, count)), int(np.clip(stop, np.clip(start, 0, count), count))))
    return parts[0], parts[1], parts[2]


def _centres(grid: Grid, axis: int, part: slice) -> NDArray[np.float64]:
    return np.asarray(grid.affine_lps[2 - axis, 3] + grid.affine_lps[2 - axis, axis] * np.arange(part.start, part.stop), dtype=np.float64)


def painted(grid: Grid, shapes: Iterable[Shape]) -> IntArray:
    """Per voxel the number (from 1) of the last shape that holds it, 0 where none does; uint16 of grid.shape_kji."""
    out = np.zeros(grid.shape_kji, dtype=np.uint16)
    for number, shape in enumerate(shapes, start=1):
        for box, mask in masks(grid, shape):
            np.copyto(out[box], number, where=mask)
    return out


def voxelised(grid: Grid, shape: Shape) -> Region:
    """The region of all voxels whose centres lie inside `shape`; empty where the grid does not reach."""
    low, high = shape.bounds()
    box = _box(grid, low, high)
    inside = np.zeros(tuple(part.stop - part.start for part in box), dtype=bool)
    for where, mask in masks(grid, shape):
        local = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(where, box, strict=True))
        inside[local] |= mask
    return Region(grid, (box[0].start, box[1].start, box[2].start), inside)
