"""Truth: geometry by hand on small grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydicom import Dataset

from carpet.core.errors import Refused
from carpet.core.space import Grid
from carpet.dicom.placing import (
    Drawn,
    Track,
    check_frame,
    exact_shift,
    labelled_voxels,
    placed,
    region_of_voxels,
    shown,
    tracks_in,
    uid_is_valid,
)

PERMUTED = [((2, 0, 1), (True, False, True)), ((1, 0, 2), (False, False, False)), ((0, 1, 2), (True, True, True))]


def turned(grid: Grid, order: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> Grid:
    """The same voxels with their axes in another order and direction."""
    affine = grid.affine_lps.copy()
    affine[:3, :3] = grid.affine_lps[:3, list(order)]
    shape = tuple(grid.shape_kji[axis] for axis in order)
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
            affine[:3, axis] *= -1
    return Grid((shape[0], shape[1], shape[2]), affine, grid.frame_uid)


def drawn(grid: Grid, voxels: dict[int, list[tuple[int, int, int]]], frame: str | None = None) -> Drawn:
    flat = {n: np.array([np.ravel_multi_index(at, grid.shape_kji) for at in ats], dtype=np.int64) for n, ats in voxels.items()}
    own = grid if frame is None else Grid(grid.shape_kji, grid.affine_lps, frame)
    return Drawn(own, flat, {n: f"name {n}" for n in voxels}, "file")


@pytest.mark.parametrize(("order", "flips"), PERMUTED)
def test_permuted_and_flipped_axes_are_the_same_voxels(order: tuple[int, int, int], flips: tuple[bool, bool, bool], grid: Grid) -> None:
    other = turned(grid, order, flips)
    at = tuple(n - 2 for n in other.shape_kji)
    read = placed(drawn(other, {5: [(at[0], at[1], at[2])]}), grid)
    np.testing.assert_allclose(grid.to_lps_mm(read.labels.regions[5].indices_kji[0]), other.to_lps_mm(at), atol=1e-9)
    assert read.notices == ()


@pytest.mark.parametrize(("off", "same"), [(0.09, True), (0.11, False)])
def test_centres_within_a_tenth_of_a_voxel_are_the_same(off: float, same: bool, grid: Grid) -> None:
    for axis in range(3):
        affine = grid.affine_lps.copy()
        affine[:3, 3] += off * affine[:3, axis]
        assert (exact_shift(affine, grid.shape_kji, grid) is not None) is same


def test_spacing_that_drifts_off_at_the_far_end_is_another_grid(usual_grid: Grid) -> None:
    affine = usual_grid.affine_lps.copy()
    affine[:3, 2] *= 1.02  # ten columns further: a fifth of a voxel
    assert exact_shift(affine, usual_grid.shape_kji, usual_grid) is None


def test_a_part_of_the_grid_is_placed_by_position(usual_grid: Grid) -> None:
    part = usual_grid.cropped((slice(2, 5), slice(3, 8), slice(1, 4)))
    assert placed(drawn(part, {1: [(0, 0, 0), (2, 4, 2)]}), usual_grid).labels.regions[1].indices_kji.tolist() == [[2, 3, 1], [4, 7, 3]]


def test_a_mask_turned_against_the_pet_is_looked_up(usual_grid: Grid) -> None:
    """Half-size voxels, turned by 45° about S around the middle of voxel (3, 4, 5): a ball stays a ball."""
    c = np.sqrt(0.5)
    turn = np.array([[c, -c, 0], [c, c, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ usual_grid.affine_lps[:3, :3] / 2
    middle = usual_grid.to_lps_mm((3, 4, 5))
    affine[:3, 3] = middle - affine[:3, :3] @ (20, 20, 20)
    fine = Grid((41, 41, 41), affine, usual_grid.frame_uid)
    index = np.argwhere(np.ones(fine.shape_kji))
    ball = np.linalg.norm(fine.to_lps_mm(index) - middle, axis=1) <= 9.0
    read = placed(drawn(fine, {1: [tuple(at) for at in index[ball]]}), usual_grid)
    mine = np.argwhere(np.ones(usual_grid.shape_kji))
    far = np.linalg.norm(usual_grid.to_lps_mm(mine) - middle, axis=1)
    inside = read.labels.to_values()[tuple(mine.T)] == 1
    reach = np.linalg.norm(fine.spacing_mm_kji) / 2  # a centre may lie this far from the centre of its mask voxel
    assert inside[far < 9.0 - reach].all()
    assert not inside[far > 9.0 + reach].any()


def test_each_refusal(usual_grid: Grid) -> None:
    def code(mask: Drawn) -> str:
        with pytest.raises(Refused) as caught:
            placed(mask, usual_grid)
        return caught.value.codes[0]

    assert code(drawn(usual_grid, {})) == "MASK_EMPTY"
    assert code(drawn(usual_grid, {1: []})) == "MASK_EMPTY"
    assert code(drawn(usual_grid, {1: [(0, 0, 0)], 2: [(0, 0, 0)]})) == "MASK_OVERLAP"
    assert code(drawn(usual_grid, {1: [(0, 0, 0)]}, frame="9.9")) == "FRAME_OF_REFERENCE_DIFFERS"
    far = Grid((2, 2, 2), usual_grid.affine_lps + np.array([[0, 0, 0, 4687.5]] + [[0] * 4] * 3), usual_grid.frame_uid)
    assert code(drawn(far, {1: [(0, 0, 0)]})) == "MASK_EMPTY"
    coarse = Grid((2, 2, 2), usual_grid.affine_lps @ np.diag([1.0, 1.0, 1.5, 1.0]), usual_grid.frame_uid)
    assert code(drawn(coarse, {1: [(0, 0, 0)]})) == "MASK_GRID_DIFFERS"


def test_a_file_without_a_frame_is_let_through_and_told(usual_grid: Grid) -> None:
    check_frame("", usual_grid, "file")
    read = placed(drawn(usual_grid, {1: [(0, 0, 0)]}, frame=""), usual_grid)
    assert [n.code for n in read.notices] == ["MASK_WITHOUT_FRAME"]


def test_labels_are_gathered_over_chunks() -> None:
    first, second = np.array([0, 3, 3, 0, 1]), np.array([1, 0, 3])
    found = labelled_voxels([(0, first), (5, second)])
    assert {label: flat.tolist() for label, flat in found.items()} == {1: [4, 5], 3: [1, 2, 7]}


def test_a_region_is_cropped_to_its_voxels(usual_grid: Grid) -> None:
    flat = np.array([np.ravel_multi_index(at, usual_grid.shape_kji) for at in [(1, 2, 3), (4, 2, 5)]])
    region = region_of_voxels(usual_grid, flat)
    assert (region.origin_kji, region.mask.shape) == ((1, 2, 3), (4, 1, 3))
    assert region.indices_kji.tolist() == [[1, 2, 3], [4, 2, 5]]


def test_names_in_messages_are_short_and_on_one_line() -> None:
    assert shown("a\nb\x1b[31m") == "'a b [31m'"
    assert len(shown("x" * 100)) == 42


def test_only_a_valid_uid_makes_a_track(usual_grid: Grid) -> None:
    items = {n: Dataset() for n in range(1, 5)}
    items[1].TrackingUID, items[1].TrackingID = "1.2.840.1", "left axilla"
    items[2].TrackingID = "no UID"
    items[3].add_new("TrackingUID", "LO", "Doe^Jane")
    assert tracks_in(items) == {1: Track("1.2.840.1", "left axilla")}
    assert [text for text in ("1.2", "1.02", "", "1." + "1" * 70, "1.2.a") if uid_is_valid(text)] == ["1.2"]
    seen = {1: [(1, 2, 3)], 2: [(2, 2, 3)]}
    read = placed(replace(drawn(usual_grid, seen), tracks=tracks_in(items)), usual_grid)
    assert dict(read.tracks) == {1: Track("1.2.840.1", "left axilla")}
