"""Truth: closed form (analytic membership at voxel centres, planted SUV, conservation of activity under blurring)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.core.space import Quantity
from carpet.testing.frame import Part
from carpet.testing.patients import simple_phantom
from carpet.testing.phantom import PhantomScan, as_scanned, frame_uid, make_phantom
from carpet.testing.shapes import Ellipsoid
from carpet.testing.voxels import upright_grid


@pytest.fixture(scope="module")
def scan() -> PhantomScan:
    return simple_phantom()


def test_truth_is_membership_of_voxel_centres(scan: PhantomScan) -> None:
    grid = scan.suv.grid
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape_kji), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(grid.to_lps_mm(index), -1, 0)
    assert [fact.id for fact in scan.planted] == ["L01", "L02", "L03"]
    for fact, lesion in zip(scan.planted, scan.phantom.lesions, strict=True):
        inside = sum(((p - c) / s) ** 2 for p, c, s in zip((x, y, z), lesion.shape.centre, lesion.shape.semi_mm, strict=True)) <= 1  # type: ignore[union-attr]
        region = scan.truth.regions[fact.label]
        assert sorted(map(tuple, region.indices_kji)) == sorted(map(tuple, np.argwhere(inside)))
        assert set(region.values_of(scan.true_suv)) == {np.float32(fact.suv)}
        # 4 mm voxels in bodies 28–50 mm wide: the count differs by a few per cent from the closed form
        assert region.volume_ml == pytest.approx(fact.volume_ml, rel=0.06)
        assert region.centroid_lps_mm == pytest.approx(fact.centre_lps_mm, abs=0.5)


def test_every_organ_has_one_suv(scan: PhantomScan) -> None:
    assert {"liver", "spleen", "aorta", "bladder", "marrow", "muscle"} == set(scan.organ_names.values())
    for label, region in scan.organs.regions.items():
        assert set(region.values_of(scan.true_suv)) == {np.float32(scan.organ_suv[label])}
    assert scan.organ("liver").volume_ml == pytest.approx(4 / 3 * np.pi * 5.5 * 6.0 * 6.0, rel=0.02)
    organs, lesions = scan.organs.to_values() > 0, scan.truth.to_values() > 0
    assert not (organs & lesions).any()
    assert (organs | lesions).sum() == (scan.true_suv.values > 0).sum()


def test_without_blur_the_scan_is_the_truth(scan: PhantomScan) -> None:
    assert scan.suv is scan.true_suv
    assert scan.suv.quantity is Quantity.SUV_BW


def test_ct_lies_in_the_same_frame(scan: PhantomScan) -> None:
    assert scan.ct is not None
    assert scan.ct.quantity is Quantity.HU
    assert scan.ct.grid.frame_uid == scan.suv.grid.frame_uid
    assert scan.ct.grid.shape_kji != scan.suv.grid.shape_kji
    for name, hu in (("liver", 55.0), ("bladder", 5.0)):
        middle = scan.ct.grid.nearest_kji(scan.organ(name).centroid_lps_mm)
        assert middle is not None
        assert scan.ct.values[middle] == hu
    assert scan.ct.values[0, 0, 0] == -1000.0


def test_point_spread_has_the_width_asked_for_and_keeps_activity() -> None:
    grid = upright_grid((41, 41, 41), (2.0, 2.0, 2.0), first_centre_lps_mm=(-40.0, -40.0, -40.0), frame_uid="1.2")
    point = np.zeros(grid.shape_kji, dtype=np.float32)
    point[20, 20, 20] = 1000.0
    blurred = as_scanned(point, grid, fwhm_mm=8.0, noise=0.0, seed=0)
    assert blurred.sum() == pytest.approx(1000.0, rel=1e-3)
    assert blurred[20, 20, 22] / blurred[20, 20, 20] == pytest.approx(0.5, abs=0.01)  # 4 mm off: half of the top


def test_noise_has_the_spread_asked_for_and_is_seeded() -> None:
    grid = upright_grid((40, 40, 40), (4.0, 4.0, 4.0), first_centre_lps_mm=(0.0, 0.0, 0.0), frame_uid="1.2")
    flat = np.full(grid.shape_kji, 2.2, dtype=np.float32)
    noisy = as_scanned(flat, grid, fwhm_mm=6.0, noise=0.1, seed=5)
    assert noisy.mean() == pytest.approx(2.2, abs=0.01)
    assert noisy.std() == pytest.approx(0.22, rel=0.02)
    assert (noisy == as_scanned(flat, grid, fwhm_mm=6.0, noise=0.1, seed=5)).all()
    assert (noisy != as_scanned(flat, grid, fwhm_mm=6.0, noise=0.1, seed=6)).any()


def test_one_name_one_suv(scan: PhantomScan) -> None:
    twice = Part("liver", Ellipsoid((0.0, 0.0, 0.0), (5.0, 5.0, 5.0)), 9.0, 50.0)
    with pytest.raises(ValueError, match="liver"):
        make_phantom(replace(scan.phantom, parts=(*scan.phantom.parts, twice)))


def test_frame_uid_is_a_uid_made_from_words() -> None:
    assert frame_uid("a", 1) == frame_uid("a", 1) != frame_uid("a", 2)
    assert len(frame_uid("a")) <= 64
    assert set(frame_uid("a")) <= set("0123456789.")
