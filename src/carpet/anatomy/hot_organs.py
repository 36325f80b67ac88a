"""Organs that hold or excrete FDG: brain, heart, kidneys, bladder; each by where it lies and how it takes up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM, dilated, eroded, filled_slices, largest_part, opened, parts_of
from carpet.core.space import BoolArray

SKULL_HU = 250.0  # [P] the vault averaged over 4.5 mm
BRAIN_ML = 80.0  # [P] the least part of a brain that a scan's top slices show
BRAIN_PLANE_CM2 = 40.0  # [P] brain's cross-section; an adult's largest is about 150
BRAIN_SUV = 3.0  # [P] grey matter is 5–12; low under sedation or hyperglycaemia
BRAIN_ABOVE_DOME_MM = 300.0  # [P] liver dome to skull base is 320–420 mm in adults

HEART_HEIGHT = 0.5  # [P] of the lungs' height above their base: the heart lies below the carina
HEART_LEFT_MM = (-50.0, 105.0)  # [P]
HEART_BEFORE_SPINE_MM = 30.0  # [P] front of the aorta and the oesophagus
HEART_SOFT_HU = (-20.0, 400.0)
HEART_OVER_DOME_MM = (-40.0, 95.0)  # [P] without CT, of the liver's dome

KIDNEY_LEFT_MM = (24.0, 105.0)  # [P] hilum to lateral border, from the midline
KIDNEY_BELOW_DOME_MM = (55.0, 290.0)  # [P] T11 to L4
KIDNEY_ANTERIOR_MM = (-90.0, 8.0)  # [P] retroperitoneal: behind half the body's depth
KIDNEY_ML = (15.0, 450.0)  # [P] normal 120–200 mL; the hot part may be the calyces alone
KIDNEY_LENGTH_MM = (22.0, 180.0)
KIDNEY_LIVER = 1.25  # [P] times liver uptake: excreted activity

BLADDER_LEFT_MM = 40.0  # [P] its middle is near the midline
BLADDER_BELOW_DOME_MM = (290.0, 520.0)  # [P] pubic symphysis lies 350–480 mm under the dome
BLADDER_OVER_FLOOR_MM = (-10.0, 160.0)
BLADDER_HU = (-20.0, 25.0)  # urine is water, nodes and gut are 30–60; excreted contrast is brighter and then not recognised
BLADDER_ML = (8.0, 1200.0)
BLADDER_LIVER = 2.0  # [P] times liver uptake


def brain_of(body: Body, dome_mm: float | None) -> BoolArray | None:
    """The brain: on CT what the skull encloses, on PET alone the large hot part far above the liver."""
    if body.coarse.hu is not None:
        skull = dilated(body.coarse.hu > SKULL_HU, STEP_MM)
        inside = filled_slices(skull) & ~skull & (body.coarse.hu > -20) & (body.coarse.hu < 120)
        mask = opened(inside, 9.0)
    elif dome_mm is not None:
        mask = opened((ndimage.uniform_filter(body.coarse.suv, 3) > BRAIN_SUV) & (body.s_mm > dome_mm + BRAIN_ABOVE_DOME_MM), STEP_MM)
    else:
        return None
    brain = largest_part(mask)
    plane_cm2 = brain.sum(axis=(1, 2)).max(initial=0) * STEP_MM**2 / 100
    if brain.sum() * STEP_MM**3 / 1000 < BRAIN_ML or plane_cm2 < BRAIN_PLANE_CM2:
        return None
    return dilated(brain, 9.0) & body.mask if body.coarse.hu is not None else dilated(brain, STEP_MM)


def heart_of(
    body: Body, lungs: tuple[BoolArray, BoolArray] | None, spine_j: NDArray[np.float64] | None, dome_mm: float | None
) -> BoolArray | None:
    """The heart's room: soft tissue between the lower lungs before the spine; without CT a block above the liver's dome."""
    sides = (body.left_mm > HEART_LEFT_MM[0]) & (body.left_mm < HEART_LEFT_MM[1])
    if lungs is None or spine_j is None or body.coarse.hu is None:
        if dome_mm is None:
            return None
        low, high = dome_mm + HEART_OVER_DOME_MM[0], dome_mm + HEART_OVER_DOME_MM[1]
        room = (body.s_mm > low) & (body.s_mm < high) & (body.anterior_mm > -15) & (body.left_mm > -15) & sides
        return room & eroded(body.mask, 22.5)
    both = lungs[0] | lungs[1]
    heights = np.flatnonzero(both.any(axis=(1, 2)))
    base, top = body.coarse.s_mm(heights[0]), body.coarse.s_mm(heights[-1])
    before_spine = (spine_j[:, None] - np.arange(body.mask.shape[1])[None, :])[:, :, None] * STEP_MM > HEART_BEFORE_SPINE_MM
    right_edge, left_edge, front = _between(lungs)
    hu = ndimage.uniform_filter(body.coarse.hu, 3)
    soft = (hu > HEART_SOFT_HU[0]) & (hu < HEART_SOFT_HU[1]) & ~both
    room = soft & sides & before_spine & right_edge & left_edge & front & (body.s_mm < base + HEART_HEIGHT * (top - base))
    found = largest_part(opened(room, 9.0))
    return found if found.sum() * STEP_MM**3 / 1000 > 100.0 else None


def _between(lungs: tuple[BoolArray, BoolArray]) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Where some right lung lies further right in the row or slice, some left lung further left, and some lung in front."""
    columns = [np.asarray(lung.any(axis=1)) for lung in lungs]
    right = np.maximum.accumulate(columns[0], axis=1)[:, None, :]
    left = np.maximum.accumulate(columns[1][:, ::-1], axis=1)[:, ::-1][:, None, :]
    front = np.maximum.accumulate((lungs[0] | lungs[1]).any(axis=2), axis=1)[:, :, None]
    return right, left, front


