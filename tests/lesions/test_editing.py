"""Truth: closed form. Blocks and balls whose voxels are counted by hand, on anisotropic grids stored in all eight orders."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.core.errors import ProtocolError, Refused
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Labels, Quantity, Region, SpaceError, Volume
from carpet.lesions.decide import decide
from carpet.lesions.decisions import Decision
from carpet.lesions.editing import added, drawn, erased, merged, painted, split, thresholded

SPACING = np.array([5.0, 4.0, 3.0])  # S, P, L mm
SHAPE = (24, 30, 40)
FLIPS = list(itertools.product((1, -1), repeat=3))
Block = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def grid_of(flip: Sequence[int] = (1, 1, 1)) -> Grid:
    """Voxel (k, j, i) of the unflipped grid lies at S = 5k, P = 4j, L = 3i mm, in whichever order it is stored."""
    affine = np.eye(4)
    affine[:3, :3] = 0.0
    for axis, (row, sign) in enumerate(zip((2, 1, 0), flip, strict=True)):
        affine[row, axis] = sign * SPACING[axis]
        affine[row, 3] = 0.0 if sign > 0 else (SHAPE[axis] - 1) * SPACING[axis]
    return Grid(SHAPE, affine, "1.2")


def stored(array: NDArray[np.generic], flip: Sequence[int]) -> NDArray[np.generic]:
    return array[tuple(slice(None, None, sign) for sign in flip)]


def volume(values: NDArray[np.float32], flip: Sequence[int] = (1, 1, 1)) -> Volume:
    return Volume(grid_of(flip), np.ascontiguousarray(stored(values, flip)).astype(np.float32), Quantity.SUV_BW)


def mask_of(block: Block) -> NDArray[np.bool_]:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[tuple(slice(*side) for side in block)] = True
    return mask


def lesion(number: int, mask: NDArray[np.bool_], flip: Sequence[int] = (1, 1, 1), status: Status = Status.DISEASE) -> Lesion:
    region = Region.of_mask(grid_of(flip), np.asarray(stored(mask, flip), dtype=bool))
    return Lesion(f"L{number:02d}", number, region, status, "rule X@1", "found")


def voxels(one: Lesion, flip: Sequence[int] = (1, 1, 1)) -> NDArray[np.bool_]:
    """The lesion's mask in the unflipped order."""
    return np.asarray(stored(one.region.mask_in((slice(0, SHAPE[0]), slice(0, SHAPE[1]), slice(0, SHAPE[2]))), flip), dtype=bool)


def at(k: float, j: float, i: float) -> list[float]:
    """LPS mm of an index of the unflipped grid."""
    return [3.0 * i, 4.0 * j, 5.0 * k]


def disjoint(lesions: Sequence[Lesion]) -> bool:
    Labels(lesions[0].region.grid, {one.label: one.region for one in lesions}).to_values()  # raises where two share a voxel
    return len({one.id for one in lesions}) == len(lesions) and all(one.region.voxels for one in lesions)


A: Block = ((8, 12), (10, 14), (10, 14))
B: Block = ((8, 12), (10, 14), (16, 20))


@pytest.mark.parametrize("flip", FLIPS)
def test_a_brush_takes_the_voxels_whose_centres_lie_in_the_ball(flip: tuple[int, int, int]) -> None:
    lesions = (lesion(1, mask_of(A), flip), lesion(2, mask_of(B), flip))
    centre = np.array([10, 12, 14])
    far = np.linalg.norm((np.indices(SHAPE).T - centre) * SPACING, axis=-1).T
    after = painted(lesions, "L01", points_lps_mm=[at(*centre)], radius_mm=7.0, reader="RB")
    expected = mask_of(A) | ((far <= 7.0) & ~mask_of(B))
    assert (far <= 7.0)[mask_of(B)].any()
    np.testing.assert_array_equal(voxels(after[0], flip), expected)
    assert after[1] is lesions[1]
    assert disjoint(after)
    assert after[0].because == "outline changed by reader RB; found"


def test_a_fine_brush_takes_the_voxel_it_stands_in_and_many_points_are_one_stroke() -> None:
    lesions = (lesion(1, mask_of(A)),)
    after = painted(lesions, "L01", points_lps_mm=[at(10.3, 12.2, 14.4), at(10, 12, 16)], radius_mm=0.5, reader="RB")
    expected = mask_of(A)
    expected[10, 12, [14, 16]] = True
    np.testing.assert_array_equal(voxels(after[0]), expected)
    again = painted(after, "L01", points_lps_mm=[at(0, 0, 0), [-1000, 0, 0]], radius_mm=0.5, reader="RB")
    assert (again[0].region.voxels, again[0].because) == (64 + 3, after[0].because)


