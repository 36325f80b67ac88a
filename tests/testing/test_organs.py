"""Truth: the ranges of FDG uptake and CT numbers the phantom promises, and the order of painting."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.testing.frame import BodyFrame, Part
from carpet.testing.organs import Uptake, body_parts, drawn_uptake, skin

FRAME = BodyFrame.of(78.0, 1.75)


def drawn_parts(arms: str = "up", with_head: bool = True, uptake: Uptake | None = None) -> tuple[Part, ...]:
    return body_parts(FRAME, uptake or Uptake(), arms=arms, with_head=with_head, rng=np.random.default_rng(1))


def test_uptake_is_drawn_from_the_ranges_of_patients() -> None:
    many = [drawn_uptake(np.random.default_rng(seed)) for seed in range(200)]
    ranges = {"brain": (6, 12), "salivary": (3, 6), "myocardium": (1.7, 15), "liver": (2.0, 2.6), "spleen": (1.8, 2.3), "bladder": (10, 60)}
    for name, (least, most) in ranges.items():
        values = np.array([getattr(uptake, name) for uptake in many])
        assert least <= values.min() < values.max() <= most
    assert 0.3 < np.mean([uptake.myocardium >= 4 for uptake in many]) < 0.7
    assert any(uptake.brown_fat for uptake in many)
    assert drawn_uptake(np.random.default_rng(3)) == drawn_uptake(np.random.default_rng(3))


def test_one_suv_a_name_and_tissue_like_ct_numbers() -> None:
    parts = drawn_parts()
    suv: dict[str, set[float]] = {}
    for part in parts:
        if part.suv is not None:
            suv.setdefault(part.name, set()).add(part.suv)
    assert all(len(values) == 1 for values in suv.values())
    hu = {part.name: part.hu for part in parts}
    assert hu["lung_left"] == hu["lung_right"] == -800
    assert hu["fat"] == -100
    assert (hu["liver"], hu["bladder"], hu["marrow"], hu["vertebral_cortex"]) == (55, 5, 180, 600)


@pytest.mark.parametrize(("arms", "reach"), [("up", 200.0), ("down", 200.0), ("none", 170.0)])
def test_arms_make_the_body_wider_and_up_makes_it_taller(arms: str, reach: float) -> None:
    low, high = skin(FRAME, arms, with_head=True).bounds()
    assert high[0] > reach
    assert high[0] == pytest.approx(-low[0])
    assert (high[2] > 50) == (arms == "up")
    assert ("humerus" in {part.name for part in drawn_parts(arms)}) == (arms != "none")


def test_head_and_brown_fat_are_options() -> None:
    names = {part.name for part in drawn_parts(with_head=False)}
    assert not {"brain", "parotid", "skull"} & names
    assert "brown_fat" not in names
    assert "brown_fat" in {part.name for part in drawn_parts(uptake=Uptake(brown_fat=6.0))}


def test_weight_adds_fat_and_height_adds_length() -> None:
    slim, heavy, tall = BodyFrame.of(60.0, 1.75), BodyFrame.of(110.0, 1.75), BodyFrame.of(78.0, 1.92)
    assert slim.fat_mm < FRAME.fat_mm < heavy.fat_mm
    assert tall.along / FRAME.along == pytest.approx(1.92 / 1.75)
    assert BodyFrame.of(40.0, 1.85).fat_mm >= 5.0
