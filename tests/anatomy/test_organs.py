"""Truth: phantom with known organs, whole and cut; closed form for the labels; laws (disjoint, inside the body, absent without CT)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from carpet.anatomy.body import Body, body_of
from carpet.anatomy.coarse import coarse_copy
from carpet.anatomy.organs import ORGAN_NAMES, Organs, organs_of
from carpet.core.space import BoolArray, Volume
from carpet.testing.phantom import PhantomScan

LANDMARKS = {"lung_base", "lung_apex", "iliac_crest", "pelvis_floor", "liver_dome", "skull_base"}
# What must lie in the true organ at least, of the mask found: each organ's own test says why it is not more.
PRECISION = {
    "lung_right": ("lung_right",),
    "lung_left": ("lung_left",),
    "liver": ("liver",),
    "spleen": ("spleen",),
    "brain": ("brain",),
    "aorta": ("aorta",),
    "kidney_left": ("kidney", "renal_pelvis"),
}


def of_heights(volume: Volume, low_mm: float, high_mm: float) -> Volume:
    """The part of a volume whose slices lie between two heights."""
    heights = volume.grid.to_lps_mm([[k, 0, 0] for k in range(volume.grid.shape_kji[0])])[:, 2]
    inside = np.flatnonzero((heights >= low_mm) & (heights <= high_mm))
    whole = (slice(0, n) for n in volume.grid.shape_kji[1:])
    return volume.cropped((slice(int(inside[0]), int(inside[-1]) + 1), *whole))


def cut(scan: PhantomScan, low_mm: float, high_mm: float) -> Organs:
    assert scan.ct is not None
    body = body_of(coarse_copy(of_heights(scan.suv, low_mm, high_mm), of_heights(scan.ct, low_mm, high_mm)))
    assert body is not None
    return organs_of(body)


@pytest.mark.parametrize("name", sorted(PRECISION))
def test_an_organ_of_a_phantom_lies_where_it_is(organs: Organs, true: Callable[..., BoolArray], name: str) -> None:
    found = organs.masks[name]
    assert (found & true(*PRECISION[name])).sum() > 0.72 * found.sum()


def test_every_organ_is_found_on_a_whole_scan_with_ct(organs: Organs) -> None:
    """All but a kidney, which is told only where it is warmer than the liver."""
    assert set(ORGAN_NAMES.values()) - set(organs.masks) <= {"kidney_right"}
    assert set(organs.heights_mm) >= LANDMARKS
    assert organs.spine is not None
    assert organs.aorta_kji is not None


def test_masks_lie_in_the_body_and_organs_keep_apart(organs: Organs) -> None:
    body = organs.body.mask
    for name in ("bone", "spine", "bowel_gas", "liver", "spleen", "bladder", "aorta"):
        assert not (organs.masks[name] & ~body).any(), name
    masks = organs.masks
    for one, other in (("liver", "spleen"), ("liver", "heart"), ("kidney_left", "spleen"), ("kidney_left", "bone"), ("bowel_gas", "liver")):
        assert not (masks[one] & masks[other]).any(), (one, other)
    assert not (masks["lung_left"] & masks["lung_right"]).any()


def test_landmarks_stand_in_the_order_of_the_body(organs: Organs) -> None:
    at = organs.heights_mm
    assert at["pelvis_floor"] < at["iliac_crest"] < at["lung_base"] < at["liver_dome"] < at["lung_apex"] < at["skull_base"]


def test_gas_in_the_bowel_is_known_and_lungs_are_not_bowel(patient: PhantomScan, organs: Organs, true: Callable[..., BoolArray]) -> None:
    """Gas that fills two coarse voxels or more: 0.9 of it lies in the label, which also holds the loop's wall."""
    hu = organs.body.coarse.hu
    assert hu is not None
    air = ndimage.binary_opening((hu < -500) & organs.body.mask, np.ones((2, 2, 2)))
    gas = air & (organs.body.s_mm < organs.heights_mm["liver_dome"] - 150) & (organs.body.anterior_mm > 0)  # far below both lungs
    assert gas.any()
    assert (gas & organs.masks["bowel_gas"]).sum() > 0.9 * gas.sum()
    assert not (organs.masks["bowel_gas"] & ndimage.binary_erosion(true("lung_left", "lung_right"), iterations=4)).any()


def test_without_ct_nothing_is_said_that_only_ct_tells(body_without_ct: Body) -> None:
    found = organs_of(body_without_ct)
    assert not {"lung_right", "lung_left", "bone", "spine", "bowel_gas", "aorta", "spleen"} & set(found.masks)
    assert {"body", "liver", "brain", "bladder"} <= set(found.masks)
    assert (found.spine, found.aorta_kji) == (None, None)
    assert not {"lung_base", "lung_apex", "iliac_crest", "pelvis_floor"} & set(found.heights_mm)


def test_an_organ_outside_the_scan_is_absent_and_so_is_its_landmark(scan: PhantomScan) -> None:
    """From the middle of the chest down to the thighs; the vertex is S 0, the lungs' apex about −280, the hip joints about −800."""
    trunk = cut(scan, -1000.0, -380.0)
    assert not {"brain"} & set(trunk.masks)
    assert set(trunk.heights_mm) == {"lung_base", "liver_dome", "iliac_crest", "pelvis_floor"}
    assert {"liver", "spleen", "bladder", "lung_left"} <= set(trunk.masks)


def test_a_scan_of_the_legs_has_bones_and_no_organ(scan: PhantomScan) -> None:
    legs = cut(scan, -1010.0, -880.0)
    assert set(legs.masks) <= {"body", "bone"}
    assert legs.heights_mm == {}


def test_muscle_alone_has_no_organ(torso: Callable[..., Body]) -> None:
    found = organs_of(torso())
    assert [name for name, mask in found.masks.items() if mask.any()] == ["body"]
    assert found.heights_mm == {}


def test_a_later_label_takes_voxels_from_an_earlier_one(torso: Callable[..., Body]) -> None:
    body = torso()
    masks = {name: np.zeros_like(body.mask) for name in ("liver", "spine", "body", "bone")}
    for width, name in ((12, "body"), (8, "bone"), (4, "spine")):
        masks[name][20:30, 20:30, 20 : 20 + width] = True
    masks["liver"][40, 40, 40] = True
    labels = Organs(body, masks, None, None, {}).labels()
    volume = {ORGAN_NAMES[value]: region.voxels for value, region in labels.regions.items()}
    assert volume == {"body": 400, "bone": 400, "spine": 400, "liver": 1}
    assert labels.grid is body.coarse.grid
    assert len(set(ORGAN_NAMES.values())) == len(ORGAN_NAMES)


def test_labels_hold_all_and_only_the_masks(organs: Organs) -> None:
    values = organs.labels().to_values()
    assert np.array_equal(values > 0, np.logical_or.reduce(list(organs.masks.values())))
    last = max(value for value, name in ORGAN_NAMES.items() if name in organs.masks)
    assert np.array_equal(values == last, organs.masks[ORGAN_NAMES[last]])
