"""Truth: closed form (a skull, a bladder, kidneys and a heart of known shape in a block of tissue); phantom with known organs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM
from carpet.anatomy.hot_organs import bladder_of, brain_of, heart_of, kidneys_of
from carpet.anatomy.organs import Organs
from carpet.core.space import BoolArray

Mm = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
Alike = Callable[[BoolArray, BoolArray], float]
LIVER_SUV = 2.0
WATER_HU, NODE_HU = 5.0, 45.0


def ellipsoid(torso_mm: Mm, centre_mm: tuple[float, float, float], semi_mm: tuple[float, float, float]) -> BoolArray:
    """Centre and half axes along left, back, up."""
    scaled = ((axis - middle) / half for axis, middle, half in zip(torso_mm, centre_mm, semi_mm, strict=True))
    return np.asarray(sum(part**2 for part in scaled) <= 1)


def grown(mask: BoolArray, voxels: int) -> BoolArray:
    return np.asarray(ndimage.maximum_filter(mask.view(np.uint8), 2 * voxels + 1), dtype=bool)


def encloses(found: BoolArray, known: BoolArray, voxels: int) -> bool:
    """All of the known shape is found, and nothing further from it than so many voxels: labels are wide on purpose."""
    return bool((found & known).sum() == known.sum() and not (found & ~grown(known, voxels)).any())


# Brain


def head(torso_mm: Mm) -> tuple[BoolArray, BoolArray]:
    """(bone, inside): a vault 9 mm thick around a brain of 70 × 80 × 65 mm half axes (1.5 L)."""
    at = (0.0, 0.0, 160.0)
    inside = ellipsoid(torso_mm, at, (70, 80, 65))
    return ellipsoid(torso_mm, at, (79, 89, 74)) & ~inside, inside


def test_the_brain_is_what_the_skull_encloses(torso: Callable[..., Body], torso_mm: Mm) -> None:
    """All but the thin tips that opening takes, and no more than the skull itself, two voxels thick, beyond."""
    bone, inside = head(torso_mm)
    brain = brain_of(torso((bone, None, 900.0), (inside, 8.0, 35.0)), None)
    assert brain is not None
    assert (brain & inside).sum() > 0.97 * inside.sum()
    assert not (brain & ~grown(inside, 2)).any()


@pytest.mark.parametrize("uptake", [8.0, 2.0])
def test_a_cold_brain_is_found_on_ct_alone(torso: Callable[..., Body], torso_mm: Mm, uptake: float) -> None:
    bone, inside = head(torso_mm)
    assert brain_of(torso((bone, None, 900.0), (inside, uptake, 35.0)), None) is not None


def test_hot_tissue_outside_a_skull_is_no_brain(torso: Callable[..., Body], torso_mm: Mm) -> None:
    _, inside = head(torso_mm)
    assert brain_of(torso((inside, 8.0, 35.0)), None) is None
    small = ellipsoid(torso_mm, (0, 0, 160), (20, 20, 20))
    ring = ellipsoid(torso_mm, (0, 0, 160), (29, 29, 29)) & ~small
    assert brain_of(torso((ring, None, 900.0), (small, 8.0, 35.0)), None) is None  # 34 mL: a vertebral canal, an orbit


@pytest.mark.parametrize(("dome_mm", "found"), [(-160.0, True), (-60.0, False), (None, False)])
def test_without_ct_the_brain_is_hot_and_far_above_the_liver(
    torso: Callable[..., Body], torso_mm: Mm, dome_mm: float | None, found: bool
) -> None:
    """The skull's base, at 95 mm, is searched from 300 mm above the dome."""
    inside = ellipsoid(torso_mm, (0, 0, 190), (60, 70, 45))
    brain = brain_of(torso((inside, 8.0, None), with_ct=False), dome_mm)
    assert (brain is not None) is found
    assert brain is None or encloses(brain, inside, 2)


def test_without_ct_and_without_uptake_there_is_no_brain(torso: Callable[..., Body], torso_mm: Mm) -> None:
    inside = ellipsoid(torso_mm, (0, 0, 190), (60, 70, 45))
    assert brain_of(torso((inside, 2.5, None), with_ct=False), -160.0) is None


# Heart


def spine_j(body: Body, back_mm: float = 60.0) -> NDArray[np.float64]:
    return np.full(len(body.mask), (body.mask.shape[1] - 1) / 2 + back_mm / STEP_MM)


def test_the_heart_lies_between_the_lower_lungs_before_the_spine(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray]
) -> None:
    left, back, up = torso_mm
    body = torso((lungs_mm[0], 0.4, -800.0), (lungs_mm[1], 0.4, -800.0))
    heart = heart_of(body, lungs_mm, spine_j(body), None)
    assert heart is not None
    # The block between the lungs (±40 mm, from the lungs' front to 30 mm before the spine, the lower half of 225 mm), rims aside.
    core = (np.abs(left) < 30) & (back > -60) & (back < 20) & (up > 10) & (up < 100)
    assert heart[np.broadcast_to(core, heart.shape)].all()
    reach = (np.abs(left) < 45) & (np.abs(back) < 75) & (back < 35) & (up < 120)
    assert not heart[~np.broadcast_to(reach, heart.shape)].any()


