"""Diameters of a region as a radiologist measures them: the longest in a transverse slice, and the longest perpendicular to it.

LDi, SDi: Cheson 2014 J Clin Oncol 32:3059; Barrington 2014 J Clin Oncol 32:3048. The outline runs half a voxel outside the outermost
voxel centres, where a mask of 0 and 1 crosses one half, so that a row of n voxels is n voxels long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import NotMeasurable
from carpet.core.space import Region

TRANSVERSE = math.cos(math.radians(15.0))  # slices tilted further against the body's axis are not transverse
SUPERIOR = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Diameters:
    """LDi and SDi in mm, in the transverse slice `slice_k` of the region's grid; ends of both in LPS mm, shape (2, 3)."""

    ldi_mm: float
    sdi_mm: float
    slice_k: int
    ldi_ends_lps_mm: NDArray[np.float64]
    sdi_ends_lps_mm: NDArray[np.float64]

    @property
    def ppd_mm2(self) -> float:
        return self.ldi_mm * self.sdi_mm


def diameters(region: Region) -> Diameters:
    """LDi and SDi of a region, over all its transverse slices; the slice of the longest diameter decides, ties go to the broader.

    Raises NotMeasurable("EMPTY") without a voxel, NotMeasurable("NOT_TRANSVERSE") where the grid's slices are not transverse.
    """
    if not region.voxels:
        raise NotMeasurable("EMPTY")
    along = region.grid.affine_lps[:3, 0] / region.grid.spacing_mm_kji[0]
    if abs(float(along @ SUPERIOR)) < TRANSVERSE:
        raise NotMeasurable("NOT_TRANSVERSE")
    found = [_of_slice(region, k) for k in range(region.mask.shape[0]) if region.mask[k].any()]
    return max(found, key=lambda one: (round(one.ldi_mm, 9), one.sdi_mm))


def _of_slice(region: Region, k: int) -> Diameters:
    outline = _outline_mm(region, k)
    ends = _farthest(outline)
    long = ends[1] - ends[0]
    length = float(np.hypot(*long))
    across = _longest_chord(outline, long / length)
    return Diameters(
        length,
        float(np.hypot(*(across[1] - across[0]))),
        region.origin_kji[0] + k,
        _lps_mm(region, k, ends),
        _lps_mm(region, k, across),
    )


def _outline_mm(region: Region, k: int) -> NDArray[np.float64]:
    """The corners (n, 2) of the outline of one slice, in mm along rows and columns from the region's first voxel centre.

    Each border voxel contributes the middles of its open sides: the half-level line of marching squares has its corners there.
    """
    mask = np.pad(region.mask[k], 1)
    _, dj, di = region.grid.spacing_mm_kji
    inner = mask[1:-1, 1:-1]
    sides = (
        (inner & ~mask[:-2, 1:-1], -0.5, 0.0),
        (inner & ~mask[2:, 1:-1], 0.5, 0.0),
        (inner & ~mask[1:-1, :-2], 0.0, -0.5),
        (inner & ~mask[1:-1, 2:], 0.0, 0.5),
    )
    corners = [np.add(np.argwhere(side), (down, right)) for side, down, right in sides]
    return np.asarray(np.concatenate(corners) * (dj, di))


def _farthest(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two points (2, 2) farthest from each other: both are corners of the convex hull."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import cdist

    hull = points[ConvexHull(points).vertices]
    between = cdist(hull, hull)
    return hull[list(np.unravel_index(int(between.argmax()), between.shape))]


def _longest_chord(outline: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ends (2, 2) of the longest line across the convex hull of the outline, perpendicular to the unit vector `direction`.

    The width of a convex shape changes linearly between corners, so the longest line runs through one of them.
    """
    from scipy.spatial import ConvexHull

    normal = np.array([-direction[1], direction[0]])
    hull = outline[ConvexHull(outline).vertices]
    along, aside = hull @ direction, hull @ normal
    following = np.roll(np.arange(len(hull)), -1)
    best = (-1.0, along[0], 0.0, 0.0)
    for at in along:
        low, high = np.minimum(along, along[following]), np.maximum(along, along[following])
        crossing = (low <= at) & (at <= high)
        span = along[following] - along
        share = np.divide(at - along, span, out=np.zeros_like(along), where=span != 0)
        hits = np.concatenate([(aside + share * (aside[following] - aside))[crossing], aside[along == at]])
        best = max(best, (float(hits.max() - hits.min()), at, float(hits.min()), float(hits.max())))
    _, at, low_end, high_end = best
    return np.array([at * direction + low_end * normal, at * direction + high_end * normal])


def _lps_mm(region: Region, k: int, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    _, dj, di = region.grid.spacing_mm_kji
    in_plane = points_mm / (dj, di)
    return region.grid.to_lps_mm(np.column_stack([np.full(2, k), in_plane]) + np.array(region.origin_kji))
