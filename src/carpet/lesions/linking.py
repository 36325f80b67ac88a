"""Which regions of two times are the same lesion: numbered rules on voxels that meet and centres that lie near each other.

L1  Each voxel votes for the region of the other time that is nearest to it, within the tolerance. Two regions are linked when at
    least half of the voxels of one vote for the other. Several links of one region are a split or a merger.
L2  A link of L1 is sure when 30 % of the voxels of one lie on voxels of the other, or when no third region is within the tolerance.
L3  Two regions without a link of L1 are linked, unsure, when their centres lie within half of both radii plus twice the tolerance;
    where several could be, the pairs with the least sum of distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from carpet.lesions.alignment import Confidence
from carpet.lesions.surfaces import Points

HALF = 0.5  # L1
ON_TOP = 0.3  # L2 [P]
OUT_OF_REACH = 1e6  # mm, stands for no pair in the assignment


@dataclass(frozen=True, eq=False)
class Placed:
    """A region in the baseline's frame: voxel centres (n, 3) in LPS mm, volume, and half the diagonal of its voxels."""

    points_lps_mm: Points
    volume_ml: float
    half_voxel_mm: float

    @cached_property
    def centre_lps_mm(self) -> Points:
        return np.asarray(self.points_lps_mm.mean(axis=0))

    @cached_property
    def box_lps_mm(self) -> tuple[Points, Points]:
        return self.points_lps_mm.min(axis=0), self.points_lps_mm.max(axis=0)

    def far_from(self, other: Placed, mm: float) -> bool:
        """Whether the boxes alone show that no two voxels are within `mm`."""
        (low, high), (low2, high2) = self.box_lps_mm, other.box_lps_mm
        return bool((low - high2 > mm).any() or (low2 - high > mm).any())

    @property
    def radius_mm(self) -> float:
        """Of a ball of the same volume."""
        return float((3000.0 * self.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0))


def joined(regions: Sequence[Placed]) -> Placed:
    """Several regions as one."""
    points = np.vstack([region.points_lps_mm for region in regions])
    return Placed(points, sum(region.volume_ml for region in regions), max(region.half_voxel_mm for region in regions))


@dataclass(frozen=True, slots=True)
class Link:
    """Earlier and later region by their place in the two lists, the rule that linked them and how sure it is."""

    earlier: int
    later: int
    confidence: Confidence
    because: str


def meeting(earlier: Sequence[Placed], later: Sequence[Placed], *, tolerance_mm: float) -> tuple[Link, ...]:
    """The links of L1, their certainty by L2, by earlier, then later; () where one list is empty."""
    if not earlier or not later:
        return ()
    strength = np.maximum(_votes(earlier, later, tolerance_mm), _votes(later, earlier, tolerance_mm).T)
    half_mm = 1.01 * max(region.half_voxel_mm for region in (*earlier, *later))  # the middle of a cell lies exactly half a diagonal away
    top = np.maximum(_votes(earlier, later, half_mm), _votes(later, earlier, half_mm).T)
    return tuple(
        Link(a, b, *_by_votes(strength, top, a, b)) for a in range(len(earlier)) for b in range(len(later)) if strength[a, b] >= HALF
    )


def _votes(voters: Sequence[Placed], chosen: Sequence[Placed], within_mm: float) -> NDArray[np.float64]:
    """(voters, chosen): the share of each voter's voxels whose nearest voxel, within the distance, belongs to each of the chosen."""
    owner = np.repeat(np.arange(len(chosen) + 1), [*(len(region.points_lps_mm) for region in chosen), 1])
    tree = cKDTree(np.vstack([region.points_lps_mm for region in chosen]))
    out = np.zeros((len(voters), len(chosen)))
    for row, region in zip(out, voters, strict=True):
        _, index = tree.query(region.points_lps_mm, distance_upper_bound=within_mm)
        row[:] = np.bincount(owner[index], minlength=len(chosen) + 1)[:-1] / len(region.points_lps_mm)
    return out


def _by_votes(strength: NDArray[np.float64], top: NDArray[np.float64], a: int, b: int) -> tuple[Confidence, str]:
    others = np.count_nonzero(strength[a]) + np.count_nonzero(strength[:, b]) - 2
    said = f"L1: {strength[a, b]:.0%} of one lies at the other, {top[a, b]:.0%} on it"
    if top[a, b] >= ON_TOP or others == 0:
        return Confidence.HIGH, said
    return Confidence.LOW, f"{said}; another lesion is as near"


def by_centres(earlier: Sequence[Placed], later: Sequence[Placed], *, tolerance_mm: float) -> tuple[Link, ...]:
    """The links of L3 among regions that L1 left alone."""
    if not earlier or not later:
        return ()
    apart = np.full((len(earlier), len(later)), OUT_OF_REACH)
    for a, one in enumerate(earlier):
        for b, other in enumerate(later):
            distance = float(np.linalg.norm(one.centre_lps_mm - other.centre_lps_mm))
            if distance <= reach_mm(one, other, tolerance_mm):
                apart[a, b] = distance
    return tuple(
        Link(int(a), int(b), Confidence.LOW, f"L3: the centres lie {apart[a, b]:.0f} mm apart")
        for a, b in zip(*linear_sum_assignment(apart), strict=True)
        if apart[a, b] < OUT_OF_REACH
    )


def reach_mm(one: Placed, other: Placed, tolerance_mm: float) -> float:
    """How far apart two centres may lie for L3."""
    return 2.0 * tolerance_mm + 0.5 * (one.radius_mm + other.radius_mm)
