"""Truth: closed form (a cylinder of blood beside a column of bone and a box of air); phantom with a known aorta."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.anatomy.aorta import aorta_path
from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM
from carpet.anatomy.organs import Organs
from carpet.anatomy.skeleton import Spine
from carpet.core.space import BoolArray

Mm = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
FAT_HU, BLOOD_HU, LUNG_HU = -100.0, 42.0, -800.0
SPINE_BACK_MM = 45.0


@pytest.fixture
def spine(torso: Callable[..., Body]) -> Spine:
    """A straight line in the middle, 45 mm behind half the depth, seen everywhere."""
    n_k, n_j, n_i = torso().mask.shape
    return Spine(np.tile([(n_j - 1) / 2 + SPINE_BACK_MM / STEP_MM, (n_i - 1) / 2], (n_k, 1)), np.ones(n_k, dtype=bool))


def vessel(torso_mm: Mm, *, left_mm: float = 24.0, before_mm: float = 14.0, radius_mm: float = 12.0) -> BoolArray:
    """A cylinder along S, placed from the spine's centre."""
    left, back, up = torso_mm
    return np.asarray((left - left_mm) ** 2 + (back - SPINE_BACK_MM + before_mm) ** 2 + 0 * up <= radius_mm**2)


def chest(torso: Callable[..., Body], torso_mm: Mm, lungs: tuple[BoolArray, BoolArray], *vessels: BoolArray) -> Body:
    """Mediastinal fat between two lungs, a column of bone, and these vessels."""
    left, back, up = torso_mm
    fat = (np.abs(left) < 140) & (np.abs(back) < 90) & (up < np.inf)
    bone = left**2 + (back - SPINE_BACK_MM) ** 2 <= 16**2
    blood = ((each & fat, 1.6, BLOOD_HU) for each in vessels)
    return torso((fat, None, FAT_HU), (lungs[0], 0.4, LUNG_HU), (lungs[1], 0.4, LUNG_HU), (bone, None, 180.0), *blood)


def in_mm(body: Body, path_kji: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(left, before the spine, up) of a path in the torso's millimetres."""
    k, j, i = ((path_kji[:, n] - (body.mask.shape[n] - 1) / 2) * STEP_MM for n in range(3))
    return i, SPINE_BACK_MM - j, k


@pytest.mark.parametrize(("left_mm", "before_mm"), [(24.0, 14.0), (30.0, 0.0), (22.0, 25.0)])
def test_a_cylinder_of_blood_beside_the_spine_is_the_aorta(
    torso: Callable[..., Body],
    torso_mm: Mm,
    lungs_mm: tuple[BoolArray, BoolArray],
    spine: Spine,
    left_mm: float,
    before_mm: float,
) -> None:
    body = chest(torso, torso_mm, lungs_mm, vessel(torso_mm, left_mm=left_mm, before_mm=before_mm))
    path = aorta_path(body, spine, lungs_mm[1])
    assert path is not None
    left, before, up = in_mm(body, path)
    np.testing.assert_allclose(left, left_mm, atol=STEP_MM)
    np.testing.assert_allclose(before, before_mm, atol=STEP_MM)
    assert (np.diff(path[:, 0]) == 1).all()
    # The descending part: from 15 % to 65 % of the lung's 225 mm.
    assert (up.min(), up.max()) == (pytest.approx(34, abs=2 * STEP_MM), pytest.approx(146, abs=2 * STEP_MM))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"radius_mm": 5.0}, "a vein: narrower than 14 mm"),
        ({"left_mm": -24.0}, "right of the spine: azygos or oesophagus"),
        ({"before_mm": 70.0}, "far before the spine: the heart"),
    ],
)
def test_what_is_not_the_aorta(
    torso: Callable[..., Body],
    torso_mm: Mm,
    lungs_mm: tuple[BoolArray, BoolArray],
    spine: Spine,
    changes: dict[str, float],
    why: str,
) -> None:
    body = chest(torso, torso_mm, lungs_mm, vessel(torso_mm, **changes))
    path = aorta_path(body, spine, lungs_mm[1])
    assert path is None, why


def test_away_from_the_left_lung_it_is_not_told(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray], spine: Spine
) -> None:
    far = lungs_mm[1] & (torso_mm[0] > 70)
    body = chest(torso, torso_mm, (lungs_mm[0], far), vessel(torso_mm))
    assert aorta_path(body, spine, far) is None


@pytest.mark.parametrize(("length_mm", "found"), [(60.0, True), (32.0, False)])
def test_a_short_stretch_is_not_enough(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray], spine: Spine, length_mm: float, found: bool
) -> None:
    short = vessel(torso_mm) & (np.abs(torso_mm[2] - 90) < length_mm / 2)
    path = aorta_path(chest(torso, torso_mm, lungs_mm, short), spine, lungs_mm[1])
    assert (path is not None) is found
    assert path is None or len(path) * STEP_MM == pytest.approx(length_mm, abs=2 * STEP_MM)


def test_where_the_centre_jumps_the_longer_stretch_is_taken(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray], spine: Spine
) -> None:
    up = torso_mm[2]
    low, high = vessel(torso_mm, before_mm=0.0, left_mm=30.0) & (up < 70), vessel(torso_mm, before_mm=25.0) & (up >= 70)
    body = chest(torso, torso_mm, lungs_mm, low, high)
    path = aorta_path(body, spine, lungs_mm[1])
    assert path is not None
    _, before, heights = in_mm(body, path)
    assert heights.min() >= 70  # 76 mm of the searched part lie above the jump, 36 mm below
    np.testing.assert_allclose(before, 25.0, atol=STEP_MM)


def test_only_beside_vertebrae_that_were_seen(
    torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray], spine: Spine
) -> None:
    hidden = Spine(spine.centre_ji, spine.seen & (torso_mm[2].ravel() < 90))
    body = chest(torso, torso_mm, lungs_mm, vessel(torso_mm))
    path = aorta_path(body, hidden, lungs_mm[1])
    assert path is not None
    assert in_mm(body, path)[2].max() < 90


def test_without_ct_it_is_not_sought(torso: Callable[..., Body], torso_mm: Mm, lungs_mm: tuple[BoolArray, BoolArray], spine: Spine) -> None:
    assert aorta_path(torso((vessel(torso_mm), 1.6, None), with_ct=False), spine, lungs_mm[1]) is None


def test_the_path_lies_in_the_aorta_of_a_phantom(body: Body, organs: Organs, true: Callable[..., BoolArray]) -> None:
    """Within 9 mm of its centre: the vessel is 13.5 mm in radius, so a reference of 5 mm around the path stays inside."""
    assert organs.spine is not None
    path = aorta_path(body, organs.spine, true("lung_left"))
    assert path is not None
    assert len(path) * STEP_MM > 80.0
    aorta = true("aorta")
    for k, j, i in path:
        rows, columns = np.nonzero(aorta[int(k)])
        near = np.hypot(rows - j, columns - i) * STEP_MM < 25.0  # the ascending part stands in the same slices
        assert near.any()
        assert np.hypot(rows[near].mean() - j, columns[near].mean() - i) * STEP_MM < 9.0
