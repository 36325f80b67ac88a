"""Truth: closed form and laws of boxes, affines and labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from carpet.core.space import Grid, Labels, Quantity, Region, SpaceError, Volume, frozen

TURN = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])  # a rotation


def grid_of(shape: tuple[int, ...] = (4, 5, 6), *, turn: NDArray[np.float64] = TURN, frame: str = "1.2") -> Grid:
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([3.27, 4.0, 2.5])
    affine[:3, 3] = (-100.0, 20.5, -700.25)
    return Grid((shape[0], shape[1], shape[2]), affine, frame)


MASKS = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, max_side=6))


def test_spacing_and_volume_of_an_oblique_grid() -> None:
    grid = grid_of()
    assert grid.spacing_mm_kji == pytest.approx((3.27, 4.0, 2.5))
    assert grid.voxel_ml == pytest.approx(0.0327)


@given(arrays(np.float64, (7, 3), elements=st.floats(-1e3, 1e3)))
def test_there_and_back(kji: NDArray[np.float64]) -> None:
    grid = grid_of()
    assert grid.to_kji(grid.to_lps_mm(kji)) == pytest.approx(kji, abs=1e-9)


def test_positions_are_those_of_the_affine() -> None:
    grid = grid_of()
    assert grid.to_lps_mm((0, 0, 0)) == pytest.approx((-100.0, 20.5, -700.25))
    assert grid.to_lps_mm((1, 2, 3)) == pytest.approx((grid.affine_lps @ (1, 2, 3, 1))[:3])


def test_the_nearest_voxel_owns_its_cell() -> None:
    grid = grid_of()
    assert grid.nearest_kji(grid.to_lps_mm((1.49, 1.51, -0.49))) == (1, 2, 0)
    assert grid.nearest_kji(grid.to_lps_mm((-0.51, 0, 0))) is None
    assert grid.nearest_kji(grid.to_lps_mm((3.49, 4.49, 5.49))) == (3, 4, 5)
    assert grid.nearest_kji(grid.to_lps_mm((3.51, 0, 0))) is None


def test_a_crop_keeps_every_position() -> None:
    grid = grid_of()
    volume = Volume(grid, np.arange(120, dtype=np.float32).reshape(grid.shape_kji), Quantity.HU)
    part = volume.cropped((slice(1, 4), slice(2, 3), slice(0, 5)))
    assert part.grid.shape_kji == (3, 1, 5)
    assert part.grid.to_lps_mm((2, 0, 4)) == pytest.approx(grid.to_lps_mm((3, 2, 4)))
    assert part.values[2, 0, 4] == volume.values[3, 2, 4]
    assert part.grid.frame_uid == grid.frame_uid


def test_same_as_knows_frame_shape_and_place() -> None:
    grid = grid_of()
    moved, stretched = grid.affine_lps.copy(), grid.affine_lps.copy()
    moved[0, 3] += 0.009
    stretched[:3, 2] *= 1.001  # 12.5 µm over 5 steps: too far
    assert grid.same_as(grid_of())
    assert grid.same_as(Grid(grid.shape_kji, moved, grid.frame_uid))
    assert not grid.same_as(Grid(grid.shape_kji, stretched, grid.frame_uid))
    assert not grid.same_as(grid_of(frame="1.3"))
    assert not grid.same_as(grid_of((4, 5, 7)))


@pytest.mark.parametrize(
    "affine",
    [np.zeros((4, 4)), np.eye(3), np.full((4, 4), np.nan), np.diag([1.0, 1.0, 0.0, 1.0]), np.diag([np.inf, 1.0, 1.0, 1.0])],
    ids=["zero", "3×3", "nan", "flat", "infinite"],
)
def test_a_grid_without_an_inverse_is_refused(affine: NDArray[np.float64]) -> None:
    with pytest.raises(SpaceError):
        Grid((2, 2, 2), affine, "1.2")


@pytest.mark.parametrize("shape", [(0, 2, 2), (2, -1, 2), (2, 2)])
def test_a_grid_without_voxels_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(SpaceError):
        Grid(shape, np.eye(4), "1.2")


def test_arrays_go_out_read_only() -> None:
    grid = grid_of()
    volume = Volume(grid, np.zeros(grid.shape_kji, dtype=np.float32), Quantity.HU)
    region = Region(grid, (0, 0, 0), np.ones((1, 1, 1), dtype=bool))
    for array in (grid.affine_lps, volume.values, region.mask, frozen(np.zeros(3))):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_values_of_another_shape_are_refused() -> None:
    with pytest.raises(SpaceError):
        Volume(grid_of(), np.zeros((4, 5, 5), dtype=np.float32), Quantity.HU)


def test_quantities_that_share_a_unit_are_not_equal() -> None:
    assert Quantity.ACTIVITY.unit == "Bq/mL"
    assert Quantity.SUV_BW.says == "SUV by body weight"
    assert Quantity.SUV_BW.unit == Quantity.SUV_LBM_JANMA.unit
    assert len({quantity.says for quantity in Quantity}) == len(list(Quantity)) == 8


@given(MASKS)
def test_a_region_is_its_mask(mask: NDArray[np.bool_]) -> None:
    grid = grid_of(mask.shape)
    region = Region.of_mask(grid, mask)
    k, j, i = mask.shape
    assert np.array_equal(region.mask_in((slice(0, k), slice(0, j), slice(0, i))), mask)
    assert region.voxels == mask.sum()
    assert region.volume_ml == pytest.approx(mask.sum() * 0.0327)
    assert np.array_equal(region.indices_kji, np.argwhere(mask))
    if mask.any():
        assert region.centroid_lps_mm == pytest.approx(grid.to_lps_mm(np.argwhere(mask)).mean(axis=0))
        assert all(region.mask.any(axis=tuple({0, 1, 2} - {axis}))[[0, -1]].all() for axis in range(3))


@given(MASKS, st.tuples(*[st.integers(0, 4)] * 3))
def test_a_grown_box_holds_the_region_and_stays_inside(mask: NDArray[np.bool_], margin: tuple[int, int, int]) -> None:
    region = Region.of_mask(grid_of(mask.shape), mask)
    grown = region.box_grown(margin)
    for part, own, by, n in zip(grown, region.box, margin, mask.shape, strict=True):
        assert (part.start, part.stop) == (max(own.start - by, 0), min(own.stop + by, n))
    assert region.mask_in(grown).sum() == region.voxels


@given(MASKS, st.data())
def test_the_mask_in_any_box_is_the_box_of_the_mask(mask: NDArray[np.bool_], data: st.DataObject) -> None:
    region = Region.of_mask(grid_of(mask.shape), mask)
    edges = [sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2))) for n in mask.shape]
    k, j, i = (slice(start, stop) for start, stop in edges)
    assert np.array_equal(region.mask_in((k, j, i)), mask[k, j, i])


def test_a_region_takes_its_values_from_its_own_grid_only() -> None:
    grid = grid_of()
    volume = Volume(grid, np.arange(120, dtype=np.float32).reshape(grid.shape_kji), Quantity.HU)
    mask = np.zeros(grid.shape_kji, dtype=bool)
    mask[1, 2, 3] = mask[3, 4, 5] = True
    assert Region.of_mask(grid_of(), mask).values_of(volume).tolist() == [45.0, 119.0]
    with pytest.raises(SpaceError):
        Region.of_mask(grid_of(frame="9"), mask).values_of(volume)


def test_centres_are_in_storage_order() -> None:
    grid = grid_of()
    region = Region(grid, (1, 1, 1), np.ones((1, 2, 2), dtype=bool))
    assert region.centres_lps_mm() == pytest.approx(grid.to_lps_mm([(1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 2)]))


@pytest.mark.parametrize("origin", [(-1, 0, 0), (3, 0, 0), (0, 0, 5)])
def test_a_region_that_leaves_its_grid_is_refused(origin: tuple[int, int, int]) -> None:
    with pytest.raises(SpaceError):
        Region(grid_of(), origin, np.ones((2, 2, 2), dtype=bool))


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(SpaceError):
        Region.of_mask(grid_of(), np.ones((4, 5, 5), dtype=bool))


@given(arrays(np.uint8, array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.sampled_from([0, 0, 1, 2, 7, 200])))
def test_labels_there_and_back(values: NDArray[np.uint8]) -> None:
    labels = Labels.of_values(grid_of(values.shape), values)
    assert set(labels.regions) == set(np.unique(values)) - {0}
    assert np.array_equal(labels.to_values(), values)


def test_labels_that_overlap_are_found() -> None:
    grid = grid_of()
    one = Region(grid, (0, 0, 0), np.ones((2, 2, 2), dtype=bool))
    corner = np.zeros((2, 2, 2), dtype=bool)
    corner[1, 1, 1] = True
    apart, touching = Region(grid, (1, 1, 1), corner), Region(grid, (0, 0, 0), corner)
    assert Labels(grid, {1: one, 9: apart}).to_values().max() == 9
    with pytest.raises(SpaceError, match="9"):
        Labels(grid, {1: one, 9: touching}).to_values()


@pytest.mark.parametrize("value", [0, -3])
def test_labels_are_positive(value: int) -> None:
    with pytest.raises(SpaceError):
        Labels(grid_of(), {value: Region(grid_of(), (0, 0, 0), np.ones((1, 1, 1), dtype=bool))})
