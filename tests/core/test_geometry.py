"""Truth: other program (scipy.ndimage.label, map_coordinates) and brute force over all voxels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy import ndimage

from carpet.core.geometry import SPHERE_1_ML_RADIUS_MM, connected_regions, pairwise_mm, sampled, sphere_means, sphere_region, whole
from carpet.core.space import Grid, Quantity, Region, SpaceError, Volume

FULL = np.ones((3, 3, 3))
FRAME = "1.2.3"


SPACING, ORIGIN = (3.27, 4.0, 2.5), (-20.0, 7.5, -300.0)


def grid_of(shape: tuple[int, ...], spacing: tuple[float, float, float] = SPACING, origin: tuple[float, float, float] = ORIGIN) -> Grid:
    """k along S, j along P, i along L."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, spacing[2]], [0, spacing[1], 0], [spacing[0], 0, 0]])
    affine[:3, 3] = origin
    return Grid((shape[0], shape[1], shape[2]), affine, FRAME)


def painted(regions: tuple[Region, ...], shape: tuple[int, ...]) -> NDArray[np.int64]:
    out = np.zeros(shape, dtype=np.int64)
    for number, region in enumerate(regions, start=1):
        part = out[region.box]
        assert not part[region.mask].any(), "two regions share a voxel"
        part[region.mask] = number
    return out


def check_like_scipy(mask: NDArray[np.bool_]) -> None:
    regions = connected_regions(grid_of(mask.shape), mask)
    labels, count = ndimage.label(mask, structure=FULL)
    assert len(regions) == count
    mine = painted(regions, mask.shape)
    assert ((mine > 0) == mask).all()
    assert len(np.unique(np.stack([mine, labels], axis=-1)[mask], axis=0)) == count
    ranked = [(-region.voxels, int(np.flatnonzero(mine == n)[0])) for n, region in enumerate(regions, start=1)]
    assert ranked == sorted(ranked), "largest first, ties by first voxel"
    for region in regions:
        assert all(region.mask.any(axis=tuple(set(range(3)) - {axis}))[[0, -1]].all() for axis in range(3)), "the box is tight"


@given(arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, max_side=7)))
def test_regions_are_those_of_scipy_on_any_mask(mask: NDArray[np.bool_]) -> None:
    check_like_scipy(mask)


