"""Truth: closed form; flips of the storage; no voxel in two lesions, for every method there is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from carpet.core.anatomy import Anatomy
from carpet.core.geometry import connected_regions, sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.segment import delineate, segmenters
from carpet.segment.delineate import Delineation, connected_part
from carpet.segment.roi import Roi
from carpet.testing import storage_variants

PROMISED = {"suv4.0", "suv2.5", "max41", "max50", "a50p", "percist_liver", "liver_mean", "nestle", "mv2", "mv3", "watershed"}


@pytest.fixture
def two_lesions() -> tuple[Volume, tuple[Region, ...], Region]:
    """Two blurred lesions 26 mm apart, which SUV 2.5 joins and SUV 4 does not, and a liver, on 3 × 2.5 × 2 mm."""
    grid = Grid((40, 48, 60), np.diag([2.0, 2.5, 3.0, 1.0])[:, [2, 1, 0, 3]], "1.2")
    values = np.full(grid.shape_kji, 0.8)
    for centre, radius_mm, suv in (((40.0, 60.0, 60.0), 10.0, 14.0), ((66.0, 60.0, 60.0), 9.0, 9.0)):
        region = sphere_region(grid, np.array(centre), radius_mm)
        values[region.box][region.mask] = suv
    liver = sphere_region(grid, np.array([90.0, 60.0, 20.0]), 14.0)
    values[liver.box][liver.mask] = 2.1
    volume = Volume(grid, gaussian_filter(values, (0.9, 1.1, 1.3)).astype(np.float32), Quantity.SUV_BW)
    return volume, connected_regions(grid, volume.values >= 4.0), liver


def drawn(name: str, volume: Volume, regions, liver: Region) -> tuple[Lesion, ...]:
    lesions = tuple(Lesion(f"L{n}", n, region, Status.DISEASE, "t", "t") for n, region in enumerate(regions, start=1))
    return delineation(name, volume, lesions, liver).lesions


def delineation(name: str, volume: Volume, lesions, liver: Region) -> Delineation:
    anatomy = Anatomy(references={"liver": liver})
    return delineate(segmenters()[name], lesions, others=[], suv=volume, margin_mm=20.0, anatomy=anatomy)


def test_the_promised_methods_are_there() -> None:
    assert set(segmenters()) == PROMISED


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_no_voxel_lies_in_two_lesions_and_each_keeps_its_hottest(two_lesions, name: str) -> None:
    volume, regions, liver = two_lesions
    assert len(regions) == 2
    lesions = drawn(name, volume, regions, liver)
    assert [lesion.id for lesion in lesions] == ["L1", "L2"]
    taken = np.zeros(volume.grid.shape_kji, dtype=int)
    for lesion, region in zip(lesions, regions, strict=True):
        taken[lesion.region.box] += lesion.region.mask
        assert lesion.region.values_of(volume).max() == region.values_of(volume).max()
        assert len(connected_regions(volume.grid, whole_mask(lesion.region))) == 1
    assert taken.max() == 1


def whole_mask(region: Region) -> np.ndarray:
    mask = np.zeros(region.grid.shape_kji, dtype=bool)
    mask[region.box] = region.mask
    return mask


@pytest.mark.parametrize("name", sorted(PROMISED - {"watershed"}))
def test_storage_order_changes_nothing(two_lesions, name: str) -> None:
    volume, regions, liver = two_lesions
    expected = sorted(lesion.region.voxels for lesion in drawn(name, volume, regions, liver))
    for _, other, (*turned, turned_liver) in storage_variants(volume, [*regions, liver]):
        assert sorted(lesion.region.voxels for lesion in drawn(name, other, turned, turned_liver)) == expected


@pytest.mark.parametrize("name", ["max41", "max50", "a50p", "percist_liver", "liver_mean", "nestle", "watershed"])
def test_relative_methods_do_not_depend_on_the_scale_of_suv(two_lesions, name: str) -> None:
    volume, regions, liver = two_lesions
    doubled = Volume(volume.grid, volume.values * np.float32(2.0), volume.quantity)
    before, after = (drawn(name, one, regions, liver) for one in (volume, doubled))
    assert [lesion.region.voxels for lesion in before] == [lesion.region.voxels for lesion in after]


def test_suv4_gives_back_the_candidates(two_lesions) -> None:
    volume, regions, liver = two_lesions
    for lesion, region in zip(drawn("suv4.0", volume, regions, liver), regions, strict=True):
        assert lesion.region.origin_kji == region.origin_kji
        assert (lesion.region.mask == region.mask).all()


def test_a_lesion_without_a_voxel_is_left_out(two_lesions) -> None:
    volume, regions, liver = two_lesions
    cold = Region(volume.grid, (2, 2, 2), np.ones((3, 3, 3), dtype=bool))
    lesions = [Lesion(f"L{n}", n, region, Status.DISEASE, "t", "t") for n, region in enumerate([*regions, cold], start=1)]
    found = delineation("suv4.0", volume, lesions, liver)
    assert [lesion.id for lesion in found.lesions] == ["L1", "L2"]
    assert (found.empty, found.at_margin) == (("L3",), ())


@pytest.mark.parametrize("name", sorted(PROMISED - {"percist_liver", "watershed"}))
@pytest.mark.parametrize("apart_mm", [24.0, 32.0, 38.0])
def test_lesions_up_to_two_margins_apart_share_no_voxel(name: str, apart_mm: float) -> None:
    """In tissue above the threshold each lesion could reach 20 mm: half-way is the limit."""
    grid = Grid((30, 30, 60), np.diag([2.0, 2.0, 2.0, 1.0])[:, [2, 1, 0, 3]], "1.2")
    centres = np.array([[20.0, 30.0, 30.0], [20.0 + apart_mm, 30.0, 30.0]])
    regions = [sphere_region(grid, centre, 7.0) for centre in centres]
    values = np.full(grid.shape_kji, 3.9, dtype=np.float32)
    for region in regions:
        values[region.box][region.mask] = 6.0
    lesions = drawn(name, Volume(grid, values, Quantity.SUV_BW), regions, sphere_region(grid, np.array([100.0, 30.0, 30.0]), 6.0))
    taken = np.zeros(grid.shape_kji, dtype=int)
    for lesion in lesions:
        taken[lesion.region.box] += lesion.region.mask
    assert taken.max() == 1


def test_a_lesion_that_the_margin_cuts_off_is_named() -> None:
    grid = Grid((20, 20, 80), np.diag([2.0, 2.0, 2.0, 1.0])[:, [2, 1, 0, 3]], "1.2")
    values = np.full(grid.shape_kji, 0.5, dtype=np.float32)
    values[8:12, 8:12, 5:75] = 3.0
    values[8:12, 8:12, 10:14] = 6.0
    volume = Volume(grid, values, Quantity.SUV_BW)
    lesions = [Lesion("L1", 1, connected_regions(grid, values >= 4.0)[0], Status.DISEASE, "t", "t")]
    liver = sphere_region(grid, np.array([140.0, 6.0, 6.0]), 4.0)
    found = delineation("suv2.5", volume, lesions, liver)
    assert found.at_margin == ("L1",)
    (lesion,) = found.lesions
    assert lesion.region.indices_kji[:, 2].max() == 23  # 20 mm beyond voxel 13
    assert delineation("suv4.0", volume, lesions, liver).at_margin == ()


def test_a_voxel_at_exactly_41_percent_belongs_to_the_lesion() -> None:
    grid = Grid((3, 3, 5), np.eye(4), "1.2")
    for factor in np.random.default_rng(0).uniform(1e-4, 1e-2, 200):
        stored = np.zeros(grid.shape_kji)
        stored[1, 1, 1:4] = (410, 1000, 409)
        volume = Volume(grid, (stored * factor).astype(np.float32), Quantity.SUV_BW)
        seed = Region(grid, (1, 1, 1), np.ones((1, 1, 3), dtype=bool))
        rule = segmenters()["max41"](Roi(volume, seed, (), 20.0))
        assert rule[1, 1].tolist() == [False, True, True, False, False]


def test_only_what_touches_the_lesion_is_kept(ball) -> None:
    rule = ball.seed.copy()
    start = [part.start for part in ball.box]
    beside = (20 - start[0], 20 - start[1], 27 - start[2])  # 14 mm from the centre, one voxel beyond the ball
    island = (20 - start[0], 20 - start[1], 33 - start[2])
    rule[island] = True
    assert connected_part(ball, rule).voxels == ball.region.voxels
    rule[beside] = True
    assert connected_part(ball, rule).voxels == ball.region.voxels + 1


def test_other_regions_are_not_reached_into(ball) -> None:
    other = sphere_region(ball.volume.grid, np.array([40.0, 40.0, 60.0]), 6.0)
    roi = Roi(ball.volume, ball.region, (other,), 20.0)
    everything = np.ones(roi.seed.shape, dtype=bool)
    found = connected_part(roi, everything)
    assert not (whole_mask(found) & whole_mask(other)).any()