def test_fat_between_the_lungs_is_no_heart(torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray]) -> None:
    left, back, up = torso_mm
    fat = (np.abs(left) < 40) & (np.abs(back) < 95) & (up > -20)
    body = torso((lungs_mm[0], 0.4, -800.0), (lungs_mm[1], 0.4, -800.0), (fat, 0.3, -100.0))
    assert heart_of(body, lungs_mm, spine_j(body), None) is None


def test_without_ct_the_heart_is_a_block_over_the_liver(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, back, up = torso_mm
    body = torso(with_ct=False)
    heart = heart_of(body, None, None, 20.0)
    assert heart is not None
    assert heart[np.broadcast_to((np.abs(left - 30) < 20) & (np.abs(back + 30) < 20) & (np.abs(up - 50) < 40), heart.shape)].all()
    assert not heart[np.broadcast_to((up > 120) | (up < -25) | (left < -20) | (back > 20), heart.shape)].any()
    assert heart_of(body, None, None, None) is None


# Kidneys: T11 to L4, behind, beside the spine


def kidneys(torso_mm: Mm, *, side_mm: float = 62.0, back_mm: float = 45.0, up_mm: float = -60.0) -> tuple[BoolArray, BoolArray]:
    """(right, left), each of 131 mL."""
    return tuple(ellipsoid(torso_mm, (side, back_mm, up_mm), (25, 25, 50)) for side in (-side_mm, side_mm))  # type: ignore[return-value]


def found_kidneys(body: Body, *, taken: BoolArray | None = None, dome_mm: float = 100.0) -> dict[str, BoolArray]:
    return kidneys_of(body, dome_mm, LIVER_SUV, np.zeros_like(body.mask) if taken is None else taken)


@pytest.mark.parametrize("with_ct", [True, False])
def test_two_hot_ellipsoids_are_the_kidneys(torso: Callable[..., Body], torso_mm: Mm, with_ct: bool) -> None:
    """Each wholly inside its label, which smoothing and the margin widen by a voxel each."""
    right, left = kidneys(torso_mm)
    found = found_kidneys(torso((right, 8.0, 35.0), (left, 6.0, 35.0), with_ct=with_ct))
    assert set(found) == {"kidney_right", "kidney_left"}
    assert encloses(found["kidney_right"], right, 2)
    assert encloses(found["kidney_left"], left, 2)


def test_one_kidney_is_one_kidney(torso: Callable[..., Body], torso_mm: Mm) -> None:
    right, _ = kidneys(torso_mm)
    assert set(found_kidneys(torso((right, 8.0, 35.0)))) == {"kidney_right"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"back_mm": -60.0}, "in front: gut"),
        ({"up_mm": 140.0}, "over the dome"),
        ({"up_mm": -200.0}, "300 mm under the dome: pelvis"),
        ({"side_mm": 0.0}, "in the midline: bone, node, bladder"),
    ],
)
def test_where_no_kidney_lies(torso: Callable[..., Body], torso_mm: Mm, changes: dict[str, float], why: str) -> None:
    right, left = kidneys(torso_mm, **{"side_mm": 62.0, "back_mm": 45.0, "up_mm": -60.0} | changes)
    dome = 150.0 if changes.get("up_mm") == -200.0 else 100.0
    assert found_kidneys(torso((right | left, 8.0, 35.0)), dome_mm=dome) == {}, why


@pytest.mark.parametrize(
    ("semi_mm", "uptake", "why"),
    [
        ((25, 25, 50), 2.2, "no warmer than 1.25 times the liver"),
        ((11, 11, 11), 8.0, "6 mL: a node, a piece of ureter"),
        ((35, 60, 75), 8.0, "660 mL: a mass"),
    ],
)
def test_what_no_kidney_is(torso: Callable[..., Body], torso_mm: Mm, semi_mm: tuple[float, float, float], uptake: float, why: str) -> None:
    assert found_kidneys(torso((ellipsoid(torso_mm, (62, 45, -60), semi_mm), uptake, 35.0))) == {}, why


def test_hot_fat_is_no_kidney(torso: Callable[..., Body], torso_mm: Mm) -> None:
    hot, fat = ellipsoid(torso_mm, (62, 45, -60), (25, 25, 50)), ellipsoid(torso_mm, (62, 45, -60), (40, 40, 65))
    assert found_kidneys(torso((fat, 0.4, -90.0), (hot, 8.0, None))) == {}


