"""Truth: closed form (means and spreads of known fields; ellipsoids of even uptake under boxes of air); phantom with known organs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from carpet.anatomy.body import Body
from carpet.anatomy.coarse import STEP_MM
from carpet.anatomy.organs import Organs
from carpet.anatomy.uptake_organs import even_uptake, liver_of, spleen_of, with_holes
from carpet.core.space import BoolArray

Mm = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
Lungs = tuple[BoolArray, BoolArray]
Alike = Callable[[BoolArray, BoolArray], float]
Paint = tuple[BoolArray, float | None, float | None]
LIVER_AT, LIVER_SEMI = (-85.0, 0.0, -60.0), (55.0, 80.0, 80.0)  # 1.5 L, its dome 20 mm above the lungs' floor
SPLEEN_AT, SPLEEN_SEMI = (100.0, 45.0, -30.0), (28.0, 40.0, 50.0)  # 235 mL


def ellipsoid(torso_mm: Mm, centre_mm: tuple[float, float, float], semi_mm: tuple[float, float, float]) -> BoolArray:
    scaled = ((axis - middle) / half for axis, middle, half in zip(torso_mm, centre_mm, semi_mm, strict=True))
    return np.asarray(sum(part**2 for part in scaled) <= 1)


@pytest.fixture
def abdomen(torso: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs) -> Callable[..., Body]:
    """Lungs, a liver and a spleen of the given uptakes, and what is painted over them."""

    def painted(*more: Paint, liver: float = 2.2, spleen: float = 2.0, with_ct: bool = True) -> Body:
        lungs: list[Paint] = [(lung, 0.4, -800.0) for lung in lungs_mm]
        liver_mask, spleen_mask = ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI), ellipsoid(torso_mm, SPLEEN_AT, SPLEEN_SEMI)
        return torso(*lungs, (liver_mask, liver, 55.0), (spleen_mask, spleen, 50.0), *more, with_ct=with_ct)

    return painted


def centre_of(mask: BoolArray) -> NDArray[np.float64]:
    """(left, back, up) in the torso's millimetres."""
    return np.asarray((np.argwhere(mask).mean(axis=0) - (np.array(mask.shape) - 1) / 2)[::-1] * STEP_MM)


# Evenness


def test_an_even_field_is_even_and_keeps_its_value(torso: Callable[..., Body], torso_mm: Mm) -> None:
    even = even_uptake(torso((torso_mm[2] < np.inf, 3.0, None)))
    np.testing.assert_allclose(even.smooth, 3.0, rtol=1e-5)
    np.testing.assert_allclose(even.wide, 3.0, rtol=1e-5)
    np.testing.assert_allclose(even.cv, 0.0, atol=2e-3)  # the difference of two squares in float32


def test_the_coefficient_of_variation_of_stripes(torso: Callable[..., Body]) -> None:
    """Slices of 1 and 3 in turn: over seven slices the mean is 2 ± 1/7, the variance 1 − (1/7)²."""
    body = torso()
    stripes = np.broadcast_to(np.where(np.arange(body.mask.shape[0]) % 2, 3.0, 1.0)[:, None, None], body.mask.shape)
    even = even_uptake(torso((stripes > 2, 3.0, None), (stripes < 2, 1.0, None)))
    inner = (slice(10, -10), slice(15, -15), slice(15, -15))
    np.testing.assert_allclose(np.abs(even.wide[inner] - 2), 1 / 7, rtol=1e-4)
    np.testing.assert_allclose(even.cv[inner] * even.wide[inner], np.sqrt(1 - 1 / 49), rtol=1e-4)


def test_soft_tissue_is_neither_fat_nor_lung_nor_bone(torso: Callable[..., Body], torso_mm: Mm) -> None:
    left, back, up = torso_mm
    blocks = [(np.abs(left - at) < 25) & (np.abs(back) < 40) & (np.abs(up) < 40) for at in (-100, -50, 0, 50, 100)]
    body = torso(*((block, None, hu) for block, hu in zip(blocks, (-100.0, -800.0, 400.0, 0.0, 150.0), strict=True)))
    soft = even_uptake(body).soft
    middle = [bool(soft[block & (np.abs(left - at) < 15) & (np.abs(back) < 30) & (np.abs(up) < 30)].all())
              for block, at in zip(blocks, (-100, -50, 0, 50, 100), strict=True)]  # fmt: skip
    assert middle == [False, False, False, True, True]
    assert not soft[~body.mask].any()
    assert np.array_equal(even_uptake(torso(with_ct=False)).soft, body.mask)


