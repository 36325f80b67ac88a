"""Truth: closed form (cylinders on a table, a trunk with a neck, a leaning column); phantom with a known outline."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.anatomy.body import Body, axes_of, body_of, neck_base_mm
from carpet.anatomy.coarse import STEP_MM, Coarse
from carpet.core.space import BoolArray, Grid

SHAPE = (60, 60, 100)
UP, BACK, LEFT = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
TRUNK = np.asarray(((BACK - 30) / 20.0) ** 2 + ((LEFT - 50) / 30.0) ** 2 + 0 * UP <= 1)  # 180 × 270 mm
FAT_SUV = 0.4


def coarse_of(tissue: BoolArray, *, with_ct: bool = True) -> Coarse:
    """Tissue of 0 HU and the uptake of fat in air."""
    affine = np.zeros((4, 4))
    affine[[2, 1, 0, 3], [0, 1, 2, 3]] = (STEP_MM, STEP_MM, STEP_MM, 1.0)
    grid = Grid(tissue.shape, affine, "1.2")
    suv, hu = np.where(tissue, FAT_SUV, 0.0).astype(np.float32), np.where(tissue, 0.0, -1000.0).astype(np.float32)
    return Coarse(grid, suv, hu if with_ct else None)


def found_in(tissue: BoolArray) -> BoolArray:
    body = body_of(coarse_of(tissue))
    assert body is not None
    return body.mask


@pytest.mark.parametrize("thick", [1, 2])
def test_a_table_under_the_body_is_removed(thick: int) -> None:
    table = np.asarray(np.isin(BACK, range(52, 52 + thick)) & (np.abs(LEFT - 50) < 48) & (UP >= 0))  # as wide as no trunk is
    assert np.array_equal(found_in(TRUNK | table), TRUNK)


def test_a_table_that_touches_leaves_no_more_than_one_voxel() -> None:
    table = np.asarray((BACK >= 51) & (BACK < 53) & (np.abs(LEFT - 50) < 48) & (UP >= 0))
    found = found_in(TRUNK | table)
    assert (found & TRUNK).sum() == TRUNK.sum()
    assert not found[:, 52].any()
    assert not found[:, :, :15].any()


def test_both_legs_stay_and_a_small_thing_beside_them_goes() -> None:
    left, right = (np.asarray((BACK - 30) ** 2 + (LEFT - middle) ** 2 + 0 * UP <= 15**2) for middle in (30, 70))
    bottle = np.asarray((BACK - 5) ** 2 + (LEFT - 50) ** 2 + 0 * UP <= 4**2)  # 7 % of a leg's section
    assert np.array_equal(found_in(left | right | bottle), left | right)


def test_air_inside_the_body_belongs_to_it() -> None:
    lung = np.asarray((np.abs(BACK - 30) < 12) & (np.abs(LEFT - 40) < 8) & (np.abs(UP - 30) < 20))
    assert np.array_equal(found_in(TRUNK & ~lung), TRUNK)


def test_without_ct_the_uptake_of_fat_is_the_outline() -> None:
    body = body_of(coarse_of(TRUNK, with_ct=False))
    assert body is not None
    # A mean over three voxels: at a straight edge two thirds of 0.4 stay above 0.2 inside and one third below outside.
    edge = np.asarray(((BACK - 30) / 21.0) ** 2 + ((LEFT - 50) / 31.0) ** 2 + 0 * UP <= 1) & ~(
        np.asarray(((BACK - 30) / 19.0) ** 2 + ((LEFT - 50) / 29.0) ** 2 + 0 * UP <= 1)
    )
    assert np.array_equal(body.mask & ~edge, TRUNK & ~edge)


def test_air_or_a_table_alone_is_no_body() -> None:
    assert body_of(coarse_of(np.zeros(SHAPE, dtype=bool))) is None
    assert body_of(coarse_of(np.asarray((BACK == 50) & (LEFT >= 0) & (UP >= 0)))) is None


def test_left_and_anterior_are_millimetres_from_the_axes() -> None:
    body = body_of(coarse_of(np.roll(TRUNK, (4, -6), axis=(1, 2))))
    assert body is not None
    np.testing.assert_allclose(body.midline_i, 44)
    np.testing.assert_allclose(body.middle_j, 34)
    assert body.left_mm[7, 0, 54] == pytest.approx(45.0)  # i runs to the left
    assert body.anterior_mm[7, 24, 0] == pytest.approx(45.0)  # j runs to the back
    assert body.s_mm[7, 0, 0] == pytest.approx(7 * STEP_MM)


def test_the_midline_follows_a_leaning_body_and_passes_empty_slices() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    for k in range(60):
        mask[k, 10:51, 30 + k // 6 : 71 + k // 6] = True  # 1 voxel in 6: 9.5°
    mask[28:31] = False
    midline, middle = axes_of(mask)
    inner = slice(11, -11)  # half the smoothing width: there the median has nothing to see beyond the scan's end
    np.testing.assert_allclose(midline[inner], (50 + np.arange(60) / 6)[inner], atol=1.0)
    np.testing.assert_allclose(middle, 30)


def test_arms_lifted_unevenly_do_not_move_the_midline_of_the_chest() -> None:
    mask = TRUNK.copy()
    mask[50:] |= np.asarray((BACK - 30) ** 2 + (LEFT - 95) ** 2 <= 16)  # in the last ten slices alone
    midline, _ = axes_of(mask)
    np.testing.assert_allclose(midline[:48], 50)


def torso_with_neck(shoulder: int, neck_wide: int) -> Body:
    """A chest of 61 columns up to slice `shoulder`, above it a neck with an arm on each side."""
    mask = np.zeros((80, 60, 120), dtype=bool)
    mask[:shoulder, 10:51, 30:91] = True
    half = neck_wide // 2
    mask[shoulder:, 20:41, 60 - half : 61 + half] = True
    mask[shoulder:, 20:41, 10:22] = True
    mask[shoulder:, 20:41, 99:111] = True
    return Body(coarse_of(mask), mask, *axes_of(mask))


def test_the_neck_begins_where_the_part_at_the_midline_narrows() -> None:
    assert neck_base_mm(torso_with_neck(50, 25), 10 * STEP_MM) == pytest.approx(50 * STEP_MM)


@pytest.mark.parametrize(
    ("shoulder", "wide", "why"), [(80, 25, "the scan ends at the shoulders"), (50, 45, "three quarters of the chest's width are no neck")]
)
def test_no_neck(shoulder: int, wide: int, why: str) -> None:
    assert neck_base_mm(torso_with_neck(shoulder, wide), 10 * STEP_MM) is None, why


def test_a_waist_close_above_the_dome_is_no_neck() -> None:
    """The dome stands two slices under the shoulders' end: nearer than any neck."""
    body = torso_with_neck(50, 25)
    found = neck_base_mm(body, 48 * STEP_MM)
    assert found is not None
    assert found >= 48 * STEP_MM + 90.0


def test_the_outline_of_a_phantom(
    body: Body, body_without_ct: Body, true: Callable[..., BoolArray], alike: Callable[[BoolArray, BoolArray], float]
) -> None:
    """0.97: the skin's voxels, a shell of 4.5 mm, are a tenth of the body; less than a third of them may fall on the wrong side."""
    assert alike(body.mask, true()) > 0.97
    assert alike(body_without_ct.mask, true()) > 0.97


def test_the_midline_of_a_phantom_is_its_axis(body: Body) -> None:
    at = body.coarse.grid.to_lps_mm(np.stack([np.arange(len(body.midline_i)), body.middle_j, body.midline_i], axis=-1))
    trunk: NDArray[np.bool_] = (at[:, 2] > -900) & (at[:, 2] < -350)  # between hips and shoulders the phantom is symmetric about L = 0
    np.testing.assert_allclose(at[trunk, 0], 0.0, atol=STEP_MM)
