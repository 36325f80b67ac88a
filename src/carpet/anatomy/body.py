"""The patient's outline on the coarse grid, the midline and the middle of the depth at every height."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.coarse import STEP_MM, Coarse, eroded, filled_slices, parts_of
from carpet.core.space import BoolArray

TISSUE_HU = -400.0  # [P] half way from air to fat at 4.5 mm
OUTLINE_SUV = 0.2  # [P] fat holds 0.2–0.4 an hour after injection, air beside the patient less than 0.1
LEAST_PART = 0.15  # [P] a second leg, or an arm; smaller separate parts are table or noise
CHEST_MM = 90.0  # [P] the shoulders lie at least this far above the liver's dome
NECK_SHARE = 0.55  # [P] width of a neck, or of a head, to the chest's
SMOOTH_ALONG_MM = 90.0  # [P] the midline bends no faster than this


@dataclass(frozen=True, eq=False)
class Body:
    """Outline and axes. `midline_i`, `middle_j`: at every slice, fractional coarse indices of the midline and of half the depth."""

    coarse: Coarse
    mask: BoolArray
    midline_i: NDArray[np.float64]
    middle_j: NDArray[np.float64]

    @cached_property
    def left_mm(self) -> NDArray[np.float64]:
        """Distance to the patient's left from the midline, broadcastable over (k, j, i)."""
        return ((np.arange(self.mask.shape[2])[None, :] - self.midline_i[:, None]) * STEP_MM)[:, None, :]

    @cached_property
    def anterior_mm(self) -> NDArray[np.float64]:
        """Distance to the front from half the depth, broadcastable over (k, j, i)."""
        return ((self.middle_j[:, None] - np.arange(self.mask.shape[1])[None, :]) * STEP_MM)[:, :, None]

    @cached_property
    def s_mm(self) -> NDArray[np.float64]:
        """Height (LPS S, mm), broadcastable over (k, j, i)."""
        return np.array([self.coarse.s_mm(k) for k in range(self.mask.shape[0])])[:, None, None]


def body_of(coarse: Coarse) -> Body | None:
    """The body, or None where the scan shows none."""
    tissue = coarse.hu > TISSUE_HU if coarse.hu is not None else ndimage.uniform_filter(coarse.suv, 3) > OUTLINE_SUV
    mask = filled_slices(_without_table(tissue))
    if not mask.any():
        return None
    midline, middle = axes_of(mask)
    return Body(coarse, mask, midline, middle)


def _without_table(tissue: BoolArray) -> BoolArray:
    """The large parts that are thicker than two voxels, grown back by one; a table is a shell and goes."""
    labels, volumes = parts_of(eroded(tissue, STEP_MM))
    if volumes.size < 2:
        return np.zeros_like(tissue)
    keep = volumes >= LEAST_PART * volumes.max()
    keep[0] = False
    grown = ndimage.maximum_filter(keep[labels].view(np.uint8), 5)
    return grown.astype(bool) & tissue


def axes_of(mask: BoolArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Midline (i) and half depth (j) at every slice, smoothed along the body."""
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    columns = np.asarray(mask[slices].any(axis=1))
    midline = _middle_of_extent(columns)
    depth = np.empty(slices.size)
    for n, k in enumerate(slices):
        i = round(midline[n])
        near = mask[k][:, max(i - 8, 0) : i + 9].any(axis=1)
        depth[n] = _middle_of_extent(near[None])[0] if near.any() else _middle_of_extent(np.asarray(mask[k].any(axis=1))[None])[0]
    width = max(3, round(SMOOTH_ALONG_MM / STEP_MM) | 1)
    every = np.arange(mask.shape[0])
    smooth = [ndimage.median_filter(values, width, mode="nearest") for values in (midline, depth)]
    return np.interp(every, slices, smooth[0]), np.interp(every, slices, smooth[1])


def _middle_of_extent(rows: BoolArray) -> NDArray[np.float64]:
    first = rows.argmax(axis=1)
    last = rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)
    return np.asarray((first + last) / 2.0, dtype=np.float64)


def neck_base_mm(body: Body, dome_mm: float) -> float | None:
    """Height where the outline narrows above the shoulders; None where the scan does not reach it."""
    first = max(body.coarse.slice_of(dome_mm), 0)
    widths = [_width_at_midline(body, k) for k in range(first, body.mask.shape[0])]
    trunk = max(widths[: round(CHEST_MM / STEP_MM)], default=0)
    narrow = [k for k, width in enumerate(widths) if width < NECK_SHARE * trunk and k * STEP_MM > CHEST_MM]
    return body.coarse.s_mm(first + narrow[0]) if narrow else None


def _width_at_midline(body: Body, k: int) -> int:
    """Columns of the part that holds the midline in one slice."""
    columns = np.pad(body.mask[k].any(axis=0), 1)
    i = round(body.midline_i[k]) + 1
    if not columns[i]:
        return 0
    return int((~columns[i:]).argmax() + (~columns[i::-1]).argmax() - 1)