@pytest.mark.parametrize("flip", FLIPS)
def test_erasing_takes_the_ball_away_and_leaves_the_parts_one_lesion(flip: tuple[int, int, int]) -> None:
    long = mask_of(((10, 11), (12, 13), (5, 30)))
    lesions = (lesion(1, long, flip), lesion(2, mask_of(B) & ~long, flip))
    after = erased(lesions, "L01", points_lps_mm=[at(10, 12, 15)], radius_mm=6.0, reader="RB")
    expected = long.copy()
    expected[10, 12, 13:18] = False
    np.testing.assert_array_equal(voxels(after[0], flip), expected)
    assert after[0].region.voxels == 20
    assert after[1] is lesions[1]


def test_what_a_brush_cannot_do_is_refused() -> None:
    lesions = (lesion(1, mask_of(A)), lesion(2, mask_of(B)))
    inside, nowhere, other = [at(10, 12, 12)], [[-500.0, 0, 0]], [at(10, 12, 18)]
    for points, code in ((nowhere, "EDIT_OUTSIDE_SCAN"), (inside, "EDIT_CHANGES_NOTHING"), (other, "EDIT_CHANGES_NOTHING")):
        with pytest.raises(Refused) as caught:
            painted(lesions, "L01", points_lps_mm=points, radius_mm=3.0, reader="RB")
        assert caught.value.codes == (code,)
    for identity, points, radius, code in (
        ("L01", inside, 50.0, "EDIT_LEAVES_NOTHING"),
        ("L01", other, 3.0, "EDIT_CHANGES_NOTHING"),
        ("L03", inside, 3.0, "EDIT_UNKNOWN_LESION"),
    ):
        with pytest.raises(Refused) as caught:
            erased(lesions, identity, points_lps_mm=points, radius_mm=radius, reader="RB")
        assert caught.value.codes == (code,)


def test_a_brush_without_a_lesion_draws_one() -> None:
    lesions = (lesion(1, mask_of(A)),)
    (first, new) = drawn(lesions, grid_of(), points_lps_mm=[at(10, 12, 14)], radius_mm=3.0, label=7, reader="RB")
    assert first is lesions[0]
    assert (new.id, new.label, new.status, new.decided_by, new.reviewed) == ("L07", 7, Status.DISEASE, "reader RB", True)
    np.testing.assert_array_equal(np.argwhere(voxels(new)), [[10, 12, 14], [10, 12, 15]])
    (alone,) = drawn((), grid_of(), points_lps_mm=[at(10, 12, 14)], radius_mm=3.0, label=1, reader="RB")
    assert alone.region.voxels == 3
    with pytest.raises(Refused, match="EDIT_CHANGES_NOTHING"):
        drawn(lesions, grid_of(), points_lps_mm=[at(10, 12, 12)], radius_mm=1.0, label=7, reader="RB")
    with pytest.raises(ProtocolError, match="label 1"):
        drawn(lesions, grid_of(), points_lps_mm=[at(0, 0, 0)], radius_mm=1.0, label=1, reader="RB")


def test_two_nodes_are_parted_in_the_valley_between_them() -> None:
    """A large hot node and a small fainter one: half-way between the maxima would cut through the large one."""
    for flip in FLIPS:
        along = np.full(SHAPE[2], 0.5, dtype=np.float32)
        along[5:31] = [5, 6, 7, 8, 9, 10, 11, 12, 11.5, 11.2, 11, 10, 9, 8.5, 8, 7.5, 7, 6.5, 6, 5.5, 4.2, 5, 6, 7, 6, 5]
        values = np.full(SHAPE, 0.5, dtype=np.float32)
        values[9:12, 11:14] = along
        whole = mask_of(((9, 12), (11, 14), (5, 31)))
        lesions = (lesion(1, whole, flip), lesion(4, mask_of(((0, 2), (0, 2), (0, 2))), flip))
        first, other, second = split(
            lesions, "L01", volume(values, flip), seeds_lps_mm=[at(10, 12, 12), at(10, 12, 28)], label=5, reader="RB"
        )
        assert other is lesions[1]
        assert (first.id, second.id, second.label, second.status) == ("L01", "L05", 5, Status.DISEASE)
        assert first.because == second.because == "reader RB split L01 by 2 seeds; found"
        valley = mask_of(((9, 12), (11, 14), (25, 26)))
        np.testing.assert_array_equal(voxels(first, flip) & ~valley, mask_of(((9, 12), (11, 14), (5, 25))))
        np.testing.assert_array_equal(voxels(second, flip) & ~valley, mask_of(((9, 12), (11, 14), (26, 31))))
        np.testing.assert_array_equal(voxels(first, flip) | voxels(second, flip), whole)
        assert disjoint((first, other, second))


