"""Bones on CT: the centre line of the vertebral bodies, the iliac crest and the floor of the pelvis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM
from carpet.core.space import BoolArray

BONE_HU = 130.0  # [P] trabecular bone of a healthy adult is 100–250 HU; cortical shells stay above when averaged
MARROW_HU = 95.0  # [P] trabecular bone of an old patient (about 80–130 HU) with its end plates
BODY_RADIUS_MM = 18.0  # vertebral bodies are 30–50 mm wide (T6–L5)
HALF_DEPTH_MM = 16.0  # front edge to the middle of a thoracic or lumbar body (depth 25–35 mm)
DEPTH_MM = 45.0  # from the arch to the front edge; caps a bright vessel that lies before the spine
SPINE_ZONE_MM = 45.0  # [P] furthest from the midline, and in front of half the depth
STEP_LIMIT = 2  # [P] coarse voxels the centre line may move from slice to slice
ILIUM_MM = (40.0, 170.0)  # [P] lateral bone: iliac wings and femoral heads, not the spine, not arms beside the body
ILIUM_VOXELS = 10  # [P] per slice, 200 mm²
PEAK_VOXELS = 70  # [P] in the fullest slice, 1400 mm²: two wings, never ribs
BELOW_LUNG_MM = 70.0  # [P] under the lowest ribs' bulk
MEDIAL_MM = 50.0  # [P] pubis and ischium; femoral shafts lie further out


@dataclass(frozen=True, eq=False)
class Spine:
    """Centre of the vertebral bodies at every slice in coarse (j, i), and the slices where bone was seen there."""

    centre_ji: NDArray[np.float64]
    seen: BoolArray


def bones_of(body: Body) -> BoolArray | None:
    """Bone on the coarse grid, None without CT."""
    return None if body.coarse.hu is None else (body.coarse.hu > BONE_HU) & body.mask


def spine_of(body: Body) -> Spine | None:
    """The vertebral centre line: the path along S through the most solid bone near the midline, None where bone is scarce."""
    if body.coarse.hu is None:
        return None
    bone = (body.coarse.hu > MARROW_HU) & body.mask
    solid = ndimage.gaussian_filter(bone.astype(np.float32), (3.0, 0, 0))
    density = ndimage.uniform_filter(solid, (1, 7, 7), mode="constant")
    zone = (np.abs(body.left_mm) < SPINE_ZONE_MM) & (body.anterior_mm < SPINE_ZONE_MM) & body.mask
    score = np.where(zone, density, 0.0)
    path = _best_path(score)
    strength = score[np.arange(len(path)), path[:, 0], path[:, 1]]
    seen = strength > 0.25
    if seen.mean() < 0.3:
        return None
    centre = np.stack([_front_edge(solid, path) + HALF_DEPTH_MM / STEP_MM, path[:, 1]], axis=1)
    smooth = ndimage.uniform_filter1d(ndimage.median_filter(centre, (9, 1), mode="nearest"), 9, axis=0, mode="nearest")
    return Spine(smooth, seen)


def _front_edge(solid: NDArray[np.float32], path: NDArray[np.int64]) -> NDArray[np.float64]:
    """The foremost bone in front of the path, without a gap: path and density alone settle between body and arch."""
    edge = np.empty(len(path))
    for k, (j, i) in enumerate(path):
        column = solid[k, : j + 1, max(i - 2, 0) : i + 3].mean(axis=1)[::-1] < 0.35
        edge[k] = j - min(int(column.argmax()) - 1 if column.any() else int(j), round(DEPTH_MM / STEP_MM))
    return edge


def _best_path(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """(slices, 2): the (j, i) of the path with the largest summed score that moves at most STEP_LIMIT voxels per slice."""
    total = score[0].copy()
    best = [total]
    for plane in score[1:]:
        total = plane + ndimage.maximum_filter(total, 2 * STEP_LIMIT + 1)
        best.append(total)
    at = np.unravel_index(int(np.argmax(best[-1])), best[-1].shape)
    path = [at]
    for total in best[-2::-1]:
        j0, i0 = max(int(at[0]) - STEP_LIMIT, 0), max(int(at[1]) - STEP_LIMIT, 0)
        window = total[j0 : int(at[0]) + STEP_LIMIT + 1, i0 : int(at[1]) + STEP_LIMIT + 1]
        dj, di = np.unravel_index(int(np.argmax(window)), window.shape)
        at = (np.intp(j0 + int(dj)), np.intp(i0 + int(di)))
        path.append(at)
    return np.array(path[::-1], dtype=np.int64)


def vertebral_bodies(spine: Spine, shape_kji: tuple[int, ...], *, radius_mm: float = BODY_RADIUS_MM) -> BoolArray:
    """A tube of this radius around the centre line, where bone was seen."""
    j, i = np.arange(shape_kji[1])[None, :, None], np.arange(shape_kji[2])[None, None, :]
    centre = spine.centre_ji
    squared = (j - centre[:, 0][:, None, None]) ** 2 + (i - centre[:, 1][:, None, None]) ** 2
    return np.asarray((squared <= (radius_mm / STEP_MM) ** 2) & spine.seen[:, None, None])


def pelvis_mm(body: Body, bones: BoolArray, lung_base_mm: float) -> dict[str, float]:
    """Heights of `iliac_crest` and `pelvis_floor` (lowest pubis or ischium), those that the scan holds."""
    lateral = (np.abs(body.left_mm) > ILIUM_MM[0]) & (np.abs(body.left_mm) < ILIUM_MM[1])
    below = body.s_mm[:, 0, 0] < lung_base_mm - BELOW_LUNG_MM
    area = np.where(below, (bones & lateral).sum(axis=(1, 2)), 0)
    if area.max(initial=0) < PEAK_VOXELS:
        return {}
    peak = int(np.argmax(area))
    crest = peak
    while crest + 1 < area.size and area[crest + 1] >= ILIUM_VOXELS:
        crest += 1
    found = {"iliac_crest": body.coarse.s_mm(crest)}
    medial = (bones & (np.abs(body.left_mm) < MEDIAL_MM)).sum(axis=(1, 2))
    floor = peak
    while floor > 0 and medial[floor - 1] >= 3:
        floor -= 1
    if floor > 2:
        found["pelvis_floor"] = body.coarse.s_mm(floor)
    return found
