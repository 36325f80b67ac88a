"""Truth: closed form: a ball carried by a known transform, in a field of known size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.core.geometry import sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Quantity, Volume
from carpet.lesions.alignment import Alignment, Confidence
from carpet.lesions.placing import covers, from_baseline, is_candidate, left_at, placed
from carpet.lesions.residual import Above, Residual, blocks_of, scan_uptake
from carpet.lesions.tracks import Scan
from carpet.testing.moved import placement
from carpet.testing.voxels import upright_grid

GRID = upright_grid((40, 40, 40), (4.0, 4.0, 4.0), first_centre_lps_mm=(-78.0, -78.0, -78.0), frame_uid="1.2.3")
TALL = upright_grid((80, 40, 40), (4.0, 4.0, 4.0), first_centre_lps_mm=(-78.0, -78.0, -158.0), frame_uid="1.2.3")
CENTRE = np.array([10.0, -6.0, 4.0])
BALL = Lesion("L01", 1, sphere_region(GRID, CENTRE, 12.0), Status.DISEASE, "test", "planted")
MATRIX = placement(shift_mm=(6.0, -4.0, 9.0), turn_deg=(3.0, -2.0, 4.0))
MOVED = Scan("M1", (BALL,), GRID, Alignment(MATRIX, 1.0, 1.0, 1.0, "bone", Confidence.HIGH, "given"))
STILL = Scan("TT", (BALL,), GRID)


def test_a_region_lies_where_the_alignment_lays_it() -> None:
    found = placed(MOVED, BALL)
    assert found.centre_lps_mm == pytest.approx(MATRIX[:3, :3] @ BALL.region.centroid_lps_mm + MATRIX[:3, 3])
    assert (found.volume_ml, found.half_voxel_mm) == (BALL.region.volume_ml, pytest.approx(2.0 * 3.0**0.5))
    assert from_baseline(MOVED) @ MATRIX == pytest.approx(np.eye(4))
    assert from_baseline(STILL) == pytest.approx(np.eye(4))


def test_the_field_covers_a_place_as_far_as_four_fifths_of_it_lie_inside() -> None:
    def at(s_mm: float) -> bool:
        return covers(STILL, placed(STILL, replace(BALL, region=sphere_region(TALL, np.array([0.0, 0.0, s_mm]), 12.0))), 0.0)

    # the field ends 80 mm below; of a ball of 12 mm a fifth lies beyond 5 mm from its centre
    assert [at(s_mm) for s_mm in (0.0, -66.0, -74.0, -78.0, -90.0)] == [True, True, True, False, False]


def test_what_is_left_at_a_place_is_asked_of_the_scan_as_it_lies() -> None:
    place = placed(STILL, BALL)
    assert left_at(STILL, place, tolerance_mm=5.0) is None
    values = np.full(GRID.shape_kji, 0.7, dtype=np.float32)
    there = from_baseline(MOVED) @ np.append(CENTRE, 1.0)
    spot = sphere_region(GRID, there[:3], 7.0)
    values[spot.box][spot.mask] = 5.0
    uptake = scan_uptake(blocks_of(Volume(GRID, values, Quantity.SUV_BW)), (), (), liver_suv_max=2.7, candidate_suv=4.0)
    found = left_at(replace(MOVED, uptake=uptake), place, tolerance_mm=5.0)
    assert found == Residual(pytest.approx(5.0), Above.YES)
    assert is_candidate(replace(MOVED, uptake=uptake), found)
    assert not is_candidate(replace(MOVED, uptake=uptake), Residual(3.9, Above.YES))
    assert not is_candidate(MOVED, found)