@pytest.mark.parametrize("flip", FLIPS)
def test_flat_uptake_is_parted_half_way_in_millimetres(flip: tuple[int, int, int]) -> None:
    whole = mask_of(((4, 20), (6, 24), (8, 32)))
    seeds = np.array([[6, 10, 12], [17, 19, 27]])
    far = [np.linalg.norm((np.indices(SHAPE).T - seed) * SPACING, axis=-1).T for seed in seeds]
    parts = split(
        (lesion(1, whole, flip),),
        "L01",
        volume(np.full(SHAPE, 5.0, np.float32), flip),
        label=2,
        reader="RB",
        seeds_lps_mm=[at(*s) for s in seeds],
    )
    clear = np.abs(far[0] - far[1]) > np.linalg.norm(SPACING)  # nearer than a voxel's diagonal to half-way either may have it
    np.testing.assert_array_equal(voxels(parts[0], flip) & clear, whole & (far[0] < far[1]) & clear)
    np.testing.assert_array_equal(voxels(parts[1], flip) & clear, whole & (far[1] < far[0]) & clear)
    assert parts[0].region.voxels + parts[1].region.voxels == whole.sum()


def test_a_part_without_a_seed_joins_the_nearest_and_three_seeds_make_three() -> None:
    whole = mask_of(((10, 11), (12, 13), (2, 20))) | mask_of(((10, 11), (12, 13), (22, 24)))
    parts = split(
        (lesion(1, whole),),
        "L01",
        volume(np.full(SHAPE, 5.0, np.float32)),
        label=8,
        reader="RB",
        seeds_lps_mm=[at(10, 12, i) for i in (3, 10, 17)],
    )
    assert [one.id for one in parts] == ["L01", "L08", "L09"]
    assert voxels(parts[2])[10, 12, 22:24].all()
    assert sum(one.region.voxels for one in parts) == 20
    assert disjoint(parts)


@pytest.mark.parametrize(
    "seeds", [[at(10, 12, 12)], [at(10, 12, 12), at(10.2, 12, 12)], [at(10, 12, 12), at(0, 0, 0)], [at(10, 12, 12), [-900, 0, 0]]]
)
def test_seeds_that_part_nothing_are_refused(seeds: list[list[float]]) -> None:
    with pytest.raises(Refused) as caught:
        split((lesion(1, mask_of(A)),), "L01", volume(np.full(SHAPE, 5.0, np.float32)), seeds_lps_mm=seeds, label=2, reader="RB")
    assert caught.value.codes == ("EDIT_SEED_MISPLACED",)


def test_merging_keeps_the_first_name_and_every_voxel() -> None:
    lesions = (lesion(1, mask_of(A)), lesion(2, mask_of(B), status=Status.PHYSIOLOGIC), lesion(3, mask_of(((0, 1), (0, 1), (0, 1)))))
    other, one = merged(lesions, ["L02", "L01"], reader="RB")[::-1]
    assert other is lesions[2]
    assert (one.id, one.status, one.because) == ("L02", Status.PHYSIOLOGIC, "reader RB merged L02, L01; found")
    np.testing.assert_array_equal(voxels(one), mask_of(A) | mask_of(B))
    for identities, code in (
        (["L01"], "EDIT_TOO_FEW"),
        (["L01", "L01"], "EDIT_TOO_FEW"),
        ([], "EDIT_TOO_FEW"),
        (["L01", "L09"], "EDIT_UNKNOWN_LESION"),
    ):
        with pytest.raises(Refused) as caught:
            merged(lesions, identities, reader="RB")
        assert caught.value.codes == (code,)


@pytest.mark.parametrize("flip", FLIPS)
def test_a_threshold_within_a_sphere(flip: tuple[int, int, int]) -> None:
    values = np.full(SHAPE, 1.0, dtype=np.float32)
    values[mask_of(A) | mask_of(B)] = 2.5
    values[10, 12, 15] = 2.4
    lesions = (lesion(1, mask_of(A), flip),)
    *_, new = thresholded(lesions, volume(values, flip), centre_lps_mm=at(10, 12, 16), radius_mm=9.0, threshold=2.5, label=2, reader="RB")
    far = np.linalg.norm((np.indices(SHAPE).T - np.array([10, 12, 16])) * SPACING, axis=-1).T
    np.testing.assert_array_equal(voxels(new, flip), mask_of(B) & (far <= 9.0))
    assert 0 < new.region.voxels < 64
    for centre, code in ((at(2, 2, 2), "EDIT_NO_UPTAKE"), (at(10, 12, 11), "EDIT_NO_UPTAKE"), ([9e3, 0, 0], "EDIT_OUTSIDE_SCAN")):
        with pytest.raises(Refused) as caught:
            thresholded(lesions, volume(values, flip), centre_lps_mm=centre, radius_mm=6.0, threshold=2.5, label=2, reader="RB")
        assert caught.value.codes == (code,)


