"""Truth: law (lesions clear of each other and of hot organs; anatomy in its order) on seeded bodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.core.geometry import connected_regions
from carpet.testing.frame import BodyFrame
from carpet.testing.patients import (
    NO_BLUR,
    Imaging,
    axial_grid,
    benchmark_phantom,
    follow_up,
    random_patient,
    random_phantom,
    scanner_table,
    simple_phantom,
)
from carpet.testing.phantom import Phantom, PhantomScan, make_phantom
from carpet.testing.sites import HOT_SUV

EXACT = replace(NO_BLUR, ct_matrix=0)


@pytest.fixture(scope="module", params=[(1, "siemens", "up"), (2, "ge", "down"), (3, "philips", "none")], ids=lambda p: p[1])
def exact(request: pytest.FixtureRequest) -> PhantomScan:
    seed, vendor, arms = request.param
    return random_phantom(seed, vendor=vendor, arms=arms, imaging=EXACT)


def test_number_volume_and_uptake_of_lesions(exact: PhantomScan) -> None:
    assert 3 <= len(exact.planted) <= 15
    for fact in exact.planted:
        assert fact.disease
        assert 1.0 <= fact.volume_ml <= 300.0
        assert 5.0 <= fact.suv <= 30.0
        assert exact.truth.regions[fact.label].volume_ml == pytest.approx(fact.volume_ml, rel=0.35, abs=0.2)  # 1 mL is ten voxels
    assert exact.ct is None


def test_lesions_touch_neither_each_other_nor_hot_organs(exact: PhantomScan) -> None:
    """At the body's own threshold every lesion is a component of its own, made of that lesion's voxels only."""
    lesions = exact.truth.to_values()
    components = connected_regions(exact.suv.grid, exact.suv.values >= HOT_SUV)
    holding = [np.unique(lesions[region.box][region.mask]) for region in components]
    alone = sorted(int(labels[0]) for labels in holding if labels.max() > 0 and len(labels) == 1)
    mixed = [labels.tolist() for labels in holding if labels.max() > 0 and len(labels) > 1]
    assert mixed == []
    assert alone == [fact.label for fact in exact.planted]


def height(scan: PhantomScan, name: str) -> float:
    return float(scan.organ(name).centroid_lps_mm[2])


def left(scan: PhantomScan, name: str) -> float:
    return float(scan.organ(name).centroid_lps_mm[0])


def test_organs_lie_where_they_do_in_a_patient(exact: PhantomScan) -> None:
    order = ["brain", "parotid", "submandibular", "lung_left", "liver", "kidney", "small_bowel", "bladder"]
    heights = [height(exact, name) for name in order]
    assert heights == sorted(heights, reverse=True)
    assert left(exact, "liver") < -30 < 30 < left(exact, "spleen")
    assert left(exact, "lung_right") < -30 < 30 < left(exact, "lung_left")
    assert left(exact, "myocardium") > 15
    assert abs(left(exact, "bladder")) < 3
    aorta, marrow = exact.organ("aorta"), exact.organ("marrow")
    assert aorta.centroid_lps_mm[1] < marrow.centroid_lps_mm[1]  # in front of the spine
    assert aorta.centroid_lps_mm[0] > marrow.centroid_lps_mm[0]  # and to its left


def test_organs_have_adult_volumes(exact: PhantomScan) -> None:
    for name, least, most in (
        ("liver", 1000, 2300),
        ("spleen", 120, 400),
        ("bladder", 90, 200),
        ("brain", 1000, 1800),
        ("kidney", 200, 420),
    ):
        assert least < exact.organ(name).volume_ml < most, name


def test_scanned_range_is_vertex_to_mid_thigh(exact: PhantomScan) -> None:
    slices, spacing = exact.suv.grid.shape_kji[0], exact.suv.grid.spacing_mm_kji[0]
    assert 900 < slices * spacing < 1250
    middle = exact.suv.grid.shape_kji[1] // 2
    axis = np.flatnonzero(exact.suv.values[:, middle, middle - 5 : middle + 5].any(axis=1))  # arms may reach higher than the vertex
    assert 0 < slices - 1 - axis[-1] < 30 / spacing
    assert (exact.suv.values[0] > 0).any()


def test_without_head() -> None:
    scan = random_phantom(4, with_head=False, lesions=3, imaging=EXACT)
    assert "brain" not in scan.organ_names.values()
    assert scan.suv.grid.to_lps_mm((scan.suv.grid.shape_kji[0] - 1, 0, 0))[2] < -200


def test_sites_can_be_named_and_the_same_seed_gives_the_same_patient() -> None:
    one = random_patient(8, sites=["spleen", "vertebra", "inguinal"], imaging=EXACT)
    two = random_patient(8, sites=["spleen", "vertebra", "inguinal"], imaging=EXACT)
    assert [lesion.site for lesion in one.lesions] == ["spleen", "vertebra", "inguinal"]
    assert one.lesions == two.lesions
    assert one.body == two.body


def test_ct_shows_air_fat_and_bone() -> None:
    scan = random_phantom(5, lesions=3, imaging=Imaging(noise=0.0, psf_fwhm_mm=0.0, ct_matrix=128, ct_slice_mm=8.0))
    assert scan.ct is not None
    values = scan.ct.values
    assert {-1000.0, -800.0, -100.0, 55.0, 180.0, 600.0} <= set(np.unique(values).tolist())
    assert scan.ct.grid.spacing_mm_kji == pytest.approx((8.0, 500 / 128, 500 / 128))


def test_follow_up_changes_lesions_and_keeps_the_body() -> None:
    before = random_patient(6, sites=["axillary", "mesenteric", "inguinal"], imaging=EXACT)
    after = follow_up(before, 1, volume_scale=0.5, suv_scale=0.8, keep=["L01", "L03"], new_sites=["femur"])
    assert [lesion.id for lesion in after.lesions] == ["L01", "L03", "L04"]
    assert after.lesions[0].volume_ml == pytest.approx(before.lesions[0].volume_ml / 2)
    assert after.lesions[1].suv == pytest.approx(before.lesions[2].suv * 0.8)
    assert after.body == before.body
    assert after.pet_grid.frame_uid != before.pet_grid.frame_uid
    scan = make_phantom(after)
    label = next(label for label, name in scan.organ_names.items() if name == "liver")
    assert 0.9 <= scan.organ_suv[label] / _suv(before, "liver") <= 1.1


def _suv(phantom: Phantom, name: str) -> float:
    (suv,) = {part.suv for part in phantom.parts if part.name == name}
    assert suv is not None
    return suv


def test_simple_phantom_is_exact_and_may_be_blurred() -> None:
    assert simple_phantom(with_ct=False).ct is None
    blurred = simple_phantom(psf_fwhm_mm=6.0, noise=0.05, with_ct=False)
    assert blurred.true_suv.values.max() == 20.0
    assert (blurred.suv.values != blurred.true_suv.values).any()


def test_grid_and_table_lie_around_the_body() -> None:
    grid = axial_grid(5, (3.0, 4.0, 4.0), top_mm=10.0, bottom_mm=-2.0, uid="1.2")
    assert grid.shape_kji == (5, 5, 5)
    assert grid.to_lps_mm((0, 2, 2)).tolist() == [0.0, 0.0, -2.0]
    frame = BodyFrame.of(80.0, 1.75)
    low, _ = scanner_table(frame)[0].shape.bounds()
    assert low[1] > max(row[2] + row[4] for row in frame.trunk().rows)


@pytest.mark.slow
def test_benchmark_has_the_size_and_the_counts_promised() -> None:
    scan = benchmark_phantom(ct_matrix=0)
    assert scan.suv.grid.shape_kji == (350, 400, 400)
    components = connected_regions(scan.suv.grid, scan.suv.values >= 4.0)
    assert 115 <= len(components) <= 145
    assert sum(fact.volume_ml >= 3.0 for fact in scan.planted) == 15
