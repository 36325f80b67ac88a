"""Alignment of a later PET/CT with the baseline: six numbers found on the bones, or on outline and uptake where there is no CT.

The steps: surfaces of the organs that both scans show; starts from organ centres, displaced and turned; trimmed point-to-plane
iterations (Chen and Medioni, Image Vis Comput 1992;10:145; trimming: Chetverikov, Image Vis Comput 2005;23:299) from each start;
the best one refined. Head, arms and legs are left out where the trunk can be told: they move on their own. Bones keep their size;
a fit on the outline may also narrow or widen the body across (left-right and front-back, at most 12 %), for weight lost or gained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from carpet.core.errors import NotMeasurable
from carpet.core.space import BoolArray, FloatArray, Grid, frozen
from carpet.lesions.surfaces import BONE, BRAIN, OUTLINE, WARM, Points, Surfaces

KINDS: Mapping[str, tuple[int, ...]] = {"bone": (BONE,), "uptake": (WARM, BRAIN), "outline and uptake": (OUTLINE, WARM, BRAIN)}
LEAST_POINTS = 800  # [P] fewer surface points on either scan hold no alignment
COARSE_POINTS, FINE_POINTS = 1200, 10000
COARSE_STEPS, FINE_STEPS = 14, 25
CLASS_APART_MM = 1000.0  # a fourth coordinate that keeps surfaces of different kinds from meeting
FACING = 0.3  # [P] least cosine between the normals of two points that may be one
GIRTH = (0.88, 1.12)  # [P] a body that fits only beyond these is another body
INLIER_MM = 7.0  # [P] a coarse voxel's diagonal: nearer points lie on the same surface as far as can be told
CUT_MM = (INLIER_MM, 40.0)  # [P] pairs further apart than three medians, within these bounds, are trimmed
LEAST_OVERLAP = 0.3  # [P] share of the surface points that lie in the other scan's field
START_SHIFTS_MM, START_YAWS_DEG = (-60.0, -30.0, 0.0, 30.0, 60.0), (-9.0, 9.0)
SAME_MM = 8.0  # [P] two results that move no landmark further apart than this are one
RIVAL = 1.15  # [P] another place that fits nearly as well: within 15 % of the best score


class Confidence(StrEnum):
    """high: acted upon; low: a person looks first."""

    HIGH = "high"
    LOW = "low"


# [P] What an alignment must show: residual at most (mm), share of inliers at least. Below low there is none.
DEMANDS: Mapping[Confidence, tuple[float, float]] = {Confidence.HIGH: (3.0, 0.70), Confidence.LOW: (5.0, 0.50)}


@dataclass(frozen=True, eq=False)
class Alignment:
    """From a later scan to the baseline. matrix_lps: (4, 4), LPS mm → LPS mm. residual_mm: median distance of matched surfaces.

    overlap: share of the surface points inside both fields. inliers: share of those within 7 mm of their counterpart.
    by: `bone`, `uptake` or `outline and uptake`. because: the figures and what speaks against it, in words.
    """

    matrix_lps: NDArray[np.float64]
    residual_mm: float
    overlap: float
    inliers: float
    by: str
    confidence: Confidence
    because: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix_lps", frozen(np.array(self.matrix_lps, dtype=np.float64)))

    def to_baseline(self, lps_mm: ArrayLike) -> Points:
        """Positions (..., 3) of the later scan in the baseline's frame, LPS mm."""
        return carried(self.matrix_lps, lps_mm)


def carried(matrix_lps: FloatArray, lps_mm: ArrayLike) -> Points:
    """Positions (..., 3) after a (4, 4) transform, LPS mm."""
    return np.asarray(np.asarray(lps_mm, dtype=np.float64) @ matrix_lps[:3, :3].T + matrix_lps[:3, 3])


def align(later: Surfaces, baseline: Surfaces) -> Alignment:
    """The transform that lays the later scan on the baseline; confidence by `DEMANDS`, and low where another place fits nearly as well.

    By bone where both scans have it; else by uptake inside the body, or by outline and uptake with a change of girth, whichever
    leaves the smaller residual. The Frame of Reference is not looked at: on different days the same UID proves nothing. Raises
    NotMeasurable("NO_ALIGNMENT") when too little surface is shared, or no fit meets the least demand.
    """
    bone = min(np.count_nonzero(scan.kinds == BONE) for scan in (later, baseline)) >= LEAST_POINTS
    kinds = (BONE,) if bone else (OUTLINE, WARM, BRAIN)
    if min(np.count_nonzero(np.isin(scan.kinds, kinds)) for scan in (later, baseline)) < LEAST_POINTS:
        raise NotMeasurable("NO_ALIGNMENT")
    moving, fixed = later.of(kinds, COARSE_POINTS), _Target(baseline.of(kinds, 4 * FINE_POINTS))
    found = sorted((_improved(start, moving, fixed, COARSE_STEPS) for start in _starts(later, baseline)), key=lambda fit: fit.score)
    rival = any(fit.score < RIVAL * found[0].score and _apart_mm(fit, found[0], later) > SAME_MM for fit in found[1:])
    ways = ("bone",) if bone else ("uptake", "outline and uptake")
    fits = [fit for by in ways if (fit := _refined(found[0].matrix, later, baseline, by, rival=rival)) is not None]
    if not fits:
        raise NotMeasurable("NO_ALIGNMENT")
    return min(fits, key=lambda fit: (fit.confidence is Confidence.LOW, fit.residual_mm))


