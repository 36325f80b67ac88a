"""Truth: the closed form of a ball blurred by a Gaussian, whose steepest fall lies a little inside its edge."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from carpet.core.geometry import connected_regions
from carpet.core.space import Quantity, Volume
from carpet.segment.roi import Roi
from carpet.segment.watershed import SMOOTHING_MM, watershed

RADIUS_MM, BLUR_MM = 12.0, 2.5


def steepest_mm(sigma_mm: float) -> float:
    """Where a ball of RADIUS_MM blurred by sigma falls most steeply."""
    r = np.linspace(1.0, 2 * RADIUS_MM, 20_000)
    s = math.sqrt(2) * sigma_mm
    flat = 0.5 * (erf((r + RADIUS_MM) / s) - erf((r - RADIUS_MM) / s))
    round_ = sigma_mm / (r * math.sqrt(2 * math.pi)) * (np.exp(-(((r - RADIUS_MM) / s) ** 2)) - np.exp(-(((r + RADIUS_MM) / s) ** 2)))
    return float(r[np.gradient(flat - round_, r).argmin()])


@pytest.mark.parametrize("contrast", [4.0, 10.0, 30.0])
def test_the_edge_is_where_the_uptake_falls_most_steeply_at_any_contrast(ball, contrast: float) -> None:
    sharp = np.ones(ball.volume.grid.shape_kji)
    sharp[ball.region.box][ball.region.mask] = contrast
    blurred = gaussian_filter(sharp, BLUR_MM / 2.0)  # voxels of 2 mm
    volume = Volume(ball.volume.grid, blurred.astype(np.float32), Quantity.SUV_BW)
    (seed, *_) = connected_regions(volume.grid, volume.values >= 0.6 * contrast)
    found_ml = watershed(Roi(volume, seed, (), 20.0)).sum() * volume.grid.voxel_ml
    radius_mm = 10.0 * (3 * found_ml / (4 * math.pi)) ** (1 / 3)
    expected_mm = steepest_mm(math.hypot(BLUR_MM, SMOOTHING_MM))
    assert expected_mm < RADIUS_MM
    assert radius_mm == pytest.approx(expected_mm, abs=0.5)  # a quarter of a voxel
