"""Truth: closed form, voxels that hold their own position in patient space."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.report.patient_view import drawn_grid, drawn_region, drawn_volume
from carpet.testing import ORIENTATIONS, reoriented
from carpet.testing.orientation import reoriented_region

AFFINE = np.array([[0, 0, 4.0, -50], [0, 5.0, 0, -60], [6.0, 0, 0, -70], [0, 0, 0, 1]])
GRID = Grid((3, 4, 5), AFFINE, "1.2.3")


def _volume(axis: int) -> Volume:
    """Each voxel holds its L, P or S coordinate in mm."""
    positions = GRID.to_lps_mm(np.moveaxis(np.indices(GRID.shape_kji), 0, -1))
    return Volume(GRID, positions[..., axis].astype(np.float32), Quantity.SUV_BW)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_drawn_order_is_head_to_feet_front_to_back_right_to_left(orientation: str) -> None:
    left, posterior, superior = (drawn_volume(reoriented(_volume(axis), orientation)).values for axis in range(3))
    assert left.shape == (3, 4, 5)
    assert (np.diff(superior, axis=0) == -6).all()
    assert (np.diff(posterior, axis=1) == 5).all()
    assert (np.diff(left, axis=2) == 4).all()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_drawn_grid_keeps_every_voxel_centre_and_region(orientation: str) -> None:
    region = Region(GRID, (1, 0, 2), np.array([[[True, False, True]]]))
    stored = reoriented(_volume(2), orientation)
    moved = reoriented_region(region, orientation, stored.grid)
    grid = drawn_grid(stored.grid)
    assert grid.same_as(drawn_grid(GRID))
    drawn = drawn_region(moved, grid)
    assert sorted(map(tuple, drawn.centres_lps_mm())) == sorted(map(tuple, region.centres_lps_mm()))
    np.testing.assert_allclose(drawn.values_of(drawn_volume(stored)), drawn.centres_lps_mm()[:, 2])


def test_a_slightly_turned_grid_is_drawn_along_its_nearest_axes() -> None:
    turn = np.radians(20.0)
    affine = AFFINE.copy()
    affine[:3, :3] = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]) @ AFFINE[:3, :3]
    grid = drawn_grid(Grid((3, 4, 5), affine, "1.2.3"))
    along_left = grid.affine_lps[:3, 2] / 4.0
    assert along_left[0] == pytest.approx(np.cos(turn), abs=1e-6)
