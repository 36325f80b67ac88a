"""Truth: closed form (positions of voxel centres, membership of each centre asked one by one)."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.testing.shapes import Capsule, Ellipsoid, Union
from carpet.testing.voxels import masks, painted, upright_grid, voxelised

GRID = upright_grid((20, 30, 40), (3.0, 2.0, 1.5), first_centre_lps_mm=(-30.0, -28.0, -25.0), frame_uid="1.2.3")


def everywhere() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k, j, i = np.meshgrid(*(np.arange(n) for n in GRID.shape_kji), indexing="ij")
    return -30.0 + 1.5 * i, -28.0 + 2.0 * j, -25.0 + 3.0 * k


def test_centres_of_an_upright_grid() -> None:
    assert GRID.to_lps_mm((0, 0, 0)).tolist() == [-30.0, -28.0, -25.0]
    assert GRID.to_lps_mm((1, 2, 3)).tolist() == [-25.5, -24.0, -22.0]
    assert GRID.voxel_ml == pytest.approx(0.009)


def test_a_voxel_belongs_by_its_centre() -> None:
    shape = Union((Ellipsoid((0.0, 0.0, 0.0), (11.0, 9.0, 13.0)), Capsule((5.0, 5.0, 5.0), (40.0, 5.0, 5.0), 6.0)))
    expected = shape.contains(*everywhere())
    region = voxelised(GRID, shape)
    assert (region.mask_in((slice(0, 20), slice(0, 30), slice(0, 40))) == expected).all()
    assert region.voxels == expected.sum() > 0
    union = np.zeros(GRID.shape_kji, dtype=bool)
    for box, mask in masks(GRID, shape):
        union[box] |= mask
    assert (union == expected).all()


def test_nothing_outside_the_grid() -> None:
    assert voxelised(GRID, Ellipsoid((500.0, 0.0, 0.0), (5.0, 5.0, 5.0))).voxels == 0


def test_later_shapes_cover_earlier_ones() -> None:
    first, second = Ellipsoid((0.0, 0.0, 0.0), (12.0, 12.0, 12.0)), Ellipsoid((6.0, 0.0, 0.0), (8.0, 8.0, 8.0))
    numbers = painted(GRID, (first, second))
    in_first, in_second = first.contains(*everywhere()), second.contains(*everywhere())
    assert (numbers == np.where(in_second, 2, np.where(in_first, 1, 0))).all()
