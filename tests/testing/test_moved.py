"""Truth: closed form: rigid transforms, and lesions whose centres are known before and after."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.testing import simple_phantom
from carpet.testing.moved import BODY_AXIS_LPS_MM, moved_scan, placement


def test_a_placement_turns_about_the_spine_and_then_displaces() -> None:
    matrix = placement(shift_mm=(10.0, 0.0, -5.0), turn_deg=(0.0, 0.0, 90.0))
    pivot = np.array(BODY_AXIS_LPS_MM)
    assert matrix[:3, :3] @ pivot + matrix[:3, 3] == pytest.approx(pivot + np.array([10.0, 0.0, -5.0]))
    assert matrix[:3, :3] @ (1.0, 0.0, 0.0) == pytest.approx((0.0, 1.0, 0.0))  # left turns to the back
    assert matrix[:3, :3] @ matrix[:3, :3].T == pytest.approx(np.eye(3))


def test_no_placement_leaves_the_scan_as_it_was() -> None:
    scan = simple_phantom()
    moved = moved_scan(scan.phantom, placement())
    assert np.array_equal(moved.suv.values, scan.suv.values)
    assert moved.ct is not None
    assert scan.ct is not None
    assert np.array_equal(moved.ct.values, scan.ct.values)
    assert [moved.lesions[fact.id].voxels for fact in scan.planted] == [scan.truth.regions[fact.label].voxels for fact in scan.planted]


def test_lesions_lie_where_the_body_took_them() -> None:
    scan = simple_phantom()
    matrix = placement(shift_mm=(12.0, -8.0, 16.0), turn_deg=(2.0, -1.0, 2.0))
    moved = moved_scan(scan.phantom, matrix)
    for fact in scan.planted:
        centre = matrix[:3, :3] @ fact.centre_lps_mm + matrix[:3, 3]
        assert np.linalg.norm(moved.lesions[fact.id].centroid_lps_mm - centre) < 2.0  # half a voxel of 4 mm
        assert moved.lesions[fact.id].volume_ml == pytest.approx(fact.volume_ml, rel=0.1)
        assert moved.suv.values[moved.lesions[fact.id].box].max() == np.float32(fact.suv)


def test_a_narrower_body_has_smaller_lesions() -> None:
    scan = simple_phantom()
    thin = moved_scan(scan.phantom, placement(scale=(0.8, 0.8, 1.0)))
    for fact in scan.planted:
        assert thin.lesions[fact.id].volume_ml == pytest.approx(0.64 * fact.volume_ml, rel=0.12)
