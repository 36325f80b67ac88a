"""Truth: closed form (volumes, means and distances of blocks, and how they change under each law)."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.geometry import SPHERE_1_ML_RADIUS_MM, connected_regions, sphere_means
from carpet.testing.blocks import BODY, LESIONS, REFERENCES, SPACING_MM_KJI, block_scene

SCENE = block_scene()


def test_blocks_have_the_volumes_and_means_written() -> None:
    for lesion, (_, size, _, core_size, rim, core, *_) in zip(SCENE.lesions, LESIONS, strict=True):
        whole, inner = np.prod(size), np.prod(core_size)
        assert lesion.region.volume_ml == pytest.approx(whole * 3.0 * 2.5 * 2.0 / 1000.0)
        assert lesion.region.values_of(SCENE.suv).mean() == pytest.approx((inner * core + (whole - inner) * rim) / whole, rel=1e-6)
    assert len(connected_regions(SCENE.suv.grid, SCENE.suv.values >= 4.0)) == len(LESIONS)


def test_the_suvpeak_sphere_fits_into_every_core() -> None:
    for lesion, (_, _, _, core_size, _, core, *_) in zip(SCENE.lesions, LESIONS, strict=True):
        assert all(count * step > 13.0 for count, step in zip(core_size, SPACING_MM_KJI, strict=True))
        assert sphere_means(SCENE.suv, lesion.region, radius_mm=SPHERE_1_ML_RADIUS_MM).max() == pytest.approx(core)


def test_references_have_their_uptake() -> None:
    assert set(SCENE.anatomy.references) == {"liver", "blood_pool", "spleen", "marrow"}
    for name, region in SCENE.anatomy.references.items():
        assert set(region.values_of(SCENE.suv)) == {np.float32(REFERENCES[name][3])}


def test_changes_do_what_they_say() -> None:
    assert (SCENE.with_suv_times(2.0).suv.values == 2 * SCENE.suv.values).all()
    grown = SCENE.stretched(1.5)
    assert grown.lesions[0].region.volume_ml == pytest.approx(1.5**3 * SCENE.lesions[0].region.volume_ml)
    assert grown.lesions[0].region.centroid_lps_mm == pytest.approx(1.5 * SCENE.lesions[0].region.centroid_lps_mm)
    assert grown.body is not None
    assert (grown.body.weight_kg, grown.body.height_m) == pytest.approx((BODY.weight_kg * 3.375, 1.75 * 1.5))
    turned = SCENE.stored_as("LPS")
    assert turned.suv.grid.shape_kji == SCENE.suv.grid.shape_kji[::-1]
    assert turned.lesions[2].region.centroid_lps_mm == pytest.approx(SCENE.lesions[2].region.centroid_lps_mm)
    assert SCENE.with_lesions(0).lesions == ()
    assert SCENE.with_body(None).body is None
    assert SCENE.without_anatomy().anatomy.references == {}
    assert set(SCENE.without_anatomy().anatomy.absent) == set(REFERENCES)