@pytest.mark.parametrize("density", [0.01, 0.05, 0.1, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(6, 9, 13), (1, 20, 20), (20, 1, 20), (20, 20, 1), (2, 2, 40), (17, 3, 2)])
def test_regions_are_those_of_scipy_on_random_masks(shape: tuple[int, int, int], density: float) -> None:
    for seed in range(6):
        check_like_scipy(np.random.default_rng([seed, *shape]).random(shape) < density)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, 0, 6), (0, 1, 0)),  # end of a row, start of the next
        ((0, 4, 3), (1, 0, 3)),  # last row of a slice, first row of the next
        ((0, 4, 6), (1, 0, 0)),  # last voxel of a slice, first of the next
        ((0, 0, 3), (1, 4, 3)),  # first row, last row of the next slice
        ((0, 0, 0), (0, 0, 6)),
        ((0, 0, 0), (2, 0, 0)),
    ],
)
def test_storage_neighbours_are_not_space_neighbours(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    mask = np.zeros((3, 5, 7), dtype=bool)
    mask[one] = mask[other] = True
    assert [region.voxels for region in connected_regions(grid_of(mask.shape), mask)] == [1, 1]


def test_each_of_the_26_neighbours_connects() -> None:
    for step in np.argwhere(FULL) - 1:
        mask = np.zeros((3, 3, 3), dtype=bool)
        mask[1, 1, 1] = mask[tuple(1 + step)] = True
        assert len(connected_regions(grid_of(mask.shape), mask)) == 1, step


def test_nothing_and_everything() -> None:
    shape = (4, 5, 6)
    assert connected_regions(grid_of(shape), np.zeros(shape, dtype=bool)) == ()
    (all_of_it,) = connected_regions(grid_of(shape), np.ones(shape, dtype=bool))
    assert (all_of_it.voxels, all_of_it.origin_kji) == (120, (0, 0, 0))


def test_a_region_of_exactly_the_smallest_volume_stays() -> None:
    grid = grid_of((9, 9, 9), (2.0, 2.5, 2.0))  # 0.01 mL
    mask = np.zeros(grid.shape_kji, dtype=bool)
    mask[0, 0, :7] = mask[4, 4, :6] = True
    assert [region.voxels for region in connected_regions(grid, mask, min_ml=0.06)] == [7, 6]
    assert [region.voxels for region in connected_regions(grid, mask, min_ml=0.0601)] == [7]


def test_any_memory_order_of_the_mask() -> None:
    mask = np.random.default_rng(3).random((5, 6, 7)) < 0.15
    check_like_scipy(np.asfortranarray(mask))
    check_like_scipy(mask[::-1, :, ::-1])


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(SpaceError):
        connected_regions(grid_of((4, 5, 6)), np.zeros((4, 5, 7), dtype=bool))


def brute_sphere_means(volume: Volume, region: Region, radius_mm: float) -> NDArray[np.float64]:
    everywhere = volume.grid.to_lps_mm(np.argwhere(np.ones(volume.grid.shape_kji, dtype=bool)))
    values = volume.values.reshape(-1).astype(np.float64)
    return np.array([values[np.linalg.norm(everywhere - p, axis=1) <= radius_mm + 1e-6].mean() for p in region.centres_lps_mm()])


@pytest.mark.parametrize("spacing", [(3.27, 4.0, 2.5), (2.0, 2.0, 2.0), (1.0, 6.5, 3.0), (5.0, 1.5, 1.5), (13.0, 13.0, 13.0)])
@pytest.mark.parametrize("radius_mm", [SPHERE_1_ML_RADIUS_MM, 4.0, 12.0])
def test_sphere_means_are_those_of_brute_force(spacing: tuple[float, float, float], radius_mm: float) -> None:
    rng = np.random.default_rng(1)
    grid = grid_of((6, 8, 9), spacing)
    volume = Volume(grid, rng.random(grid.shape_kji).astype(np.float32) * 20, Quantity.SUV_BW)
    for mask in (rng.random(grid.shape_kji) < 0.1, np.ones(grid.shape_kji, dtype=bool)):  # the latter touches every edge
        region = Region.of_mask(grid, mask)
        assert sphere_means(volume, region, radius_mm=radius_mm) == pytest.approx(brute_sphere_means(volume, region, radius_mm), rel=1e-9)


def test_a_centre_at_exactly_the_radius_counts() -> None:
    grid = grid_of((5, 5, 5), (2.0, 2.0, 2.0))
    values = np.zeros(grid.shape_kji, dtype=np.float32)
    values[2, 2, 4] = 33.0
    middle = Region(grid, (2, 2, 2), np.ones((1, 1, 1), dtype=bool))
    volume = Volume(grid, values, Quantity.SUV_BW)
    assert sphere_means(volume, middle, radius_mm=4.0) == pytest.approx([1.0])  # 33 voxels within 4 mm
    assert sphere_means(volume, middle, radius_mm=3.9) == pytest.approx([0.0])


def test_sphere_means_of_an_empty_region() -> None:
    grid = grid_of((3, 3, 3))
    volume = Volume(grid, np.ones(grid.shape_kji, dtype=np.float32), Quantity.SUV_BW)
    assert sphere_means(volume, Region.of_mask(grid, np.zeros(grid.shape_kji, dtype=bool)), radius_mm=6.0).size == 0


def test_the_one_millilitre_sphere() -> None:
    assert 4.0 / 3.0 * math.pi * SPHERE_1_ML_RADIUS_MM**3 == pytest.approx(1000.0, rel=1e-12)
    assert abs(SPHERE_1_ML_RADIUS_MM - 6.2035) < 5e-5


@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (0.6, -0.7, 0.9), (19.0, 19.0, 19.0), (25.0, 0.0, 0.0)])
@pytest.mark.parametrize("radius_mm", [0.4, 5.0, 11.0])
def test_sphere_region_holds_exactly_the_centres_within(centre: tuple[float, float, float], radius_mm: float) -> None:
    grid = grid_of((31, 21, 17), (1.3, 2.0, 2.5), (-20.0, -20.0, -19.5))
    point = np.array(centre)
    region = sphere_region(grid, point, radius_mm)
    everywhere = np.argwhere(np.ones(grid.shape_kji, dtype=bool))
    expected = everywhere[np.linalg.norm(grid.to_lps_mm(everywhere) - point, axis=1) <= radius_mm]
    assert np.array_equal(region.indices_kji, expected)