@pytest.mark.parametrize("flip", FLIPS)
def test_a_click_adds_all_that_hangs_together_however_little_or_long(flip: tuple[int, int, int]) -> None:
    values = np.full(SHAPE, 1.0, dtype=np.float32)
    snake = np.zeros(SHAPE, dtype=bool)
    snake[1, 1, 1:39] = snake[1, 1:29, 38] = snake[1:23, 28, 38] = snake[22, 2:29, 38] = True  # far beyond the box of the first look
    corner = np.zeros(SHAPE, dtype=bool)
    corner[12, 12, 12] = corner[13, 13, 13] = True
    values[snake | corner | mask_of(B)] = 4.0
    lesions = (lesion(1, mask_of(B), flip),)
    suv = volume(values, flip)
    for point, expected in ((at(1, 1, 5), snake), (at(12, 12, 12), corner)):
        *_, new = added(lesions, suv, point_lps_mm=point, threshold=4.0, label=2, reader="RB")
        np.testing.assert_array_equal(voxels(new, flip), expected)
        decided = decide(
            lesions, [Decision("d", None, (point[0], point[1], point[2]), Status.DISEASE, None, None, "RB")], suv, threshold=4.0
        )
        np.testing.assert_array_equal(voxels(new, flip), voxels(decided.lesions[-1], flip))
    for point, code in ((at(10, 12, 18), "EDIT_IN_LESION"), (at(5, 5, 5), "EDIT_NO_UPTAKE"), (at(99, 5, 5), "EDIT_OUTSIDE_SCAN")):
        with pytest.raises(Refused) as caught:
            added(lesions, suv, point_lps_mm=point, threshold=4.0, label=2, reader="RB")
        assert caught.value.codes == (code,)


def test_uptake_beside_a_lesion_is_added_without_it() -> None:
    values = np.full(SHAPE, 1.0, dtype=np.float32)
    values[mask_of(((8, 12), (10, 14), (10, 20)))] = 6.0
    lesions = (lesion(1, mask_of(A)),)
    _, new = added(lesions, volume(values), point_lps_mm=at(10, 12, 18), threshold=4.0, label=2, reader="RB")
    np.testing.assert_array_equal(voxels(new), mask_of(((8, 12), (10, 14), (14, 20))))
    assert disjoint((lesions[0], new))


def test_other_grids_and_other_quantities_are_errors_of_the_call() -> None:
    other = Volume(grid_of((-1, 1, 1)), np.full(SHAPE, 5.0, np.float32), Quantity.SUV_BW)
    activity = Volume(grid_of(), np.full(SHAPE, 5.0, np.float32), Quantity.ACTIVITY)
    for wrong in (other, activity):
        with pytest.raises(SpaceError):
            added((lesion(1, mask_of(A)),), wrong, point_lps_mm=at(0, 0, 0), threshold=4.0, label=2, reader="RB")


def test_whatever_is_done_no_voxel_has_two_lesions() -> None:
    """A hundred random edits, refused or not."""
    draw = np.random.default_rng(6)
    suv = volume(draw.uniform(1.0, 8.0, SHAPE).astype(np.float32))
    lesions: tuple[Lesion, ...] = (lesion(1, mask_of(A)), lesion(2, mask_of(B)))
    kept = 0
    for number in range(3, 103):
        names = [one.id for one in lesions]
        name, point, radius = str(draw.choice(names)), draw.uniform([0, 0, 0], [117, 116, 115]), float(draw.uniform(2, 25))
        own = next(one.region for one in lesions if one.id == name)
        inside = own.grid.to_lps_mm(draw.choice(own.indices_kji, 2))
        try:
            match draw.integers(7):
                case 0:
                    lesions = painted(lesions, name, points_lps_mm=[point], radius_mm=radius, reader="RB")
                case 1:
                    lesions = erased(lesions, name, points_lps_mm=inside, radius_mm=radius, reader="RB")
                case 2:
                    lesions = drawn(lesions, suv.grid, points_lps_mm=[point], radius_mm=radius, label=number, reader="RB")
                case 3:
                    lesions = split(lesions, name, suv, seeds_lps_mm=inside, label=number, reader="RB")
                case 4:
                    lesions = merged(lesions, names[:2], reader="RB")
                case 5:
                    lesions = thresholded(lesions, suv, centre_lps_mm=point, radius_mm=radius, threshold=5.0, label=number, reader="RB")
                case _:
                    lesions = added(lesions, suv, point_lps_mm=point, threshold=7.0, label=number, reader="RB")
            kept += 1
        except Refused as refusal:
            assert all(code.startswith("EDIT_") for code in refusal.codes)  # noqa: PT017 any of them may come
        assert disjoint(lesions)
    assert kept > 40