def kidneys_of(body: Body, dome_mm: float, liver_mean: float, taken: BoolArray) -> dict[str, BoolArray]:
    """`kidney_right` and `kidney_left`, those found: hot, beside the spine, behind, below the liver's dome."""
    hot = (ndimage.uniform_filter(body.coarse.suv, 3) > KIDNEY_LIVER * liver_mean) & ~taken & body.mask
    if body.coarse.hu is not None:
        hot &= body.coarse.hu > -30
    zone = (body.s_mm < dome_mm - KIDNEY_BELOW_DOME_MM[0]) & (body.s_mm > dome_mm - KIDNEY_BELOW_DOME_MM[1])
    zone = zone & (body.anterior_mm > KIDNEY_ANTERIOR_MM[0]) & (body.anterior_mm < KIDNEY_ANTERIOR_MM[1])
    found = {}
    for name, left in (("kidney_right", -body.left_mm), ("kidney_left", body.left_mm)):
        part = _hottest_part(hot & zone & (left > KIDNEY_LEFT_MM[0]) & (left < KIDNEY_LEFT_MM[1]), body.coarse.suv)
        ml = part.sum() * STEP_MM**3 / 1000
        length = np.count_nonzero(part.any(axis=(1, 2))) * STEP_MM
        if KIDNEY_ML[0] <= ml <= KIDNEY_ML[1] and KIDNEY_LENGTH_MM[0] <= length <= KIDNEY_LENGTH_MM[1]:
            found[name] = dilated(part, STEP_MM) & ~taken
    return found


def _hottest_part(mask: BoolArray, suv: NDArray[np.float32]) -> BoolArray:
    """The part with the highest uptake among those of a kidney's least size: gut beside the kidney is cooler."""
    labels, volumes = parts_of(mask)
    peaks = [float(suv[labels == label].max()) if volume >= KIDNEY_ML[0] else 0.0 for label, volume in enumerate(volumes)]
    return np.asarray((labels == int(np.argmax(peaks))) & mask)


def bladder_of(body: Body, *, dome_mm: float | None, floor_mm: float | None, liver_mean: float) -> BoolArray | None:
    """The bladder: the hottest part of water density low in the middle of the pelvis, or None."""
    if floor_mm is not None:
        low, high = floor_mm + BLADDER_OVER_FLOOR_MM[0], floor_mm + BLADDER_OVER_FLOOR_MM[1]
    elif dome_mm is not None:
        low, high = dome_mm - BLADDER_BELOW_DOME_MM[1], dome_mm - BLADDER_BELOW_DOME_MM[0]
    else:
        return None
    hot = (body.coarse.suv > BLADDER_LIVER * liver_mean) & (body.s_mm > low) & (body.s_mm < high) & (np.abs(body.left_mm) < 80)
    labels, volumes = parts_of(opened(hot, STEP_MM))
    best, best_suv = None, 0.0
    for label in np.flatnonzero((volumes >= BLADDER_ML[0]) & (volumes <= BLADDER_ML[1])):
        part = labels == label
        middle = float(np.broadcast_to(body.left_mm, part.shape)[part].mean())
        peak = float(body.coarse.suv[part].max())
        if abs(middle) < BLADDER_LEFT_MM and peak > best_suv and _is_water(body, part):
            best, best_suv = part, peak
    return None if best is None else dilated(best, STEP_MM) & body.mask


def _is_water(body: Body, part: BoolArray) -> bool:
    if body.coarse.hu is None:
        return True
    core = eroded(part, STEP_MM)
    return BLADDER_HU[0] <= float(np.median(body.coarse.hu[core if core.any() else part])) <= BLADDER_HU[1]
