"""Truth: closed form (columns, wings and a pubis of bone in a block of tissue); phantom with known vertebrae and pelvis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM
from carpet.anatomy.skeleton import Spine, bones_of, pelvis_mm, spine_of, vertebral_bodies
from carpet.core.space import BoolArray

Mm = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
MARROW_HU, CORTEX_HU = 180.0, 600.0
VERTEBRAE = ("marrow", "vertebral_cortex", "disc")
BONES = ("skull", "face_bone", "vertebral_arch", "rib", "sternum", "sternum_cortex", "clavicle", "scapula", "ischium_pubis", "femur_cortex")


def column(torso_mm: Mm, *, left_mm: NDArray[np.float64] | float = 0.0, back_mm: float = 40.0, radius_mm: float = 16.0) -> BoolArray:
    left, back, up = torso_mm
    return np.asarray((left - left_mm) ** 2 + (back - back_mm) ** 2 + 0 * up <= radius_mm**2)


def centre_mm(body: Body, spine: Spine) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(left, back) of the centre line in the torso's millimetres."""
    return tuple((spine.centre_ji[:, n] - (body.mask.shape[n + 1] - 1) / 2) * STEP_MM for n in (1, 0))  # type: ignore[return-value]


def test_bone_is_what_is_dense_inside_the_body(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, back, up = torso_mm
    vertebrae = column(torso_mm)
    contrast = (np.abs(left + 60) < 10) & (np.abs(back) < 10) & (up < 0)
    table = (np.abs(left) < 150) & (back > 110) & (up < 500)
    bones = bones_of(torso((vertebrae, None, MARROW_HU), (contrast, None, 110.0), (table, None, 400.0)))
    assert bones is not None
    assert np.array_equal(bones, vertebrae)


def test_without_ct_there_is_neither_bone_nor_spine(torso: Callable[..., Body], torso_mm: Mm) -> None:
    body = torso((column(torso_mm), None, MARROW_HU), with_ct=False)
    assert bones_of(body) is None
    assert spine_of(body) is None


@pytest.mark.parametrize(("left_mm", "back_mm"), [(0.0, 40.0), (20.0, 55.0), (-25.0, 25.0)])
def test_the_centre_line_runs_through_a_column_of_bone(torso: Callable[..., Body], torso_mm: Mm, left_mm: float, back_mm: float) -> None:
    """A column of 16 mm, the radius that the method takes for a lumbar body; within one voxel."""
    body = torso((column(torso_mm, left_mm=left_mm, back_mm=back_mm), None, MARROW_HU))
    spine = spine_of(body)
    assert spine is not None
    assert spine.seen.all()
    left, back = centre_mm(body, spine)
    np.testing.assert_allclose(left, left_mm, atol=STEP_MM)
    np.testing.assert_allclose(back, back_mm, atol=STEP_MM)


def test_arches_ribs_and_a_calcified_vessel_do_not_draw_it_away(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, back, up = torso_mm
    arch = (np.abs(left) < 16) & (np.abs(back - 72) < 9) & (up > -500)
    ribs = (np.abs(np.abs(left) - 120) < 9) & (np.abs(back) < 70) & (up > -500)
    vessel = (left - 9) ** 2 + (back + 15) ** 2 <= 9**2  # 46 mm before the column's front
    body = torso((column(torso_mm), None, MARROW_HU), (arch, None, 420.0), (ribs, None, 350.0), (vessel, None, 300.0))
    spine = spine_of(body)
    assert spine is not None
    left_found, back_found = centre_mm(body, spine)
    np.testing.assert_allclose(left_found, 0.0, atol=STEP_MM)
    np.testing.assert_allclose(back_found, 40.0, atol=STEP_MM)


def test_it_follows_a_scoliosis(torso: Callable[..., Body], torso_mm: Mm) -> None:
    """20 mm to either side over 400 mm, smoothed over two nines of slices: within a voxel and a half, but for the scan's ends."""
    bend = 20.0 * np.sin(2 * np.pi * torso_mm[2] / 400.0)
    body = torso((column(torso_mm, left_mm=bend), None, MARROW_HU))
    spine = spine_of(body)
    assert spine is not None
    np.testing.assert_allclose(centre_mm(body, spine)[0][9:-9], bend.ravel()[9:-9], atol=1.5 * STEP_MM)


def test_slices_without_bone_are_not_seen(torso: Callable[..., Body], torso_mm: Mm) -> None:
    up = torso_mm[2]
    body = torso((column(torso_mm) & (np.abs(up) > 60), None, MARROW_HU))
    spine = spine_of(body)
    assert spine is not None
    assert not spine.seen[np.abs(up.ravel()) < 40].any()  # bone is smoothed along the body by three slices
    assert spine.seen[np.abs(up.ravel()) > 80].all()
    assert not vertebral_bodies(spine, body.mask.shape)[np.abs(up.ravel()) < 40].any()


def test_where_bone_is_scarce_there_is_no_spine(torso: Callable[..., Body], torso_mm: Mm) -> None:
    assert spine_of(torso()) is None
    assert spine_of(torso((column(torso_mm) & (torso_mm[2] < -140), None, MARROW_HU))) is None  # a fifth of the scan


def test_bone_far_from_the_midline_is_no_spine(torso: Callable[..., Body], torso_mm: Mm) -> None:
    assert spine_of(torso((column(torso_mm, left_mm=100.0), None, MARROW_HU))) is None


@pytest.mark.parametrize("radius_mm", [12.0, 18.0])
def test_the_tube_around_the_centre_line_has_its_radius(radius_mm: float) -> None:
    spine = Spine(np.tile([20.3, 30.8], (50, 1)), np.arange(50) >= 10)
    tube = vertebral_bodies(spine, (50, 40, 60), radius_mm=radius_mm)
    assert tube[10:].sum() * STEP_MM**2 / 40 == pytest.approx(np.pi * radius_mm**2, rel=0.1)  # a disc of some 22 or 50 voxels
    assert not tube[:10].any()
    index = np.argwhere(tube)
    assert np.hypot(index[:, 1] - 20.3, index[:, 2] - 30.8).max() * STEP_MM <= radius_mm


def pelvis(torso_mm: Mm, *, crest_mm: float = -90.0, floor_mm: float = -220.0) -> BoolArray:
    """Two wings 60–120 mm from the midline, 60 mm deep, below the crest, and a pubis across the midline down to the floor."""
    left, back, up = torso_mm
    wings = (np.abs(np.abs(left) - 90) < 30) & (np.abs(back - 20) < 30) & (up < crest_mm) & (up > floor_mm + 40)
    pubis = (np.abs(left) < 45) & (np.abs(back + 30) < 12) & (up < floor_mm + 40) & (up > floor_mm)
    return np.asarray(wings | pubis)


@pytest.mark.parametrize(("crest", "floor"), [(-90.0, -220.0), (-120.0, -200.0)])
def test_crest_and_floor_stand_where_the_pelvis_begins_and_ends(
    torso: Callable[..., Body], torso_mm: Mm, crest: float, floor: float
) -> None:
    body = torso()
    found = pelvis_mm(body, pelvis(torso_mm, crest_mm=crest, floor_mm=floor), 0.0)
    assert set(found) == {"iliac_crest", "pelvis_floor"}
    assert found["iliac_crest"] == pytest.approx(crest, abs=STEP_MM)
    assert found["pelvis_floor"] == pytest.approx(floor, abs=STEP_MM)


def test_a_pelvis_cut_by_the_scan_has_no_floor(torso: Callable[..., Body], torso_mm: Mm) -> None:
    assert set(pelvis_mm(torso(), pelvis(torso_mm, floor_mm=-300.0), 0.0)) == {"iliac_crest"}


def test_ribs_and_a_spine_are_no_pelvis(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, back, up = torso_mm
    ribs = (np.abs(np.abs(left) - 120) < 9) & (np.abs(back) < 20) & (up > -200)
    assert pelvis_mm(torso(), np.asarray(ribs | column(torso_mm)), 0.0) == {}


def test_wings_beside_the_lungs_are_no_pelvis(torso: Callable[..., Body], torso_mm: Mm) -> None:
    """The same bone not 70 mm below the lungs' base: shoulder blades, or arms."""
    assert pelvis_mm(torso(), pelvis(torso_mm), -250.0) == {}


def test_the_centre_line_lies_in_the_vertebrae_of_a_phantom(body: Body, true: Callable[..., BoolArray]) -> None:
    """Within 10 mm in chest and loin, where bodies are 13–22 mm in radius; within 15 mm in the neck: 9 mm, and the method takes 16."""
    spine, vertebrae = spine_of(body), true(*VERTEBRAE)
    assert spine is not None
    known = vertebrae.any(axis=(1, 2))
    assert spine.seen[known].mean() > 0.95
    top = np.flatnonzero(known)[-1]
    for k in np.flatnonzero(known & spine.seen):
        j, i = np.nonzero(vertebrae[k])
        away = STEP_MM * np.hypot(spine.centre_ji[k, 0] - j.mean(), spine.centre_ji[k, 1] - i.mean())
        assert away < (15.0 if (top - k) * STEP_MM < 130.0 else 10.0), k


def test_bones_of_a_phantom(body: Body, true: Callable[..., BoolArray]) -> None:
    """Bone at least two coarse voxels thick is found; of what is found, all but a hundredth lies in bone or in a voxel beside it."""
    bones = bones_of(body)
    assert bones is not None
    thick = true("marrow", "vertebral_cortex", "ilium", "ilium_cortex", "sacrum", "sacrum_cortex", "humerus")
    assert (thick & bones).sum() > 0.9 * thick.sum()
    known = thick | true(*BONES)
    assert (bones & ~ndimage.maximum_filter(known, 3)).sum() < 0.01 * bones.sum()
