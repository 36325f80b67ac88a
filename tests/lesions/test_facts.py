"""Truth: closed form. Boxes, balls and shells of known size, place and uptake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.geometry import connected_regions, sphere_region
from carpet.core.lesion import Place
from carpet.core.space import Grid, Labels, Quantity, Region, Volume
from carpet.lesions.facts import Facts, facts_of

GRID = Grid((80, 60, 60), np.array([[0, 0, 4.0, -118], [0, 4.0, 0, -118], [4.0, 0, 0, -158], [0, 0, 0, 1]]), "1.2")


def place(level: str = "abdomen", left: float = 0.0, anterior: float = 0.0, hu: float | None = None, **organs: float) -> Place:
    return Place(None, None, level, left, anterior, organs, hu)


def ball(l_mm: float, p_mm: float, s_mm: float, radius: float = 12.0) -> Region:
    return sphere_region(GRID, np.array([l_mm, p_mm, s_mm]), radius)


def suv_of(*regions: tuple[Region, float]) -> Volume:
    values = np.full(GRID.shape_kji, 0.5, dtype=np.float32)
    for region, level in regions:
        values[region.box][region.mask] = level
    return Volume(GRID, values, Quantity.SUV_BW)


def test_only_a_like_region_on_the_other_side_is_a_mirror() -> None:
    left, right, unlike = ball(50, 0, 0), ball(-50, 0, 0), ball(-50, 0, 0, 20)
    places = [place("head", 50), place("head", -50)]
    pair = facts_of([left, right], places, suv_of((left, 6.0), (right, 7.0)), None)
    assert [f.mirrored for f in pair] == [True, True]
    assert not any(f.mirrored for f in facts_of([left, unlike], places, suv_of((unlike, 6.0), (left, 6.0)), None))
    assert not any(f.mirrored for f in facts_of([left, right], places, suv_of((left, 6.0), (right, 12.0)), None))
    assert not any(f.mirrored for f in facts_of([left, ball(-50, 0, 40)], places, suv_of((left, 6.0)), None))


def test_shape_of_a_rod_and_of_a_shell() -> None:
    mask = np.zeros(GRID.shape_kji, dtype=bool)
    mask[10:40, 30:33, 30:33] = True  # 120 × 12 × 12 mm
    rod = Region.of_mask(GRID, mask)
    fact = facts_of([rod], [place()], suv_of((rod, 5.0)), None)[0]
    assert fact.length_mm == pytest.approx(120, abs=5)
    assert fact.thickness_mm == pytest.approx(12 * 2 / np.sqrt(np.pi), rel=0.05)  # the cylinder of the same section
    assert fact.extent_s_mm == pytest.approx(120)
    assert not fact.hollow
    outer, inner = ball(0, 0, 0, 30), ball(0, 0, 0, 16)
    values = suv_of((outer, 8.0), (inner, 1.0))
    shell = connected_regions(GRID, values.values >= 4)[0]
    assert facts_of([shell], [place()], values, None)[0].hollow


def test_share_of_the_organ_and_ratio_to_the_liver() -> None:
    spleen, liver, spot = ball(60, 0, 0, 30), ball(-60, 0, 0, 15), ball(60, 0, 0, 12)
    anatomy = Anatomy(references={"liver": liver}, organs=Labels(GRID, {10: spleen}), organ_names={10: "spleen"})
    fact = facts_of([spot], [place(spleen=1.0)], suv_of((liver, 2.0), (spot, 6.0)), anatomy)[0]
    assert fact.liver_ratio == pytest.approx(3.0)
    assert fact.organ_share == pytest.approx(spot.voxels / spleen.voxels)
    assert fact.organs == {"spleen"}


def test_a_region_at_the_end_of_the_scan_is_cut() -> None:
    touching, inside = ball(0, 0, 158), ball(0, 0, 100)
    assert [f.cut for f in facts_of([touching, inside], [place(), place()], suv_of(), None)] == [True, False]


def one(region: Region, where: Place, suv: Volume, anatomy: Anatomy | None = None) -> Facts:
    (fact,) = facts_of([region], [where], suv, anatomy)
    return fact


def box(grid: Grid, size_kji: tuple[int, int, int], start: int = 10) -> Region:
    return Region(grid, (start, start, start), np.ones(size_kji, dtype=bool))


def of_spacing(k: float, j: float, i: float) -> Grid:
    affine = np.zeros((4, 4))
    affine[[2, 1, 0, 3], [0, 1, 2, 3]] = (k, j, i, 1.0)
    return Grid((90, 90, 90), affine, "1.2")


def test_volume_and_uptake_are_the_regions() -> None:
    region = box(GRID, (2, 2, 2))
    values = np.zeros(GRID.shape_kji, dtype=np.float32)
    values[10:12, 10:12, 10:12] = np.arange(8).reshape(2, 2, 2)
    values[40:, 40:, 40:] = 99.0
    fact = one(region, place(), Volume(GRID, values, Quantity.SUV_BW))
    assert (fact.volume_ml, fact.suv_max, fact.suv_mean) == (pytest.approx(8 * 0.064), 7.0, 3.5)


@pytest.mark.parametrize("size", [(20, 5, 5), (5, 20, 5), (5, 5, 20)])
def test_a_box_of_80_by_20_by_20_mm(size: tuple[int, int, int]) -> None:
    """Length along its longest axis, which the corners tilt by up to 2 %; thickness of the cylinder of this length and volume."""
    fact = one(box(GRID, size), place(), suv_of())
    assert fact.length_mm == pytest.approx(80.0, rel=0.03)
    assert fact.thickness_mm == pytest.approx(2 * np.sqrt(20 * 20 / np.pi), rel=0.02)
    assert fact.elongation == pytest.approx(80.0 / (2 * np.sqrt(400 / np.pi)), rel=0.05)
    assert fact.extent_s_mm == pytest.approx(4.0 * size[0])


@pytest.mark.parametrize("spacing", [(4.0, 2.0, 2.0), (2.0, 4.0, 4.0), (5.0, 4.0, 1.0)])
def test_lengths_are_millimetres_on_any_grid(spacing: tuple[float, float, float]) -> None:
    """120 × 20 × 20 mm along the body; one voxel's width is counted as its volume's cube root, so one voxel either way."""
    grid = of_spacing(*spacing)
    size = tuple(round(mm / step) for mm, step in zip((120, 20, 20), spacing, strict=True))
    fact = one(box(grid, (size[0], size[1], size[2])), place(), Volume(grid, np.ones(grid.shape_kji, np.float32), Quantity.SUV_BW))
    assert fact.extent_s_mm == pytest.approx(120.0, abs=max(spacing))
    assert fact.length_mm == pytest.approx(120.0, abs=max(spacing))
    assert fact.elongation == pytest.approx(120.0 / (2 * np.sqrt(400 / np.pi)), rel=0.08)


def test_a_large_region_is_measured_from_a_part_of_its_voxels() -> None:
    fact = one(box(GRID, (60, 40, 30)), place(), suv_of())  # 72 000 voxels
    assert fact.extent_s_mm == pytest.approx(240.0)
    assert fact.length_mm >= 240.0 - 4.0
    assert fact.elongation < 2.0


def test_a_ball_is_not_elongated_and_one_voxel_is_a_cube() -> None:
    """√1.5 is the ball's: the cylinder as long as it is wide, of its volume. Its length counts whole voxels, 4 mm on 120 mm: 5 %."""
    assert one(ball(0, 0, 0, 60), place(), suv_of()).elongation == pytest.approx(np.sqrt(1.5), rel=0.06)
    voxel = one(box(GRID, (1, 1, 1)), place(), suv_of())
    assert voxel.length_mm == voxel.thickness_mm == voxel.extent_s_mm == pytest.approx(4.0)


