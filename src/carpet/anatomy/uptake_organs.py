"""Liver and spleen: large volumes of homogeneous, moderate uptake under the right and the left lung."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM, cubes, dilated, filled_slices, opened, parts_of
from carpet.core.space import BoolArray

LIVER_SUV = (1.0, 4.5)  # mean SUVbw of a normal liver is 1.3–3.0 (EANM guideline, Boellaard 2015, EJNMMI 42:328); wider [P]
LIVER_ML = (500.0, 5000.0)  # [P] adult liver 1.2–1.8 L; partly scanned at the lower end, massive hepatomegaly at the upper
LIVER_CV = 0.30  # [P] over the organ on the coarse copy; a mass or gut is less even
SPLEEN_ML = (40.0, 3000.0)  # [P] normal 100–300 mL; lymphoma enlarges it
RIGHT_LOBE_MM = -30.0  # [P] from the midline; the dome is taken here, where no heart lies on the liver
SEED_MM = 13.5  # [P] a seed is the middle of a 31 mm cube of even uptake
SEED_CV = 0.30  # [P] voxel noise at 4.5 mm stays below
BAND = (0.75, 1.4)  # [P] smoothed uptake of the same organ, relative to its seed; blood lies at 0.5–0.75 of liver
SOFT_HU = (-10.0, 200.0)  # fatty liver to contrast-enhanced; excludes fat, lung and bone
LUNG_REACH_MM = 31.5  # [P] breathing displaces the dome on PET against CT by up to 3 cm
ABOVE_MM = (18.0, 45.0)  # [P] the lung just above the dome
ABOVE_SHARE = 0.65  # [P] of the liver's mean: lung with breathing blur stays below
EXTENT_S_MM = (110.0, 320.0)  # [P] right lobe along the body, without CT
ARMS_MM = 430.0  # [P] wider than this at the liver, the arms lie beside the body
WALL_AND_ARM_MM = 170.0
WALL_MM = 54.0  # [P] the right lobe reaches the chest wall, without CT


@dataclass(frozen=True, eq=False)
class Even:
    """Smoothed uptake at two widths, and where it is even and soft tissue."""

    smooth: NDArray[np.float32]
    wide: NDArray[np.float32]
    cv: NDArray[np.float32]
    soft: BoolArray


def even_uptake(body: Body) -> Even:
    """Local means and coefficients of variation of SUV, and the soft tissue where CT tells it."""
    suv = body.coarse.suv
    width = cubes(SEED_MM)
    wide = ndimage.uniform_filter(suv, width)
    variance = np.maximum(ndimage.uniform_filter(suv * suv, width) - wide * wide, 0)
    cv = np.sqrt(variance) / np.maximum(wide, np.float32(0.1))
    soft = body.mask
    if body.coarse.hu is not None:
        hu = ndimage.uniform_filter(body.coarse.hu, 3)
        soft = soft & (hu > SOFT_HU[0]) & (hu < SOFT_HU[1])
    return Even(ndimage.uniform_filter(suv, 3), wide, cv, soft)


def liver_of(body: Body, even: Even, right_lung: BoolArray | None) -> BoolArray | None:
    """The liver, or None where no volume of even uptake lies under the right lung (with CT) or under something cold (without)."""
    zone = even.soft & (body.left_mm < 90)
    neck_mm = 9.0
    if right_lung is not None:
        base, top = _lung_floor(body, right_lung)
        zone = zone & (body.s_mm < top) & (body.s_mm > base - 300)
    elif body.coarse.hu is not None:
        return None
    else:
        neck_mm = 13.5
    seeds = zone & (body.left_mm < -25) & (even.wide >= LIVER_SUV[0]) & (even.wide <= LIVER_SUV[1]) & (even.cv < SEED_CV)
    for organ in _grown(even, zone, seeds, neck_mm, LIVER_ML):
        values = body.coarse.suv[organ]
        even_enough = LIVER_SUV[0] <= values.mean() <= LIVER_SUV[1] and values.std() / values.mean() < LIVER_CV
        touches = _liver_like(body, organ) if right_lung is None else bool((organ & dilated(right_lung, LUNG_REACH_MM)).any())
        if even_enough and touches:
            return _below_heart(body, with_holes(organ, zone))
    return None


def _below_heart(body: Body, liver: BoolArray) -> BoolArray:
    """Without what lies above the right dome's height left of the right lobe: there the heart rests on the liver."""
    right = liver & (body.left_mm < RIGHT_LOBE_MM)
    dome = int(np.flatnonzero(right.any(axis=(1, 2)))[-1])
    cut = liver.copy()
    cut[dome + 1 :] = False
    return cut


