"""Do two outlines of one lesion agree: Dice overlap, HD95, and the share of both surfaces that lies within a tolerance (NSD)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.core.errors import NotMeasurable, ProtocolError
from carpet.core.record import Flagged
from carpet.core.space import BoolArray, Grid

FloatArray = NDArray[np.float64]
TOLERANCE_MM = 4.0  # one PET voxel (METHODS J)
PERCENTILE = 95.0
BOTH_EMPTY, ONE_EMPTY = "BOTH_EMPTY", "ONE_EMPTY"
RIGHT_ANGLE = 1e-6  # cosine between axes below which they are at right angles


def dice(first: BoolArray, second: BoolArray) -> Flagged:
    """2·|both|/(|first| + |second|) of masks (k, j, i): 1 and the flag BOTH_EMPTY where both are empty, 0 and ONE_EMPTY where one is."""
    _same_shape(first, second)
    if not first.any() or not second.any():
        return Flagged(0.0, (ONE_EMPTY,)) if first.any() or second.any() else Flagged(1.0, (BOTH_EMPTY,))
    return Flagged(2.0 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second)), ())


def hd95_mm(first: BoolArray, second: BoolArray, *, grid: Grid) -> float:
    """The larger of the two directed 95th percentiles of surface distance, mm, between centres of surface voxels of masks (k, j, i).

    Not the 95th percentile of both directions pooled, which is smaller. Raises NotMeasurable(BOTH_EMPTY) or (ONE_EMPTY). A surface voxel
    is one of the mask with a face neighbour outside it, or at the edge of the grid. Source: METHODS J.
    """
    there, back = _distances_mm(first, second, grid)
    return float(max(np.percentile(there, PERCENTILE), np.percentile(back, PERCENTILE)))


def nsd(first: BoolArray, second: BoolArray, *, grid: Grid, tolerance_mm: float = TOLERANCE_MM) -> Flagged:
    """The share of surface voxels of both masks (k, j, i) within the tolerance of the other surface; empty masks as for `dice`."""
    overlap = dice(first, second)
    if overlap.flags:
        return overlap
    there, back = _distances_mm(first, second, grid)
    near = np.count_nonzero(there <= tolerance_mm) + np.count_nonzero(back <= tolerance_mm)
    return Flagged(near / (there.size + back.size), ())


def _distances_mm(first: BoolArray, second: BoolArray, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """From each surface voxel to the nearest of the other surface, both ways."""
    _same_shape(first, second)
    if first.shape != grid.shape_kji:
        raise ProtocolError(f"masks of {first.shape} voxels on a grid of {grid.shape_kji}")
    axes = grid.affine_lps[:3, :3] / np.linalg.norm(grid.affine_lps[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > RIGHT_ANGLE:
        raise ProtocolError("surface distances need a grid with axes at right angles")
    if not first.any() or not second.any():
        raise NotMeasurable(ONE_EMPTY if first.any() or second.any() else BOTH_EMPTY)
    box = ndimage.find_objects((first | second).astype(np.uint8))[0]
    one, other = _surface(first[box]), _surface(second[box])
    return _to(other, grid)[one], _to(one, grid)[other]


def _surface(mask: BoolArray) -> BoolArray:
    return mask & ~np.asarray(ndimage.binary_erosion(mask, border_value=0), dtype=np.bool_)


def _to(surface: BoolArray, grid: Grid) -> FloatArray:
    return np.asarray(ndimage.distance_transform_edt(~surface, sampling=grid.spacing_mm_kji), dtype=np.float64)


def _same_shape(first: BoolArray, second: BoolArray) -> None:
    if first.shape != second.shape or first.ndim != 3:
        raise ProtocolError(f"masks of {first.shape} and {second.shape} voxels: both must lie on one grid")