def test_a_solid_ball_with_a_cool_centre_of_one_voxel_is_not_hollow() -> None:
    solid = ball(0, 0, 0, 20)
    values = suv_of((solid, 8.0)).values.copy()
    centre = GRID.nearest_kji(solid.centroid_lps_mm)
    values[centre] = 1.0
    assert not one(solid, place(), Volume(GRID, values, Quantity.SUV_BW)).hollow
    assert not one(box(GRID, (2, 9, 9)), place(), suv_of()).hollow


@pytest.mark.parametrize("axis_of_s", [0, 1, 2])
@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_cut_means_the_first_or_last_slice_along_the_body_however_stored(axis_of_s: int, flip: float) -> None:
    order = {0: (2, 1, 0), 1: (1, 2, 0), 2: (0, 1, 2)}[axis_of_s]
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, world in enumerate(order):
        affine[world, axis] = 4.0 * (flip if world == 2 else 1.0)
    grid = Grid((30, 30, 30), affine, "1.2")
    suv = Volume(grid, np.ones(grid.shape_kji, np.float32), Quantity.SUV_BW)
    for axis in range(3):
        for start in (0, 27):
            origin = [10, 10, 10]
            origin[axis] = start
            region = Region(grid, (origin[0], origin[1], origin[2]), np.ones((3, 3, 3), dtype=bool))
            assert one(region, place(), suv).cut is (axis == axis_of_s)