def test_gut_beside_the_kidney_is_cooler(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, gut = ellipsoid(torso_mm, (62, 55, -40), (25, 25, 40)), ellipsoid(torso_mm, (62, 40, -140), (30, 30, 40))
    found = found_kidneys(torso((left, 8.0, 35.0), (gut, 5.0, 35.0)))
    assert encloses(found["kidney_left"], left, 2)


def test_what_another_organ_has_taken_is_no_kidney(torso: Callable[..., Body], torso_mm: Mm) -> None:
    right, left = kidneys(torso_mm)
    found = found_kidneys(torso((right, 8.0, 35.0), (left, 8.0, 35.0)), taken=grown(left, 2))
    assert set(found) == {"kidney_right"}


# Bladder: floor of the pelvis at S −220 mm


def bladder(torso_mm: Mm, *, left_mm: float = 0.0, up_mm: float = -150.0) -> BoolArray:
    return ellipsoid(torso_mm, (left_mm, -30.0, up_mm), (40, 35, 30))


@pytest.mark.parametrize("with_ct", [True, False])
def test_a_hot_ellipsoid_of_water_is_the_bladder(torso: Callable[..., Body], torso_mm: Mm, with_ct: bool) -> None:
    known = bladder(torso_mm)
    found = bladder_of(torso((known, 20.0, WATER_HU), with_ct=with_ct), dome_mm=None, floor_mm=-220.0, liver_mean=LIVER_SUV)
    assert found is not None
    assert encloses(found, known, 1)


def test_without_the_floor_the_livers_dome_tells(torso: Callable[..., Body], torso_mm: Mm) -> None:
    body = torso((bladder(torso_mm), 20.0, WATER_HU))
    assert bladder_of(body, dome_mm=220.0, floor_mm=None, liver_mean=LIVER_SUV) is not None  # 370 mm above it
    assert bladder_of(body, dome_mm=100.0, floor_mm=None, liver_mean=LIVER_SUV) is None  # 250 mm: not yet the pelvis
    assert bladder_of(body, dome_mm=None, floor_mm=None, liver_mean=LIVER_SUV) is None


@pytest.mark.parametrize(
    ("changes", "uptake", "hu", "why"),
    [
        ({"left_mm": 60.0}, 20.0, WATER_HU, "beside the midline"),
        ({"up_mm": -20.0}, 20.0, WATER_HU, "200 mm over the floor"),
        ({}, 3.5, WATER_HU, "less than twice the liver"),
        ({}, 20.0, NODE_HU, "denser than urine: a mass in the pelvis"),
    ],
)
def test_what_is_no_bladder(
    torso: Callable[..., Body], torso_mm: Mm, changes: dict[str, float], uptake: float, hu: float, why: str
) -> None:
    body = torso((bladder(torso_mm, **changes), uptake, hu))
    assert bladder_of(body, dome_mm=None, floor_mm=-220.0, liver_mean=LIVER_SUV) is None, why


def test_a_hotter_mass_beside_the_bladder_is_not_taken_for_it(torso: Callable[..., Body], torso_mm: Mm) -> None:
    known, mass = bladder(torso_mm), ellipsoid(torso_mm, (0, 50, -150), (30, 25, 30))
    found = bladder_of(torso((known, 12.0, WATER_HU), (mass, 25.0, NODE_HU)), dome_mm=None, floor_mm=-220.0, liver_mean=LIVER_SUV)
    assert found is not None
    assert encloses(found, known, 1)


# Phantoms


def test_the_brain_of_a_phantom(organs: Organs, true: Callable[..., BoolArray]) -> None:
    """The label reaches two voxels into the skull, and at its open base into the face and neck."""
    known = true("brain")
    assert (organs.masks["brain"] & known).sum() > 0.95 * known.sum()
    assert (organs.masks["brain"] & known).sum() > 0.75 * organs.masks["brain"].sum()


def test_the_bladder_of_a_phantom(organs: Organs, true: Callable[..., BoolArray]) -> None:
    """Wholly inside the label, which the point spread of a very hot bladder and the margin widen by up to three voxels."""
    assert encloses(organs.masks["bladder"], true("bladder"), 3)


def test_the_heart_of_a_phantom(organs: Organs, true: Callable[..., BoolArray], alike: Alike) -> None:
    """The room between the lungs, which holds the heart's lower two thirds, great vessels and fat: 0.6."""
    assert alike(organs.masks["heart"], true("heart", "myocardium")) > 0.6


def test_the_left_kidney_of_a_phantom(organs: Organs, true: Callable[..., BoolArray]) -> None:
    """Where the cortex is no warmer than the liver only the calyces are found; what is found lies in the kidney or one voxel beside it."""
    known = true("kidney", "renal_pelvis")
    found = organs.masks["kidney_left"]
    assert (found & known).sum() > 0.8 * found.sum()
    assert not (found & ~grown(known, 2)).any()
