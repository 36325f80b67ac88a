"""Diameters drawn on CT: whether they can be the longest diameter of a lesion and the longest one across it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from carpet.clinical.ct_targets import BELOW_MM
from carpet.core.errors import Notice, Refused
from carpet.core.lesion import Kind
from carpet.core.space import Grid
from carpet.lesions import editing
from carpet.review.edits import Caliper
from carpet.run.pipeline import Surveyed
from carpet.run.review.server_notices import CALIPER_UNFIT, NO_CT

SLANT_DEGREES = 15.0  # [P] from a right angle, drawn by hand: the diameter across is then at most 4 % too long
LEAST_OFF_PLANE_MM = 0.5  # [P] half a voxel of the thinnest CT


def checked_caliper(edit: Caliper, now: Surveyed) -> None:
    """Raises Refused (EDIT_UNKNOWN_LESION, REVIEW_NO_CT, REVIEW_CALIPER_UNFIT) for diameters that nobody can have measured on this CT."""
    lesion = next((one for one in now.lesions if one.id == edit.lesion), None)
    if edit.lesion is not None and lesion is None:
        raise Refused(editing.UNKNOWN.at(edit.lesion, ", ".join(one.id for one in now.lesions) or "no region"))
    if now.study.ct is None:
        raise Refused(NO_CT.at(edit.subject))
    kind = lesion.kind if lesion is not None else None
    faults = list(_faults(edit, now.study.ct.grid))
    if kind is Kind.SPLEEN:
        faults.append(CALIPER_UNFIT.at(edit.subject, "spleen", more="its length is vertical: it is entered in ct_targets.csv"))
    elif lesion is not None and kind is None and edit.counts_as is None:
        faults.append(CALIPER_UNFIT.at(edit.subject, "no site", more="name its site first, or say counts_as"))
    if faults:
        raise Refused(faults)


def _faults(edit: Caliper, ct: Grid) -> Iterator[Notice]:
    long, short = (np.array(ends, dtype=np.float64) for ends in (edit.ldi_lps_mm, edit.sdi_lps_mm))
    points = np.concatenate([long, short])
    if any(ct.nearest_kji(point) is None for point in points):
        yield CALIPER_UNFIT.at(edit.subject, "outside the CT")
        return
    off_mm = float(np.ptp(ct.to_kji(points)[:, 0])) * ct.spacing_mm_kji[0]
    if off_mm > max(ct.spacing_mm_kji[0] / 2.0, LEAST_OFF_PLANE_MM):
        yield CALIPER_UNFIT.at(edit.subject, f"{off_mm:.1f} mm from foot to head", more="both diameters lie in one transverse slice")
    slant = _slant_degrees(long, short)
    if slant > SLANT_DEGREES:
        right = f"a right angle, within {SLANT_DEGREES:g} degrees"
        yield CALIPER_UNFIT.at(edit.subject, f"{90.0 - slant:.0f} degrees between both", more=right)
    if _length(long) >= BELOW_MM:
        yield CALIPER_UNFIT.at(edit.subject, f"{_length(long):.0f} mm", more=f"below {BELOW_MM:g} mm")
    if not 0.0 <= _along(long, short) <= 1.0:
        yield CALIPER_UNFIT.at(edit.subject, "the short diameter lies beside the long one", more="across it")


def _slant_degrees(long: NDArray[np.float64], short: NDArray[np.float64]) -> float:
    """How far both are from a right angle."""
    a, b = long[1] - long[0], short[1] - short[0]
    cosine = abs(float(a @ b)) / (float(np.linalg.norm(a)) * float(np.linalg.norm(b)))
    return math.degrees(math.asin(min(1.0, cosine)))


def _along(long: NDArray[np.float64], short: NDArray[np.float64]) -> float:
    """Where on the long diameter the middle of the short one lies, from 0 to 1."""
    a = long[1] - long[0]
    return float((short.mean(axis=0) - long[0]) @ a / (a @ a))


def _length(ends: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(ends[1] - ends[0]))