@pytest.mark.parametrize(
    ("change", "mirrored"),
    [
        ({}, True),
        ({"left_mm": -38.0}, True),
        ({"left_mm": -34.0}, False),  # 16 mm nearer to the midline
        ({"anterior_mm": 16.0}, False),
        ({"left_mm": 50.0}, False),  # the same side
    ],
)
def test_a_mirror_lies_opposite_within_15_mm(change: dict[str, float], mirrored: bool) -> None:
    left, right = ball(50, 0, 0), ball(-50, 0, 0)
    places = [place("head", 50), replace(place("head", -50), **change)]
    assert [fact.mirrored for fact in facts_of([left, right], places, suv_of(), None)] == [mirrored, mirrored]


def test_a_third_region_does_not_break_a_pair_nor_is_a_region_its_own_mirror() -> None:
    regions = [ball(50, 0, 0), ball(0, 0, 80), ball(-50, 0, 0)]
    places = [place("head", 50), place("thorax", 1.0), place("head", -50)]
    assert [fact.mirrored for fact in facts_of(regions, places, suv_of(), None)] == [True, False, True]


def test_shares_add_up_over_organs_and_are_none_where_not_touched() -> None:
    fact = one(ball(0, 0, 0), place(kidney_left=0.2, kidney_right=0.3, body=0.5), suv_of())
    assert fact.share("kidney_left", "kidney_right") == pytest.approx(0.5)
    assert fact.share("liver") == 0.0


def test_the_share_of_an_organ_counts_only_the_part_inside_it() -> None:
    spleen, spot = ball(60, 0, 0, 30), ball(60, 0, 0, 12)
    anatomy = Anatomy(organs=Labels(GRID, {1: ball(0, 0, 0, 50), 10: spleen}), organ_names={1: "body", 10: "spleen"})
    fact = one(spot, place(spleen=0.5, body=0.5), suv_of(), anatomy)
    assert fact.organ_share == pytest.approx(0.5 * spot.voxels / spleen.voxels)
    assert one(spot, place(body=1.0), suv_of(), anatomy).organ_share is None


def test_without_a_survey_nothing_is_known_of_organs() -> None:
    fact = one(ball(0, 0, 0), place(), suv_of())
    assert (fact.organs, fact.organ_share, fact.liver_ratio) == (frozenset(), None, None)
    assert one(ball(0, 0, 0), place(), suv_of(), Anatomy(absent={"liver": "LIVER_NOT_FOUND"})).liver_ratio is None


def test_no_region_no_facts() -> None:
    assert facts_of([], [], suv_of(), None) == ()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (place("pelvis", 14.0, hu=6.0, bladder=0.92), "midline pelvis, 0.5 mL, SUVmax 8.0, mean CT 6 HU, 92 % in bladder"),
        (place("thorax", 40.0, lung_left=0.3, heart=0.5), "left thorax, 0.5 mL, SUVmax 8.0, 50 % in heart, 30 % in lung left"),
        (place("abdomen", -40.0, liver=0.09, body=0.91), "right abdomen, 0.5 mL, SUVmax 8.0"),
        (place("unknown"), "level not known, 0.5 mL, SUVmax 8.0"),
    ],
)
def test_the_sentence(where: Place, words: str) -> None:
    region = box(GRID, (2, 2, 2))
    assert one(region, where, suv_of((region, 8.0))).sentence() == words