# Liver


def test_an_even_ellipsoid_under_the_right_lung_is_the_liver(
    abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs, alike: Alike
) -> None:
    """0.9: the rim of one voxel, a twelfth of the smallest half axis, may be taken or not."""
    body = abdomen()
    known = ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI)
    liver = liver_of(body, even_uptake(body), lungs_mm[0])
    assert liver is not None
    assert alike(liver, known) > 0.9
    np.testing.assert_allclose(centre_of(liver), LIVER_AT, atol=STEP_MM)


@pytest.mark.parametrize("uptake", [0.7, 6.0])
def test_without_the_uptake_of_a_liver_there_is_none(abdomen: Callable[..., Body], lungs_mm: Lungs, uptake: float) -> None:
    body = abdomen(liver=uptake)
    assert liver_of(body, even_uptake(body), lungs_mm[0]) is None


def test_a_spotted_liver_is_not_told(abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs) -> None:
    """Cubes of 27 mm, hot and cold in turn as on a chessboard: nowhere 31 mm of even uptake."""
    left, back, up = (np.floor(axis / 27.0).astype(int) for axis in torso_mm)
    hot = ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI) & ((left + back + up) % 2 == 0)
    body = abdomen((hot, 9.0, None))
    assert liver_of(body, even_uptake(body), lungs_mm[0]) is None


def test_a_lesion_inside_the_liver_belongs_to_the_organ(abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs) -> None:
    lesion = ellipsoid(torso_mm, (-85.0, 0.0, -60.0), (18.0, 18.0, 18.0))
    body = abdomen((lesion, 10.0, None))
    liver = liver_of(body, even_uptake(body), lungs_mm[0])
    assert liver is not None
    assert (liver & lesion).sum() == lesion.sum()


def test_on_the_left_or_far_from_the_lung_it_is_no_liver(torso: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs) -> None:
    lungs: list[Paint] = [(lung, 0.4, -800.0) for lung in lungs_mm]
    for centre in ((85.0, 0.0, -60.0), (-85.0, 0.0, -150.0)):
        body = torso(*lungs, (ellipsoid(torso_mm, centre, LIVER_SEMI), 2.2, 55.0))
        assert liver_of(body, even_uptake(body), lungs_mm[0]) is None


def test_the_heart_on_the_liver_is_not_liver(abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs) -> None:
    """Heart of the liver's uptake, joined to it, in the middle: the label ends at the right dome's height."""
    left_lobe = ellipsoid(torso_mm, (0.0, -20.0, -40.0), (50.0, 40.0, 30.0))
    heart = ellipsoid(torso_mm, (15.0, -20.0, 30.0), (40.0, 40.0, 50.0))
    body = abdomen((left_lobe | heart, 2.2, 50.0))
    liver = liver_of(body, even_uptake(body), lungs_mm[0])
    assert liver is not None
    dome_mm = LIVER_AT[2] + LIVER_SEMI[2]
    assert (liver & left_lobe).sum() > 0.9 * left_lobe.sum()
    assert np.flatnonzero(liver.any(axis=(1, 2)))[-1] * STEP_MM + torso_mm[2].min() < dome_mm + 2 * STEP_MM


def test_with_ct_but_without_lungs_no_liver_is_sought(abdomen: Callable[..., Body]) -> None:
    body = abdomen()
    assert liver_of(body, even_uptake(body), None) is None


