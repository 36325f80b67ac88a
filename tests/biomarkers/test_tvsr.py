"""Truth: closed form."""

from __future__ import annotations

import numpy as np

from carpet.biomarkers import measure
from carpet.biomarkers.tvsr import tvsr
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("tvsr",))


def test_contract() -> None:
    check_biomarker(tvsr)


def ball(radius_mm: float) -> tuple[tuple[Lesion, ...], Volume]:
    """A ball on 1 mm voxels."""
    half = int(radius_mm) + 2
    grid = Grid((2 * half + 1,) * 3, np.eye(4), "1.2")
    far = np.linalg.norm(np.indices(grid.shape_kji).reshape(3, -1).T - half, axis=1).reshape(grid.shape_kji)
    region = Region.of_mask(grid, far <= radius_mm)
    lesion = Lesion("L01", 1, region, Status.DISEASE, "t", "t")
    return (lesion,), Volume(grid, np.full(grid.shape_kji, 5.0, dtype=np.float32), Quantity.SUV_BW)


def test_a_ball_has_a_third_of_its_radius() -> None:
    (value,) = measure(*ball(25.0), ONLY)
    assert isinstance(value, Measurement)
    # the stepped surface is up to 12 % too large, so the ratio is up to 12 % too small
    assert 0.88 < value.value / (25.0 / 3.0) < 1.0


def test_no_lesion_is_missing_with_a_reason(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "NO_LESION"