def _liver_like(body: Body, organ: BoolArray) -> bool:
    """Without lungs: on the right, as long as a liver, at the chest wall, wholly below the scan's top, and cold above the dome."""
    slices, columns = np.flatnonzero(organ.any(axis=(1, 2))), organ.any(axis=0)
    extent = (slices[-1] - slices[0] + 1) * STEP_MM
    left = float(np.broadcast_to(body.left_mm, organ.shape)[organ].mean())
    if not EXTENT_S_MM[0] <= extent <= EXTENT_S_MM[1] or left > -20 or slices[-1] + round(ABOVE_MM[1] / STEP_MM) >= len(organ):
        return False
    middle = slices[slices.size // 2]
    across = np.flatnonzero(body.mask[middle].any(axis=0))
    wall = int(across[0])
    lobe = int(organ[middle].any(axis=0).argmax()) if organ[middle].any() else organ.shape[2]
    if (lobe - wall) * STEP_MM > (WALL_MM if across.size * STEP_MM < ARMS_MM else WALL_AND_ARM_MM):
        return False
    j, i = np.nonzero(columns)
    right = body.left_mm[slices[-1], 0, i] < -20
    j, i = j[right], i[right]
    dome = organ.shape[0] - 1 - organ[::-1, j, i].argmax(axis=0)
    high = dome > slices[-1] - round(45 / STEP_MM)
    near, far = (round(mm / STEP_MM) for mm in ABOVE_MM)
    above = [body.coarse.suv[dome[high] + up, j[high], i[high]] for up in range(near, far + 1)]
    return bool(np.median(above) < ABOVE_SHARE * np.median(body.coarse.suv[organ]))


def spleen_of(body: Body, even: Even, left_lung: BoolArray | None, liver: BoolArray) -> BoolArray | None:
    """The spleen, or None without CT, or where no such volume lies at the back on the left under the lung."""
    if left_lung is None:
        return None
    liver_mean = float(np.median(body.coarse.suv[liver]))
    base, top = _lung_floor(body, left_lung)
    zone = even.soft & ~liver & (body.left_mm > 35) & (body.anterior_mm < 25) & (body.s_mm < top) & (body.s_mm > base - 160)
    small = ndimage.uniform_filter(body.coarse.suv, 5)
    seeds = zone & (body.left_mm > 55) & (small > 0.5 * liver_mean) & (even.cv < 1.2 * SEED_CV)
    near_lung = dilated(left_lung, LUNG_REACH_MM)
    for organ in _grown(even, zone, seeds, 9.0, SPLEEN_ML):
        if (organ & near_lung).any():
            return with_holes(organ, zone)
    return None


def _lung_floor(body: Body, lung: BoolArray) -> tuple[float, float]:
    """Height of the lung's lowest tip, and the height under which an organ below this lung can lie."""
    heights = body.s_mm[lung.any(axis=(1, 2)), 0, 0]
    return float(heights.min()), float(heights.min() + 0.6 * np.ptp(heights))


def with_holes(organ: BoolArray, zone: BoolArray) -> BoolArray:
    """The organ with its rim, which partial volume dims, and with the lesions it encloses."""
    return filled_slices(dilated(organ, STEP_MM) & zone) & zone


def _grown(even: Even, zone: BoolArray, seeds: BoolArray, neck_mm: float, size_ml: tuple[float, float]) -> list[BoolArray]:
    """The parts around the largest seeds whose uptake stays in the band and whose size fits; best seed first."""
    labels, volumes = parts_of(seeds)
    organs = []
    for label in np.argsort(volumes)[::-1][:4]:
        if volumes[label] <= 0.0:
            break
        level = float(np.median(even.wide[labels == label]))
        alike = opened(zone & (even.smooth > BAND[0] * level) & (even.smooth < BAND[1] * level), neck_mm)
        parts, sizes = parts_of(alike)
        touched = np.bincount(parts[labels == label], minlength=sizes.size)
        touched[0] = 0
        part = int(np.argmax(touched))
        if touched[part] and size_ml[0] <= sizes[part] <= size_ml[1]:
            organs.append(parts == part)
    return organs
