"""Truth: law (the number at a place in the patient is the same in every storage order)."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.space import Quantity, Region, Volume
from carpet.testing.orientation import CANONICAL, ORIENTATIONS, reoriented, reoriented_grid, reoriented_region, storage_variants
from carpet.testing.voxels import upright_grid

GRID = upright_grid((4, 5, 6), (3.0, 2.5, 2.0), first_centre_lps_mm=(-7.0, 11.0, 40.0), frame_uid="1.2.3")
VOLUME = Volume(GRID, np.arange(120, dtype=np.float32).reshape(4, 5, 6), Quantity.SUV_BW)


def test_there_are_48() -> None:
    assert len(set(ORIENTATIONS)) == 48
    assert CANONICAL in ORIENTATIONS


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_numbers_stay_where_they_are(orientation: str) -> None:
    turned = reoriented(VOLUME, orientation)
    axis, sign = zip(
        *({"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}[c] for c in orientation), strict=True
    )
    for stored in range(3):
        step = turned.grid.affine_lps[:3, stored]
        assert np.sign(step[axis[stored]]) == sign[stored]
        assert np.count_nonzero(step) == 1
    for kji in np.ndindex(4, 5, 6):
        there = turned.grid.nearest_kji(GRID.to_lps_mm(kji))
        assert there is not None
        assert turned.values[there] == VOLUME.values[kji]
    assert reoriented_grid(GRID, orientation).same_as(turned.grid)
    back = reoriented(turned, CANONICAL)
    assert back.grid.same_as(GRID)
    assert (back.values == VOLUME.values).all()


def test_regions_move_with_their_volume() -> None:
    region = Region(GRID, (1, 2, 3), np.random.default_rng(3).random((3, 2, 3)) > 0.4)
    seen = set()
    for orientation, volume, (moved,) in storage_variants(VOLUME, [region]):
        assert sorted(moved.values_of(volume)) == sorted(region.values_of(VOLUME))
        assert moved.centroid_lps_mm == pytest.approx(region.centroid_lps_mm, abs=1e-9)
        assert moved.grid is volume.grid
        seen.add(orientation)
    assert len(seen) >= 5
    assert reoriented_region(region, CANONICAL, GRID).origin_kji == region.origin_kji


def test_an_unknown_order_is_named() -> None:
    with pytest.raises(ValueError, match="SPX"):
        reoriented(VOLUME, "SPX")
