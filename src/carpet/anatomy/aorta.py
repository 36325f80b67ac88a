"""The descending aorta on CT: a round soft-tissue column to the left front of the spine that borders the left lung."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM
from carpet.anatomy.skeleton import Spine
from carpet.core.space import BoolArray

BLOOD_HU = (18.0, 400.0)  # [P] anaemic blood to arterial contrast
RADIUS_MM = (7.0, 20.0)  # descending aorta is 20–30 mm wide in adults (2010 ACC/AHA thoracic aorta guideline); wider [P]
LEFT_OF_SPINE_MM = (-5.0, 50.0)  # [P]
BEFORE_SPINE_MM = (-4.0, 45.0)  # [P] never behind the vertebral body's middle, where muscle lies
LUNG_GAP_MM = 24.0  # [P] the centre is no further from the left lung than a radius and its wall
VERTEBRA_MM = 17.0  # half the depth of a thoracic vertebral body
SPINE_GAP_MM = 48.0  # [P] centre to vertebral centre: half a vertebra and a radius
LEAST_LENGTH_MM = 40.0  # [P] shorter stretches are not told from a vein, the oesophagus or a node


def aorta_path(body: Body, spine: Spine, left_lung: BoolArray) -> NDArray[np.float64] | None:
    """(n, 3) fractional coarse (k, j, i) of the aorta's centre along the descending thoracic part, or None."""
    if body.coarse.hu is None:
        return None
    hu = body.coarse.hu
    heights = np.flatnonzero(left_lung.any(axis=(1, 2)))
    first, last = heights[0] + round(0.15 * np.ptp(heights)), heights[-1] - round(0.35 * np.ptp(heights))
    found = [(k, at) for k in range(first, last) if spine.seen[k] and (at := _centre(hu[k], left_lung[k], spine.centre_ji[k])) is not None]
    run = _steady_run(found)
    return None if len(run) * STEP_MM < LEAST_LENGTH_MM else np.array([(k, *at) for k, at in run])


def _centre(hu: NDArray[np.float32], lung: BoolArray, spine_ji: NDArray[np.float64]) -> tuple[float, float] | None:
    """The deepest point of the soft tissue between the spine and the left lung in one slice."""
    j0, i0 = (int(value) for value in spine_ji)
    j1, i1 = max(j0 - 14, 0), max(i0 - 4, 0)
    part = hu[j1 : j0 + 8, i1 : i0 + 16]
    fine = ndimage.zoom(part, 3, order=1)
    j = np.linspace(0, part.shape[0] - 1, fine.shape[0])[:, None] + j1
    i = np.linspace(0, part.shape[1] - 1, fine.shape[1])[None, :] + i1
    vertebra = np.hypot(j - spine_ji[0], i - spine_ji[1]) * STEP_MM < VERTEBRA_MM
    soft = (fine > BLOOD_HU[0]) & (fine < BLOOD_HU[1]) & ~vertebra
    depth = ndimage.distance_transform_edt(np.pad(soft, 1, constant_values=True))[1:-1, 1:-1] * STEP_MM / 3
    before, left = (spine_ji[0] - j) * STEP_MM, (i - spine_ji[1]) * STEP_MM
    gap = ndimage.distance_transform_edt(ndimage.zoom((~lung[j1 : j0 + 8, i1 : i0 + 16]).astype(np.uint8), 3, order=0)) * STEP_MM / 3
    zone = (left > LEFT_OF_SPINE_MM[0]) & (left < LEFT_OF_SPINE_MM[1]) & (before > BEFORE_SPINE_MM[0]) & (before < BEFORE_SPINE_MM[1])
    zone &= (np.hypot(before, left) < SPINE_GAP_MM) & (gap < LUNG_GAP_MM) & (depth >= RADIUS_MM[0]) & (depth <= RADIUS_MM[1])
    if not zone.any():
        return None
    at = np.unravel_index(int(np.argmax(np.where(zone, depth, 0))), depth.shape)
    return float(j[at[0], 0]), float(i[0, at[1]])


def _steady_run(found: list[tuple[int, tuple[float, float]]]) -> list[tuple[int, tuple[float, float]]]:
    """The longest run of successive slices whose centres move less than one coarse voxel and a half."""
    best: list[tuple[int, tuple[float, float]]] = []
    run: list[tuple[int, tuple[float, float]]] = []
    for k, at in found:
        if run and (k != run[-1][0] + 1 or np.hypot(at[0] - run[-1][1][0], at[1] - run[-1][1][1]) > 1.5):
            run = []
        run.append((k, at))
        best = run if len(run) > len(best) else best
    return best
