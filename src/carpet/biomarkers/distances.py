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
CHUNK = 512


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
    """The largest distance between any two of (n, 3) points, exactly.

    Two sweeps to the farthest point give a distance that exists; a point that could not reach it even across the whole set is left out.
    """
    middle = points.mean(axis=0)
    reach = np.linalg.norm(points - middle, axis=1)
    start = points[reach.argmax()]
    for _ in range(2):
        apart = np.linalg.norm(points - start, axis=1)
        start = points[apart.argmax()]
    widest = float(apart.max())
    points = points[reach + reach.max() >= widest * (1 - 1e-12)]
    for first in range(0, len(points), CHUNK):
        part = points[first : first + CHUNK]
        squared = ((part[:, None] - points[None, first:]) ** 2).sum(axis=-1)
        widest = max(widest, math.sqrt(float(squared.max())))
    return widest
