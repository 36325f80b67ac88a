"""Points of lesions and the distances between them, shared by Dmax and its relatives (LPS mm)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Region

Points = NDArray[np.float64]
SINGLE_LESION = "single_lesion"
CHUNK = 2048


def centroids_mm(lesions: Sequence[Lesion]) -> Points:
    """(n, 3) unweighted centroids, LPS mm; raises NotMeasurable without a lesion."""
    if not lesions:
        raise NotMeasurable("NO_LESION")
    return np.array([lesion.region.centroid_lps_mm for lesion in lesions])


def flagged_if_single(lesions: Sequence[Lesion], value: float) -> Flagged:
    """A distance between lesions is 0 by convention when there is one; the flag says so."""
    return Flagged(value, (SINGLE_LESION,) if len(lesions) == 1 else ())


def from_bulk_mm(lesions: Sequence[Lesion]) -> Points:
    """(n,) distances from the centroid of the largest lesion; of equally large ones, the one that lies most central."""
    points = centroids_mm(lesions)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    most = max(lesion.region.voxels for lesion in lesions)
    largest = [n for n, lesion in enumerate(lesions) if lesion.region.voxels == most]
    return np.asarray(min((apart[n] for n in largest), key=lambda row: float(row.sum())))


def outermost_mm(region: Region) -> Points:
    """The voxel centres that can be an end of the region's longest distance: the first and last of each row."""
    k, j = np.nonzero(region.mask.any(axis=2))
    rows = region.mask[k, j]
    first, last = rows.argmax(axis=1), rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)
    index = np.concatenate([np.stack([k, j, first], axis=1), np.stack([k, j, last], axis=1)])
    return region.grid.to_lps_mm(index + np.array(region.origin_kji))


def widest_mm(points: Points) -> float:
    """The largest distance between any two of (n, 3) points."""
    points = _hull(points)
    widest = 0.0
    for start in range(0, len(points), CHUNK):
        part = points[start : start + CHUNK]
        squared = ((part[:, None] - points[None, start:]) ** 2).sum(axis=-1)
        widest = max(widest, float(squared.max()))
    return math.sqrt(widest)


def _hull(points: Points) -> Points:
    """Only corners of the convex hull can be farthest apart; flat or tiny sets are returned whole."""
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 64:
        return points
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:
        return points
