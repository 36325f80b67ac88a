"""Lungs: air inside the body on CT. On PET alone they are not told from the chest wall safely, so they are not sought."""

from __future__ import annotations

import numpy as np

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import opened, parts_of
from carpet.core.space import BoolArray

AIR_HU = -500.0  # [P] lung is -900 to -600 HU
AIRWAY_MM = 9.0  # [P] trachea and main bronchi are at most 20 mm wide: opening by their radius removes them
LEAST_LUNG_ML = 250.0  # [P] one lung's part in the scan


def lungs_of(body: Body) -> tuple[BoolArray, BoolArray] | None:
    """(right, left) lung masks on the coarse grid, or None without CT or unless both are seen at one height."""
    if body.coarse.hu is None:
        return None
    air = opened((body.coarse.hu < AIR_HU) & body.mask, AIRWAY_MM)
    sides = []
    for side in (air & (body.left_mm < 0), air & (body.left_mm >= 0)):
        labels, volumes = parts_of(side)
        largest = int(np.argmax(volumes))
        if volumes[largest] < LEAST_LUNG_ML:
            return None
        sides.append(labels == largest)
    heights = [np.flatnonzero(side.any(axis=(1, 2))) for side in sides]
    together = min(heights[0][-1], heights[1][-1]) - max(heights[0][0], heights[1][0])
    if together <= 0.4 * min(np.ptp(heights[0]), np.ptp(heights[1])):
        return None
    return sides[0], sides[1]
