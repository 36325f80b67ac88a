"""Truth: phantom with known organs; laws (flip, exclusion, absence). Tolerances allow for 8 % voxel noise and the point spread."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.anatomy.survey import survey
from carpet.core.anatomy import Anatomy
from carpet.core.geometry import sphere_region
from carpet.core.space import Grid, Quantity, SpaceError, Volume
from carpet.testing import random_phantom
from carpet.testing.phantom import PhantomScan

TRUE_NAME = {"liver": "liver", "blood_pool": "aorta", "spleen": "spleen"}
TOLERANCE = {"liver": 0.06, "blood_pool": 0.15, "spleen": 0.08}


@pytest.fixture(scope="module")
def found(scan: PhantomScan) -> Anatomy:
    return survey(scan.suv, scan.ct)


def true_suv(scan: PhantomScan, name: str) -> float:
    return next(scan.organ_suv[label] for label, known in scan.organ_names.items() if known == name)


def of_heights(volume: Volume, low_mm: float, high_mm: float) -> Volume:
    """The part of a volume whose slices lie between two heights."""
    heights = volume.grid.to_lps_mm([[k, 0, 0] for k in range(volume.grid.shape_kji[0])])[:, 2]
    inside = np.flatnonzero((heights >= low_mm) & (heights <= high_mm))
    whole = (slice(0, n) for n in volume.grid.shape_kji[1:])
    return volume.cropped((slice(int(inside[0]), int(inside[-1]) + 1), *whole))


@pytest.mark.parametrize("name", sorted(TRUE_NAME))
def test_a_reference_lies_in_its_organ_and_has_its_uptake(scan: PhantomScan, found: Anatomy, name: str) -> None:
    region = found.references[name]
    organ = scan.organ(TRUE_NAME[name])
    assert (region.mask & organ.mask_in(region.box)).sum() >= 0.95 * region.voxels
    assert region.values_of(scan.suv).mean() == pytest.approx(true_suv(scan, TRUE_NAME[name]), rel=TOLERANCE[name])


def test_the_liver_sphere_is_three_centimetres_in_the_right_lobe(found: Anatomy) -> None:
    liver = found.references["liver"]
    assert 14.0 <= liver.volume_ml < 15.5
    assert liver.centroid_lps_mm[0] < -30


def test_the_blood_pool_is_a_cylinder_of_1_by_2_cm(found: Anatomy) -> None:
    points = found.references["blood_pool"].centres_lps_mm()
    assert np.ptp(points[:, 2]) <= 20.0
    assert np.hypot(*(points - points.mean(axis=0))[:, :2].T).max() < 7.5
    assert 1.0 < found.references["blood_pool"].volume_ml < 2.2


def test_marrow_lies_in_lumbar_vertebrae(scan: PhantomScan, found: Anatomy) -> None:
    region = found.references["marrow"]
    spine = [scan.organ(name).mask_in(region.box) for name in ("marrow", "vertebral_cortex", "disc")]
    assert (np.any(spine, axis=0) & region.mask).sum() > 0.95 * region.voxels
    assert region.centroid_lps_mm[2] < found.landmarks_mm["liver_dome"]


def test_landmarks_stand_where_the_phantom_has_them(scan: PhantomScan, found: Anatomy) -> None:
    lungs = np.concatenate([scan.organ(f"lung_{side}").centres_lps_mm() for side in ("left", "right")])
    at = found.landmarks_mm
    assert at["lung_apex"] == pytest.approx(lungs[:, 2].max(), abs=20)
    assert at["lung_base"] == pytest.approx(lungs[:, 2].min(), abs=35)  # the recess's thin tip goes with the airways
    assert at["liver_dome"] == pytest.approx(scan.organ("liver").centres_lps_mm()[:, 2].max(), abs=15)
    assert at["iliac_crest"] == pytest.approx(scan.organ("ilium_cortex").centres_lps_mm()[:, 2].max(), abs=20)
    assert at["pelvis_floor"] == pytest.approx(scan.organ("ischium_pubis").centres_lps_mm()[:, 2].min(), abs=20)
    assert at["skull_base"] == pytest.approx(scan.organ("brain").centres_lps_mm()[:, 2].min(), abs=20)


def test_feet_first_and_turned_storage_give_the_same(scan: PhantomScan, found: Anatomy) -> None:
    grid = scan.suv.grid
    turn = grid.affine_lps.copy()
    turn[:3, 3] = grid.to_lps_mm([grid.shape_kji[0] - 1, grid.shape_kji[1] - 1, 0])
    turn[:3, :2] *= -1
    turned = Volume(Grid(grid.shape_kji, turn, grid.frame_uid), scan.suv.values[::-1, ::-1], scan.suv.quantity)
    again = survey(turned, scan.ct)
    assert again.absent == found.absent
    for name, region in found.references.items():
        assert np.allclose(again.references[name].centroid_lps_mm, region.centroid_lps_mm, atol=0.1)


def test_a_lesion_keeps_the_references_ten_millimetres_away(scan: PhantomScan, found: Anatomy) -> None:
    lesion = sphere_region(scan.suv.grid, found.references["liver"].centroid_lps_mm, 12.0)
    again = survey(scan.suv, scan.ct, exclude=(lesion,))
    apart = np.linalg.norm(again.references["liver"].centres_lps_mm()[:, None] - lesion.centres_lps_mm()[None], axis=-1)
    assert apart.min() > 10.0


def test_where_the_whole_liver_is_diseased_there_is_no_reference(scan: PhantomScan) -> None:
    again = survey(scan.suv, scan.ct, exclude=(scan.organ("liver"),))
    assert again.absent["liver"] == "LIVER_TOO_SMALL_OR_DISEASED"


def test_a_liver_without_uptake_is_not_found(scan: PhantomScan) -> None:
    cold = scan.suv.values.copy()
    liver = scan.organ("liver")
    cold[liver.box][liver.mask] *= 0.3
    for ct in (scan.ct, None):
        assert survey(Volume(scan.suv.grid, cold, Quantity.SUV_BW), ct).absent["liver"] == "LIVER_NOT_FOUND"


@pytest.mark.parametrize("with_ct", [True, False])
@pytest.mark.parametrize(("low_mm", "high_mm"), [(-1100, -750), (-400, -150), (-900, -560)])
def test_outside_the_liver_no_sphere_is_placed(scan: PhantomScan, low_mm: float, high_mm: float, with_ct: bool) -> None:
    ct = of_heights(scan.ct, low_mm, high_mm) if with_ct and scan.ct is not None else None
    again = survey(of_heights(scan.suv, low_mm, high_mm), ct)
    assert again.absent["liver"] == "LIVER_NOT_FOUND"
    assert set(again.references) | set(again.absent) == {"liver", "blood_pool", "spleen", "marrow"}


@pytest.mark.parametrize("arms", ["up", "down"])
def test_without_ct_only_the_liver_is_placed(arms: str) -> None:
    scan = random_phantom(9, vendor="ge", arms=arms)
    alone = survey(scan.suv, None)
    assert alone.absent == {"blood_pool": "NO_CT", "spleen": "NO_CT", "marrow": "NO_CT"}
    assert alone.references["liver"].values_of(scan.suv).mean() == pytest.approx(true_suv(scan, "liver"), rel=0.06)


def test_nothing_is_found_in_nothing() -> None:
    empty = Volume(
        Grid((40, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0])[[2, 1, 0, 3]], "1"), np.zeros((40, 40, 40), np.float32), Quantity.SUV_BW
    )
    assert set(survey(empty, None).absent.values()) == {"BODY_NOT_FOUND"}


def test_another_frame_is_an_error(scan: PhantomScan) -> None:
    assert scan.ct is not None
    other = Volume(Grid(scan.ct.grid.shape_kji, scan.ct.grid.affine_lps, "9.9"), scan.ct.values, Quantity.HU)
    with pytest.raises(SpaceError):
        survey(scan.suv, other)
