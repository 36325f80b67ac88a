"""Truth: closed form: bodies carried by known transforms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.anatomy.survey import survey
from carpet.core.errors import NotMeasurable
from carpet.core.space import Grid
from carpet.lesions.alignment import Alignment, Confidence, align, carried
from carpet.lesions.surfaces import BONE, OUTLINE, Surfaces, surfaces_of
from carpet.testing import Imaging, follow_up, random_patient
from carpet.testing.moved import moved_scan, placement
from carpet.testing.patients import axial_grid
from carpet.testing.voxels import upright_grid

DRAWN = random_patient(11, lesions=5, imaging=Imaging(ct_matrix=96, ct_slice_mm=6.0))
COARSE = axial_grid(88, (6.0, 6.0, 6.0), top_mm=12.0, bottom_mm=-1080.0, uid=DRAWN.pet_grid.frame_uid)  # quick, and worse than any scanner
PATIENT = replace(DRAWN, pet_grid=COARSE)
LYING = placement(shift_mm=(38.0, -31.0, 36.0), turn_deg=(-7.0, 6.0, 8.0))
FIELD = upright_grid((400, 200, 200), (5.0, 5.0, 5.0), first_centre_lps_mm=(-500.0, -500.0, -1500.0), frame_uid="1.2.3")
SITES = np.array([lesion.centre_lps_mm for lesion in PATIENT.lesions])


@pytest.fixture(scope="module")
def baseline() -> Surfaces:
    """As surveyed with the CT; its field is made wide so that what is carried stays inside."""
    scan = moved_scan(PATIENT, placement())
    return replace(surfaces_of(scan.suv, survey(scan.suv, scan.ct)), field=FIELD)


def moved(surfaces: Surfaces, matrix: NDArray[np.float64]) -> Surfaces:
    """The same surfaces after the patient lay down otherwise."""
    normals = surfaces.normals_lps @ np.linalg.inv(matrix[:3, :3])
    centres = {name: carried(matrix, centre) for name, centre in surfaces.centres_lps_mm.items()}
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return replace(surfaces, points_lps_mm=carried(matrix, surfaces.points_lps_mm), normals_lps=normals, centres_lps_mm=centres)


def without_bone(surfaces: Surfaces) -> Surfaces:
    kept = surfaces.kinds != BONE
    return replace(surfaces, points_lps_mm=surfaces.points_lps_mm[kept], normals_lps=surfaces.normals_lps[kept], kinds=surfaces.kinds[kept])


def errors_mm(found: Alignment, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(found.to_baseline(carried(matrix, SITES)) - SITES, axis=1), dtype=np.float64)


def test_another_scan_of_the_moved_patient_is_laid_on_the_first(baseline: Surfaces) -> None:
    """Real images: other noise, other uptake, smaller lesions, displaced and turned; with CT and by PET alone."""
    scan = moved_scan(follow_up(PATIENT, 1, volume_scale=0.5), LYING)
    with_ct = align(surfaces_of(scan.suv, survey(scan.suv, scan.ct)), baseline)
    assert (with_ct.by, with_ct.confidence) == ("bone", Confidence.HIGH)
    assert errors_mm(with_ct, LYING).max() < 2.0  # a third of a PET voxel
    assert with_ct.residual_mm < 2.0
    assert with_ct.matrix_lps[:3, :3] @ with_ct.matrix_lps[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
    alone = align(surfaces_of(scan.suv, survey(scan.suv, None)), baseline)
    assert alone.by in {"uptake", "outline and uptake"}
    assert alone.confidence is Confidence.HIGH
    assert errors_mm(alone, LYING).max() < 3.0  # half a PET voxel
    assert alone.because.startswith(f"by {alone.by}: residual")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bone", [True, False])
def test_any_displacement_and_turn_is_undone(baseline: Surfaces, seed: int, bone: bool) -> None:
    rng = np.random.default_rng(seed)
    shift, turn = rng.uniform(-40, 40, 3), rng.uniform(-8, 8, 3)
    matrix = placement(shift_mm=(shift[0], shift[1], shift[2]), turn_deg=(turn[0], turn[1], turn[2]))
    fixed = baseline if bone else without_bone(baseline)
    found = align(moved(fixed, matrix), fixed)
    assert errors_mm(found, matrix).max() < 0.5
    assert (found.confidence, found.overlap) == (Confidence.HIGH, 1.0)


def test_a_narrower_body_is_widened_by_its_outline_and_never_by_its_bones(baseline: Surfaces) -> None:
    matrix = placement(shift_mm=(20.0, 5.0, -30.0), turn_deg=(3.0, 2.0, -4.0), scale=(0.93, 0.93, 1.0))
    fixed = without_bone(baseline)
    found = align(moved(fixed, matrix), fixed)
    assert errors_mm(found, matrix).max() < 1.0
    assert "girth changed by a factor of 1.00 to 1.08" in found.because
    bones = align(moved(baseline, matrix), baseline)
    assert np.linalg.svd(bones.matrix_lps[:3, :3], compute_uv=False) == pytest.approx(1.0)
    assert errors_mm(bones, matrix).max() < 14.0  # 7 % of the 200 mm from the middle to the side


def test_organs_that_were_mistaken_do_not_mislead(baseline: Surfaces) -> None:
    matrix = placement(shift_mm=(10.0, 20.0, 30.0))
    later = moved(baseline, matrix)
    centres = {name: centre + np.array([0.0, 0.0, 90.0 * (name == "liver")]) for name, centre in later.centres_lps_mm.items()}
    assert errors_mm(align(replace(later, centres_lps_mm=centres), baseline), matrix).max() < 0.5
    assert errors_mm(align(replace(later, centres_lps_mm={}), baseline), matrix).max() < 0.5


def test_a_scan_of_the_trunk_only_is_aligned(baseline: Surfaces) -> None:
    matrix = placement(shift_mm=(15.0, -10.0, 25.0), turn_deg=(2.0, -3.0, 4.0))
    trunk = upright_grid((110, 200, 200), (5.0, 5.0, 5.0), first_centre_lps_mm=(-500.0, -500.0, -800.0), frame_uid="1.2.3")
    found = align(in_field(moved(baseline, matrix), trunk), baseline)
    assert errors_mm(found, matrix).max() < 1.0
    assert 0.3 < found.overlap < 0.95


def in_field(surfaces: Surfaces, field: Grid) -> Surfaces:
    kji = field.to_kji(surfaces.points_lps_mm)
    kept = ((kji >= 0) & (kji <= np.array(field.shape_kji) - 1)).all(axis=1)
    return replace(
        surfaces,
        points_lps_mm=surfaces.points_lps_mm[kept],
        normals_lps=surfaces.normals_lps[kept],
        kinds=surfaces.kinds[kept],
        field=field,
    )


def test_what_is_no_body_is_not_aligned(baseline: Surfaces) -> None:
    rng = np.random.default_rng(3)
    normals = rng.normal(size=(4000, 3))
    cloud = Surfaces(
        rng.uniform((-150, -100, -900), (150, 100, 0), (4000, 3)),
        normals / np.linalg.norm(normals, axis=1, keepdims=True),
        np.full(4000, BONE),
        {},
        FIELD,
    )
    with pytest.raises(NotMeasurable, match="NO_ALIGNMENT"):
        align(cloud, baseline)
    with pytest.raises(NotMeasurable, match="NO_ALIGNMENT"):
        align(baseline.of((OUTLINE,), 100), baseline)


def test_fields_that_do_not_meet_are_not_aligned(baseline: Surfaces) -> None:
    legs = upright_grid((30, 200, 200), (5.0, 5.0, 5.0), first_centre_lps_mm=(-500.0, -500.0, -1500.0), frame_uid="1.2.3")
    with pytest.raises(NotMeasurable, match="NO_ALIGNMENT"):
        align(baseline, replace(baseline, field=legs))


def test_a_second_place_that_fits_as_well_is_said() -> None:
    """A rod of even beads: shifted by one bead it fits nearly as well."""
    rng = np.random.default_rng(5)
    normals = rng.normal(size=(20_000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    beads = 10.0 * normals + np.column_stack([np.zeros((20_000, 2)), 30.0 * rng.integers(0, 60, 20_000) - 1400.0])
    field = upright_grid((361, 200, 200), (5.0, 5.0, 5.0), first_centre_lps_mm=(-500.0, -500.0, -1415.0), frame_uid="1.2.3")
    rod = Surfaces(beads + rng.normal(size=beads.shape), normals, np.full(20_000, BONE), {}, field)
    found = align(rod, replace(rod, points_lps_mm=beads[::-1] + rng.normal(size=beads.shape), normals_lps=normals[::-1]))
    assert found.confidence is Confidence.LOW
    assert "another place fits nearly as well" in found.because


def test_an_alignment_is_read_only() -> None:
    found = Alignment(np.eye(4), 1.0, 1.0, 1.0, "bone", Confidence.HIGH, "given")
    with pytest.raises(ValueError, match="read-only"):
        found.matrix_lps[0, 0] = 2.0
