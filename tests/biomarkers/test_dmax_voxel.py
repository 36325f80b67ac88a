"""Truth: closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.dmax_voxel import dmax_voxel
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.core.space import Region
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("dmax_voxel",))


def test_contract() -> None:
    check_biomarker(dmax_voxel)


A, B = ((2, 3, 4), (2, 3, 5), 8.0), ((20, 30, 10), (1, 2, 2), 5.0)  # 30 and 4 voxels of 0.04 mL


def test_two_boxes_corner_to_corner(scene) -> None:
    (value,) = measure(*scene(A, B), ONLY)
    assert isinstance(value, Measurement)
    # A starts at (k, j, i) = (2, 3, 4), B ends at (20, 31, 11)
    assert value.value == pytest.approx(((18 * 5.0) ** 2 + (28 * 4.0) ** 2 + (7 * 2.0) ** 2) ** 0.5, rel=1e-12)


def test_one_lesion_has_its_own_length(scene) -> None:
    (value,) = measure(*scene(A), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx((5.0**2 + 8.0**2 + 8.0**2) ** 0.5, rel=1e-12)
    assert value.flags == ()


def test_hull_and_all_pairs_agree(scene) -> None:
    mask = np.random.default_rng(3).random((20, 25, 30)) > 0.97
    lesions, suv = scene(((5, 5, 5), (20, 25, 30), 9.0))
    lesion = replace(lesions[0], region=Region(suv.grid, (5, 5, 5), mask))
    (value,) = measure((lesion,), suv, ONLY)
    assert isinstance(value, Measurement)
    points = lesion.region.centres_lps_mm()
    assert value.value == pytest.approx(float(np.linalg.norm(points[:, None] - points[None], axis=-1).max()), rel=1e-12)


def test_no_lesion_is_missing_with_a_reason(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "NO_LESION"
