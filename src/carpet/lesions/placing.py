"""A scan in the baseline's frame: where its regions lie there, whether it covers a place, and what uptake it shows at one."""

from __future__ import annotations

import numpy as np

from carpet.core.lesion import Lesion
from carpet.core.space import FloatArray
from carpet.lesions.alignment import carried
from carpet.lesions.linking import Placed
from carpet.lesions.residual import Residual, residual
from carpet.lesions.tracks import Scan

COVERED = 0.8  # [P]


def from_baseline(scan: Scan) -> FloatArray:
    """(4, 4), LPS mm of the baseline's frame → of the scan's own; of an aligned scan or the baseline itself."""
    return np.eye(4) if scan.alignment is None else np.asarray(np.linalg.inv(scan.alignment.matrix_lps))


def placed(scan: Scan, lesion: Lesion) -> Placed:
    """A region in the baseline's frame, its voxels in an order that storage does not change."""
    centres = lesion.region.centres_lps_mm()
    points = centres if scan.alignment is None else scan.alignment.to_baseline(centres)
    order = np.lexsort(np.round(points, 2).T)
    half_mm = 0.5 * float(np.linalg.norm(lesion.region.grid.spacing_mm_kji))
    return Placed(points[order], lesion.region.volume_ml, half_mm)


def covers(scan: Scan, region: Placed, margin_mm: float) -> bool:
    """T3: whether the scan's field holds the place of a region of the baseline's frame."""
    points = carried(from_baseline(scan), region.points_lps_mm)
    kji, margin = scan.field.to_kji(points), margin_mm / np.array(scan.field.spacing_mm_kji)
    inside = ((kji >= margin - 0.5) & (kji <= np.array(scan.field.shape_kji) - 0.5 - margin)).all(axis=1)
    return bool(inside.mean() >= COVERED)


def left_at(scan: Scan, place: Placed, *, tolerance_mm: float, diffuse: bool = False) -> Residual | None:
    """What uptake the scan shows at a place of the baseline's frame that it covers; None where nobody asks."""
    if scan.uptake is None:
        return None
    return residual(place, scan.uptake, from_baseline=from_baseline(scan), tolerance_mm=tolerance_mm, diffuse=diffuse)


def is_candidate(scan: Scan, found: Residual) -> bool:
    """Whether what is left would be a candidate region if it were large enough."""
    return scan.uptake is not None and found.suv_max is not None and found.suv_max >= scan.uptake.candidate_suv