def test_without_ct_the_liver_is_long_at_the_wall_and_cold_above(abdomen: Callable[..., Body], torso_mm: Mm, alike: Alike) -> None:
    body = abdomen(with_ct=False)
    known = ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI)
    liver = liver_of(body, even_uptake(body), None)
    assert liver is not None
    assert alike(liver, known) > 0.85


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"at": (-85.0, 0.0, 150.0)}, "less than 45 mm under the scan's end: nothing shows what is above"),
        ({"semi": (55.0, 80.0, 45.0)}, "90 mm long"),
        ({"at": (-25.0, 0.0, -60.0)}, "far from the right wall"),
    ],
)
def test_without_ct_what_is_no_liver(torso: Callable[..., Body], torso_mm: Mm, changes: dict[str, object], why: str) -> None:
    at, semi = changes.get("at", LIVER_AT), changes.get("semi", LIVER_SEMI)
    mass = ellipsoid(torso_mm, at, semi)  # type: ignore[arg-type]
    body = torso((mass, 2.2, None), with_ct=False)
    assert liver_of(body, even_uptake(body), None) is None, why


# Spleen


def test_an_even_ellipsoid_at_the_back_under_the_left_lung_is_the_spleen(
    abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs, alike: Alike
) -> None:
    """0.8: its smallest half axis is six voxels, one of which may be taken or not."""
    body = abdomen()
    liver = ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI)
    spleen = spleen_of(body, even_uptake(body), lungs_mm[1], liver)
    assert spleen is not None
    assert alike(spleen, ellipsoid(torso_mm, SPLEEN_AT, SPLEEN_SEMI)) > 0.8
    np.testing.assert_allclose(centre_of(spleen), SPLEEN_AT, atol=2 * STEP_MM)
    assert not (spleen & liver).any()


@pytest.mark.parametrize("uptake", [1.3, 2.0, 6.0])
def test_a_spleen_is_found_cool_and_hot(abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs, uptake: float) -> None:
    body = abdomen(spleen=uptake)
    spleen = spleen_of(body, even_uptake(body), lungs_mm[1], ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI))
    known = ellipsoid(torso_mm, SPLEEN_AT, SPLEEN_SEMI)
    assert spleen is not None
    assert (spleen & known).sum() > 0.85 * known.sum()  # the tip inside the lung is averaged with air
    assert not (spleen & ~ndimage.maximum_filter(known, 5)).any()  # smoothing and the rim: a voxel each


def test_after_splenectomy_and_without_ct_there_is_no_spleen(abdomen: Callable[..., Body], torso_mm: Mm, lungs_mm: Lungs) -> None:
    liver = ellipsoid(torso_mm, LIVER_AT, LIVER_SEMI)
    removed = abdomen(spleen=0.6)  # muscle's uptake, a quarter of the liver's
    assert spleen_of(removed, even_uptake(removed), lungs_mm[1], liver) is None
    alone = abdomen(with_ct=False)
    assert spleen_of(alone, even_uptake(alone), None, liver) is None


# Rims and holes


def test_an_organ_gets_its_rim_and_its_holes_but_not_its_neighbour() -> None:
    organ, zone = np.zeros((20, 20, 20), dtype=bool), np.ones((20, 20, 20), dtype=bool)
    organ[5:15, 5:15, 5:15] = True
    organ[8:12, 8:12, 8:12] = False
    zone[:, :, 15:] = False
    expected = np.zeros_like(organ)
    expected[4:16, 4:16, 4:15] = True
    assert np.array_equal(with_holes(organ, zone), expected)


# Phantoms


def test_liver_and_spleen_of_a_phantom(organs: Organs, true: Callable[..., BoolArray], alike: Alike) -> None:
    """Liver 0.8: the heart's foot, the stomach's wall and the kidney have its uptake and touch it.

    Spleen: 0.85 of what is found lies in it; a tongue over the stomach is lost.
    """
    assert alike(organs.masks["liver"], true("liver")) > 0.8
    assert (organs.masks["spleen"] & true("spleen")).sum() > 0.85 * organs.masks["spleen"].sum()


def test_the_liver_of_a_phantom_without_ct(body_without_ct: Body, true: Callable[..., BoolArray], alike: Alike) -> None:
    liver = liver_of(body_without_ct, even_uptake(body_without_ct), None)
    assert liver is not None
    assert alike(liver, true("liver")) > 0.8
