"""Truth: closed form; spheres counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.suv_peak import suv_peak
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("suv_peak",))


def test_contract() -> None:
    check_biomarker(suv_peak)


def test_peak_is_the_mean_of_centres_within_6_2_mm(scene) -> None:
    lesions, suv = scene(((10, 10, 10), (9, 9, 13), 8.0), background=1.0)
    values = suv.values.copy()
    values[14, 14, 16] = 20.0
    (value,) = measure(lesions, Volume(suv.grid, values, suv.quantity), ONLY)
    assert isinstance(value, Measurement)
    # offsets (k, j, i) with (5 dk)² + (4 dj)² + (2 di)² ≤ 6.2035², counted by hand: 7 + 2·5 (dj = ±1) + 2·3 (dk = ±1) = 23
    assert value.value == pytest.approx((22 * 8.0 + 20.0) / 23, rel=1e-9)


def test_neighbours_outside_the_lesion_count(scene) -> None:
    lesions, suv = scene(((10, 10, 10), (1, 1, 1), 24.0), background=1.0)
    (value,) = measure(lesions, suv, ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx((22 * 1.0 + 24.0) / 23, rel=1e-9)


def test_both_peaks_equal_brute_force(scene) -> None:
    lesions, suv = scene(((10, 10, 10), (6, 7, 9), 8.0), background=1.0)
    values = suv.values + np.random.default_rng(2).random(suv.values.shape, dtype=np.float32)
    values[10, 10, 10] = 30.0  # the hottest voxel, at a corner of the lesion
    noisy = Volume(suv.grid, values, suv.quantity)
    centres = suv.grid.to_lps_mm(np.stack(np.indices(values.shape), axis=-1))
    means = [
        float(values[np.linalg.norm(centres - at, axis=-1) <= 10 * (3 / (4 * np.pi)) ** (1 / 3)].mean(dtype=np.float64))
        for at in lesions[0].region.centres_lps_mm()
    ]
    (highest,) = measure(lesions, noisy, ONLY)
    (local,) = measure(lesions, noisy, BiomarkerProtocol(names=("suv_peak",), suv_peak="VJGA"))
    assert isinstance(highest, Measurement)
    assert isinstance(local, Measurement)
    assert highest.value == pytest.approx(max(means), rel=1e-9)
    assert local.value == pytest.approx(means[0], rel=1e-9)
    assert highest.value > local.value


def test_voxels_larger_than_the_sphere_are_their_own_peak() -> None:
    grid = Grid((3, 3, 3), np.diag([13.0, 13.0, 13.0, 1.0]), "1.2")
    values = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    lesion = Lesion("L01", 1, Region(grid, (0, 0, 0), np.ones((3, 3, 3), dtype=bool)), Status.DISEASE, "t", "t")
    (value,) = measure((lesion,), Volume(grid, values, Quantity.SUV_BW), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == 26.0


def test_no_lesion_is_missing_with_a_reason(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "NO_LESION"
