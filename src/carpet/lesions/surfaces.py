"""What one scan offers to alignment: points on the surfaces of bone, outline, warm tissue and brain, and the organs' centres.

Head, arms and legs are left out where the trunk can be told: they move on their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import sampled, whole
from carpet.core.space import BoolArray, Grid, Volume

Points = NDArray[np.float64]

CENTRES = ("brain", "lung_right", "lung_left", "liver", "spleen", "heart", "kidney_right", "kidney_left", "spine")  # a bladder fills
BONE, OUTLINE, WARM, BRAIN = 0, 1, 2, 3
WARM_SUV = 1.15  # g/mL [P] between muscle, fat, lung (below 0.9) and marrow, blood, liver, spleen (above 1.2)
HOT_SUV = 3.5  # g/mL [P] disease, urine and heart muscle change between scans: their surfaces count as no landmark
HOT_REACH = 2  # voxels about what is hot
SKULL_MARGIN_MM = 40.0  # [P] below the skull base: the upper neck nods with the head
LEG_MARGIN_MM = 40.0  # [P] below the pelvic floor: the thigh turns in the hip
LEAST_TRUNK_MM = 250.0  # [P] a shorter trunk keeps head and legs


@dataclass(frozen=True, eq=False)
class Surfaces:
    """What one scan offers to alignment: surface points and outward normals (n, 3) in LPS mm, the kind of each, organ centres."""

    points_lps_mm: Points
    normals_lps: Points
    kinds: NDArray[np.int64]
    centres_lps_mm: Mapping[str, Points]
    field: Grid

    def of(self, kinds: tuple[int, ...], most: int) -> Surfaces:
        """Points of these kinds, thinned evenly to at most `most`."""
        index = np.flatnonzero(np.isin(self.kinds, kinds))
        index = index[np.linspace(0, index.size - 1, min(most, index.size)).astype(int)] if index.size else index
        return Surfaces(self.points_lps_mm[index], self.normals_lps[index], self.kinds[index], self.centres_lps_mm, self.field)


def surfaces_of(suv: Volume, anatomy: Anatomy) -> Surfaces:
    """The surfaces of one scan (SUVbw, and its survey made with or without CT); raises NotMeasurable("NO_ALIGNMENT") without a body."""
    organs = anatomy.organs
    if organs is None:
        raise NotMeasurable("NO_ALIGNMENT")
    masks = {name: organs.regions[value] for value, name in anatomy.organ_names.items() if value in organs.regions}
    grid = organs.grid
    body = organs.to_values() > 0
    warm = np.asarray(ndimage.gaussian_filter(sampled(suv, grid, outside=0.0), 0.7), dtype=np.float64)
    away = ~np.asarray(ndimage.maximum_filter((warm > HOT_SUV).view(np.uint8), 2 * HOT_REACH + 1), dtype=bool)
    everywhere = np.ones_like(away)
    kinds: dict[int, tuple[NDArray[np.float64], BoolArray]] = {
        OUTLINE: (_soft(body), everywhere),
        WARM: (warm / (2.0 * WARM_SUV), away & np.asarray(ndimage.binary_erosion(body, iterations=2))),
    }
    if "bone" in masks:
        bone = sum(masks[name].mask_in(whole(grid)) for name in ("bone", "spine") if name in masks)
        kinds[BONE] = (_soft(np.asarray(bone, dtype=bool)), everywhere)
    if "brain" in masks:
        kinds[BRAIN] = (_soft(masks["brain"].mask_in(whole(grid))), everywhere)
    low, high = _trunk_mm(anatomy)
    parts = [(kind, *_surface(grid, *field)) for kind, field in sorted(kinds.items())]
    points, normals = np.vstack([part[1] for part in parts]), np.vstack([part[2] for part in parts])
    kind_of = np.repeat([part[0] for part in parts], [len(part[1]) for part in parts])
    kept = (kind_of == BRAIN) | ((points[:, 2] > low) & (points[:, 2] < high))
    centres = {name: masks[name].centroid_lps_mm for name in CENTRES if name in masks and _complete(masks[name].box[0], grid)}
    return Surfaces(points[kept], normals[kept], kind_of[kept].astype(np.int64), centres, suv.grid)


def _complete(slices: slice, grid: Grid) -> bool:
    """An organ cut off by the end of the scan has its centre elsewhere."""
    return bool(slices.start > 0 and slices.stop < grid.shape_kji[0])


def _soft(mask: BoolArray) -> NDArray[np.float64]:
    return np.asarray(ndimage.gaussian_filter(mask.astype(np.float64), 0.8))


def _trunk_mm(anatomy: Anatomy) -> tuple[float, float]:
    """Heights between which the body is one piece; endless where head or thighs can't be told, or little would be left."""
    heights = anatomy.landmarks_mm
    high = heights["skull_base"] - SKULL_MARGIN_MM if "skull_base" in heights else np.inf
    low = heights["pelvis_floor"] - LEG_MARGIN_MM if "pelvis_floor" in heights else -np.inf
    return (low, high) if high - low >= LEAST_TRUNK_MM else (-np.inf, np.inf)


def _surface(grid: Grid, soft: NDArray[np.float64], allowed: BoolArray) -> tuple[Points, Points]:
    """Points where `soft` crosses one half, moved onto the crossing along its gradient, and the direction in which it falls."""
    inside = soft > 0.5
    edge = inside & ~np.asarray(ndimage.binary_erosion(inside, border_value=1)) & allowed
    index = np.argwhere(edge)
    if index.size == 0:
        return np.zeros((0, 3)), np.zeros((0, 3))
    slope = np.stack([_central(soft, index, axis) for axis in range(3)], axis=1)
    steep = np.linalg.norm(slope, axis=1)
    index, slope, steep = index[steep > 0.02], slope[steep > 0.02], steep[steep > 0.02]
    beyond = np.clip((soft[tuple(index.T)] - 0.5) / steep, 0.0, 1.0)
    outward = -slope / steep[:, None]
    direction = outward @ np.linalg.inv(grid.affine_lps[:3, :3])
    return grid.to_lps_mm(index + outward * beyond[:, None]), direction / np.linalg.norm(direction, axis=1, keepdims=True)


def _central(soft: NDArray[np.float64], index: NDArray[np.int64], axis: int) -> NDArray[np.float64]:
    after, before = index.copy(), index.copy()
    after[:, axis] = np.minimum(after[:, axis] + 1, soft.shape[axis] - 1)
    before[:, axis] = np.maximum(before[:, axis] - 1, 0)
    return np.asarray((soft[tuple(after.T)] - soft[tuple(before.T)]) / 2.0, dtype=np.float64)