def test_sphere_region_approaches_the_closed_form() -> None:
    grid = grid_of((61, 61, 61), (1.0, 1.0, 1.0), (-30.0, -30.0, -30.0))
    assert sphere_region(grid, np.zeros(3), 25.0).volume_ml == pytest.approx(4 / 3 * math.pi * 25**3 / 1000, rel=3e-3)  # 65 k voxels


def test_sphere_region_beyond_the_grid_is_empty() -> None:
    assert sphere_region(grid_of((5, 5, 5)), np.array([1e4, 0.0, 0.0]), 10.0).voxels == 0


def turned(shape: tuple[int, int, int], axes: tuple[int, int, int], signs: tuple[int, int, int], shift: tuple[float, float, float]) -> Grid:
    """A grid whose k, j, i run along the given LPS axes, up or down."""
    affine = np.eye(4)
    for column, (axis, sign, step) in enumerate(zip(axes, signs, (2.1, 3.4, 1.7), strict=True)):
        affine[:3, column] = np.eye(3)[axis] * sign * step
    middle = affine[:3, :3] @ (np.array(shape) - 1) / 2
    affine[:3, 3] = np.array([-2.0, 22.0, -280.0]) + shift - middle
    return Grid(shape, affine, FRAME)


@pytest.mark.parametrize("axes", [(2, 1, 0), (0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_sampled_is_linear_interpolation_between_any_two_orders(axes: tuple[int, int, int], signs: tuple[int, int, int]) -> None:
    source = grid_of((9, 10, 11))
    volume = Volume(source, np.random.default_rng(5).normal(size=source.shape_kji).astype(np.float32), Quantity.HU)
    onto = turned((14, 12, 16), axes, signs, (0.3, -0.4, 0.7))
    at = source.to_kji(onto.to_lps_mm(np.argwhere(np.ones(onto.shape_kji, dtype=bool)))).T
    expected = ndimage.map_coordinates(volume.values.astype(np.float64), at, order=1, mode="nearest").reshape(onto.shape_kji)
    last = np.array(source.shape_kji)[:, None] - 0.5
    inside = ((at >= -0.5) & (at <= last)).all(axis=0).reshape(onto.shape_kji)
    assert inside.any()
    assert not inside.all()
    found = sampled(volume, onto, outside=-1024.0)
    assert found[inside] == pytest.approx(expected[inside], abs=2e-6)  # float32
    assert (found[~inside] == -1024.0).all()


def test_sampled_on_its_own_grid_is_itself() -> None:
    grid = turned((4, 5, 6), (1, 2, 0), (-1, 1, -1), (0, 0, 0))
    volume = Volume(grid, np.random.default_rng(6).random(grid.shape_kji).astype(np.float32), Quantity.HU)
    assert np.array_equal(sampled(volume, grid, outside=-1.0), volume.values)


def test_sampled_far_away_is_all_outside() -> None:
    volume = Volume(grid_of((4, 4, 4)), np.zeros((4, 4, 4), dtype=np.float32), Quantity.HU)
    assert (sampled(volume, turned((3, 3, 3), (2, 1, 0), (1, 1, 1), (500.0, 0.0, 0.0)), outside=-1.0) == -1.0).all()


def test_sampled_refuses_rotation_and_foreign_frames() -> None:
    grid = grid_of((4, 4, 4))
    volume = Volume(grid, np.zeros(grid.shape_kji, dtype=np.float32), Quantity.HU)
    tilted = grid.affine_lps.copy()
    tilted[1, 0] += 0.2  # 3.5° of 3.27 mm
    with pytest.raises(SpaceError, match="rotated"):
        sampled(volume, Grid(grid.shape_kji, tilted, FRAME), outside=0.0)
    with pytest.raises(SpaceError, match="Frames"):
        sampled(volume, Grid(grid.shape_kji, grid.affine_lps, "9.9"), outside=0.0)


def test_distances_of_pairs() -> None:
    points = np.array([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0], [3.0, 4.0, 12.0]])
    assert pairwise_mm(points) == pytest.approx(np.array([[0, 5, 13], [5, 0, 12], [13, 12, 0]]))


def test_the_whole_box() -> None:
    assert whole(grid_of((2, 3, 4))) == (slice(0, 2), slice(0, 3), slice(0, 4))