def _refined(start: NDArray[np.float64], later: Surfaces, baseline: Surfaces, by: str, *, rival: bool) -> Alignment | None:
    """The fit on all points of the kinds that `by` names, or None where it can't be trusted."""
    kinds = KINDS[by]
    if min(np.count_nonzero(np.isin(scan.kinds, kinds)) for scan in (later, baseline)) < LEAST_POINTS:
        return None
    fixed = _Target(baseline.of(kinds, 4 * FINE_POINTS))
    best = _improved(start, later.of(kinds, FINE_POINTS), fixed, FINE_STEPS, girth=OUTLINE in kinds)
    return _judged(best, _measured(best.matrix, later, baseline, kinds), by, rival=rival)


@dataclass(frozen=True, eq=False)
class _Fit:
    matrix: NDArray[np.float64]
    score: float


class _Target:
    """The baseline's surface points, quick to search by place and kind."""

    def __init__(self, surfaces: Surfaces) -> None:
        self.surfaces = surfaces
        self._tree = cKDTree(_with_kind(surfaces.points_lps_mm, surfaces.kinds))

    def nearest(self, points: Points, kinds: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        distance, index = self._tree.query(_with_kind(points, kinds))
        return np.asarray(distance), np.asarray(index)


def _with_kind(points: Points, kinds: NDArray[np.int64]) -> Points:
    return np.column_stack([points, kinds * CLASS_APART_MM])


def _starts(later: Surfaces, baseline: Surfaces) -> Iterator[NDArray[np.float64]]:
    """From the organs' centres: shifted by their median, and turned as well; then further up, down and to either side."""
    common = sorted(set(later.centres_lps_mm) & set(baseline.centres_lps_mm))
    if common:
        source = np.array([later.centres_lps_mm[name] for name in common])
        target = np.array([baseline.centres_lps_mm[name] for name in common])
        middle, shift = source.mean(axis=0), np.median(target - source, axis=0)
        if len(common) >= 4:
            yield _least_squares(source, target)
    else:
        middle = later.points_lps_mm.mean(axis=0)
        shift = baseline.points_lps_mm.mean(axis=0) - middle
    for up_mm in START_SHIFTS_MM:
        yield _about(middle, 0.0, shift + np.array([0.0, 0.0, up_mm]))
    for yaw_deg in START_YAWS_DEG:
        yield _about(middle, yaw_deg, shift)


def _about(middle: Points, yaw_deg: float, shift: Points) -> NDArray[np.float64]:
    turn = np.deg2rad(yaw_deg)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    matrix[:3, 3] = middle + shift - matrix[:3, :3] @ middle
    return matrix


def _least_squares(source: Points, target: Points) -> NDArray[np.float64]:
    """The rotation and shift of least squares (Kabsch, Acta Cryst A 1976;32:922)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - a).T @ (target - b))
    matrix = np.eye(4)
    matrix[:3, :3] = vt.T @ np.diag([1.0, 1.0, np.linalg.det(vt.T @ u.T)]) @ u.T
    matrix[:3, 3] = b - matrix[:3, :3] @ a
    return matrix


def _improved(start: NDArray[np.float64], moving: Surfaces, fixed: _Target, steps: int, *, girth: bool = False) -> _Fit:
    """Point-to-plane steps from one start, and the score of where they end: the mean distance, none counted beyond 20 mm."""
    matrix = start
    for _ in range(steps):
        points = carried(matrix, moving.points_lps_mm)
        distance, index = fixed.nearest(points, moving.kinds)
        facing = (moving.normals_lps @ matrix[:3, :3].T * fixed.surfaces.normals_lps[index]).sum(axis=1) > FACING
        cut = np.clip(3.0 * np.median(distance), *CUT_MM)
        used = facing & (distance <= cut) & _within(fixed.surfaces.field, points)
        if np.count_nonzero(used) < 50:
            return _Fit(matrix, np.inf)
        step = _plane_step(points[used], fixed.surfaces.points_lps_mm[index[used]], fixed.surfaces.normals_lps[index[used]], girth=girth)
        matrix = step @ matrix
        if np.abs(step - np.eye(4)).max() < 0.01:
            break
    points = carried(matrix, moving.points_lps_mm)
    seen = _within(fixed.surfaces.field, points)
    if seen.mean() < LEAST_OVERLAP:
        return _Fit(matrix, np.inf)
    return _Fit(matrix, float(np.minimum(fixed.nearest(points[seen], moving.kinds[seen])[0], 20.0).mean()))


def _plane_step(points: Points, onto: Points, normals: Points, *, girth: bool) -> NDArray[np.float64]:
    """The small rotation and shift, and change of girth if asked, that bring points nearest to the planes through their counterparts."""
    middle = points.mean(axis=0)
    lever_mm = 100.0  # weighs turns and girth against shifts in the damping
    turns = np.cross(points - middle, normals)
    across = (points - middle)[:, :2] * normals[:, :2]
    rows = np.hstack([turns / lever_mm, normals, across / lever_mm if girth else np.zeros((len(points), 0))])
    gap = ((onto - points) * normals).sum(axis=1)
    solved = np.linalg.solve(rows.T @ rows + 1e-3 * len(points) * np.eye(rows.shape[1]), rows.T @ gap)
    turn = solved[:3] / lever_mm
    angle = float(np.linalg.norm(turn))
    matrix = np.eye(4)
    if angle > 0.0:
        x, y, z = turn / angle
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    if girth:
        matrix[:3, :3] = matrix[:3, :3] @ np.diag([1.0 + solved[6] / lever_mm, 1.0 + solved[7] / lever_mm, 1.0])
    matrix[:3, 3] = middle + solved[3:6] - matrix[:3, :3] @ middle
    return matrix


def _within(field: Grid, points: Points) -> BoolArray:
    kji = field.to_kji(points)
    return np.asarray(((kji >= -0.5) & (kji <= np.array(field.shape_kji) - 0.5)).all(axis=-1))


def _apart_mm(one: _Fit, other: _Fit, later: Surfaces) -> float:
    """How far two results carry the scan's points apart, median."""
    points = later.points_lps_mm[:: max(len(later.points_lps_mm) // 500, 1)]
    return float(np.median(np.linalg.norm(carried(one.matrix, points) - carried(other.matrix, points), axis=1)))


def _measured(matrix: NDArray[np.float64], later: Surfaces, baseline: Surfaces, kinds: tuple[int, ...]) -> tuple[float, float, float]:
    """Residual (mm), inliers and overlap of a result: the worse of both directions."""
    ways = ((matrix, later, baseline), (np.linalg.inv(matrix), baseline, later))
    found = [_one_way(way, source.of(kinds, FINE_POINTS), target.of(kinds, 4 * FINE_POINTS)) for way, source, target in ways]
    residual, missed, unseen = np.array(found).max(axis=0)
    return float(residual), float(1.0 - missed), float(1.0 - unseen)


def _one_way(matrix: FloatArray, source: Surfaces, target: Surfaces) -> tuple[float, float, float]:
    points = carried(matrix, source.points_lps_mm)
    seen = _within(target.field, points)
    if not seen.any():
        return np.inf, 1.0, 1.0
    distance, index = _Target(target).nearest(points[seen], source.kinds[seen])
    near = distance <= INLIER_MM
    gap = np.abs(((points[seen] - target.points_lps_mm[index]) * target.normals_lps[index]).sum(axis=1))
    return float(np.median(gap)), 1.0 - float(near.mean()), 1.0 - float(seen.mean())


def _judged(fit: _Fit, figures: tuple[float, float, float], by: str, *, rival: bool) -> Alignment | None:
    """The alignment with its confidence, or None where it misses the least demand."""
    residual, inliers, overlap = figures
    stretch = np.linalg.svd(fit.matrix[:3, :3], compute_uv=False)
    if overlap < LEAST_OVERLAP or stretch.min() < GIRTH[0] or stretch.max() > GIRTH[1]:
        return None
    said = f"by {by}: residual {residual:.1f} mm, {inliers:.0%} of the surface within {INLIER_MM:g} mm, {overlap:.0%} in both fields"
    if np.abs(stretch - 1.0).max() > 1e-3:
        said += f"; girth changed by a factor of {stretch.min():.2f} to {stretch.max():.2f}"
    met = [confidence for confidence, (most_mm, least) in DEMANDS.items() if residual <= most_mm and inliers >= least]
    if not met:
        return None
    if rival:
        said += "; another place fits nearly as well"
    return Alignment(fit.matrix, residual, overlap, inliers, by, Confidence.LOW if rival else met[0], said)
