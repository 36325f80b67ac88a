"""Truth: closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.tts import tts
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("tts",))


def test_contract() -> None:
    check_biomarker(tts)


def ball(radius_mm: float) -> tuple[tuple[Lesion, ...], Volume]:
    """A ball on 1 mm voxels."""
    half = int(radius_mm) + 2
    grid = Grid((2 * half + 1,) * 3, np.eye(4), "1.2")
    far = np.linalg.norm(np.indices(grid.shape_kji).reshape(3, -1).T - half, axis=1).reshape(grid.shape_kji)
    region = Region.of_mask(grid, far <= radius_mm)
    lesion = Lesion("L01", 1, region, Status.DISEASE, "t", "t")
    return (lesion,), Volume(grid, np.full(grid.shape_kji, 5.0, dtype=np.float32), Quantity.SUV_BW)


def test_one_voxel_is_an_octahedron() -> None:
    # marching cubes halfway between centres: an octahedron with corners 0.5 mm from the centre, 8 triangles of side 1/√2
    (value,) = measure(*ball(0.0), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(8 * math.sqrt(3) / 4 * 0.5, rel=1e-6)


def test_a_ball_on_a_fine_grid() -> None:
    (value,) = measure(*ball(25.0), ONLY)
    assert isinstance(value, Measurement)
    # the stepped surface of a binary ball is known to be some 9 % larger than the smooth one
    assert 1.0 < value.value / (4 * math.pi * 25.0**2) < 1.12


def test_two_lesions_add_up(scene) -> None:
    one = measure(*scene(((2, 3, 4), (4, 3, 5), 8.0)), ONLY)[0]
    two = measure(*scene(((2, 3, 4), (4, 3, 5), 8.0), ((20, 20, 20), (4, 3, 5), 8.0)), ONLY)[0]
    assert isinstance(one, Measurement)
    assert isinstance(two, Measurement)
    assert two.value == pytest.approx(2 * one.value, rel=1e-9)


def test_no_lesion_is_zero(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Measurement)
    assert value.value == 0.0
