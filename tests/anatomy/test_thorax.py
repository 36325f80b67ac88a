"""Truth: closed form (air boxes in a block of tissue); phantom with known lungs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.anatomy.body import Body
from carpet.anatomy.thorax import lungs_of
from carpet.core.space import BoolArray

Mm = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
LUNG_HU = -800.0


def test_two_boxes_of_air_are_the_right_and_the_left_lung(torso: Callable[..., Body], lungs_mm: tuple[BoolArray, BoolArray]) -> None:
    found = lungs_of(torso((lungs_mm[0], None, LUNG_HU), (lungs_mm[1], None, LUNG_HU)))
    assert found is not None
    assert np.array_equal(found[0], lungs_mm[0])
    assert np.array_equal(found[1], lungs_mm[1])


def test_trachea_and_bronchi_are_not_lung(torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray]) -> None:
    left, back, up = torso_mm
    trachea = (np.abs(left) < 9) & (np.abs(back) < 9) & (up > 120)  # 18 mm wide
    bronchi = (np.abs(left) < 40) & (np.abs(back) < 7) & (np.abs(up - 120) < 7)  # they join both lungs
    found = lungs_of(torso((lungs_mm[0], None, LUNG_HU), (lungs_mm[1], None, LUNG_HU), (trachea | bronchi, None, -1000.0)))
    assert found is not None
    assert np.array_equal(found[0] | found[1], lungs_mm[0] | lungs_mm[1])


def test_air_beside_the_patient_and_gas_in_the_bowel_are_not_lung(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray]
) -> None:
    left, back, up = torso_mm
    gas = (np.abs(left - 60) < 30) & (np.abs(back + 50) < 30) & (np.abs(up + 120) < 30)  # 216 mL
    found = lungs_of(torso((lungs_mm[0], None, LUNG_HU), (lungs_mm[1], None, LUNG_HU), (gas, None, -1000.0)))
    assert found is not None
    assert np.array_equal(found[1], lungs_mm[1])


def test_without_ct_lungs_are_not_sought(torso: Callable[..., Body], lungs_mm: tuple[BoolArray, BoolArray]) -> None:
    assert lungs_of(torso((lungs_mm[0], 0.4, LUNG_HU), (lungs_mm[1], 0.4, LUNG_HU), with_ct=False)) is None


@pytest.mark.parametrize("side", [0, 1])
def test_one_lung_alone_is_none(torso: Callable[..., Body], lungs_mm: tuple[BoolArray, BoolArray], side: int) -> None:
    """A consolidated lung: left and right can't both be told."""
    assert lungs_of(torso((lungs_mm[side], None, LUNG_HU))) is None


@pytest.mark.parametrize(("top_mm", "seen"), [(34.0, True), (16.0, False)])
def test_a_lung_cut_to_less_than_a_quarter_litre_does_not_count(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray], top_mm: float, seen: bool
) -> None:
    """The boxes hold 12.6 mL for each mm of height: 250 mL at 20 mm."""
    low = [lung & (torso_mm[2] < top_mm) for lung in lungs_mm]
    assert (lungs_of(torso((low[0], None, LUNG_HU), (low[1], None, LUNG_HU))) is not None) is seen


def test_air_on_both_sides_at_different_heights_is_not_a_pair_of_lungs(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, back, up = torso_mm
    right = (left < -40) & (left > -130) & (np.abs(back) < 70) & (up > 60)
    low = (left > 40) & (left < 130) & (np.abs(back) < 70) & (up < 0) & (up > -150)
    assert lungs_of(torso((right, None, LUNG_HU), (low, None, LUNG_HU))) is None


def test_lungs_of_a_phantom(body: Body, true: Callable[..., BoolArray], alike: Callable[[BoolArray, BoolArray], float]) -> None:
    """0.92: voxels of 4.5 mm at the edge, a twelfth of a lung, average above the limit; the recess's thin tip goes with the airways."""
    found = lungs_of(body)
    assert found is not None
    for mask, name in zip(found, ("lung_right", "lung_left"), strict=True):
        assert alike(mask, true(name)) > 0.92
        assert (mask & true(name)).sum() > 0.97 * mask.sum()
