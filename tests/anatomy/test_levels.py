"""Truth: closed form. Heights are given, the level of a point between two of them is known."""

from __future__ import annotations

import pytest

from carpet.anatomy.levels import levels_of

MEASURED = {
    "skull_base": -100.0,
    "lung_apex": -280.0,
    "liver_dome": -460.0,
    "lung_base": -520.0,
    "iliac_crest": -650.0,
    "pelvis_floor": -840.0,
}


@pytest.mark.parametrize(
    ("s_mm", "behind", "level"),
    [
        (-90, False, "head"),
        (-184, False, "head"),
        (-186, False, "neck"),
        (-281, False, "thorax"),
        (-490, True, "thorax"),
        (-490, False, "abdomen"),
        (-649, True, "abdomen"),
        (-651, False, "pelvis"),
        (-841, False, "leg"),
    ],
)
def test_level_between_measured_landmarks(s_mm: float, behind: bool, level: str) -> None:
    assert levels_of(MEASURED).level(s_mm, behind=behind) == level


def test_without_a_landmark_nothing_is_said() -> None:
    assert levels_of({}).level(0.0, behind=False) == "unknown"


@pytest.mark.parametrize("name", ["liver_dome", "lung_apex", "lung_base", "iliac_crest"])
def test_estimates_from_one_landmark_agree_within_ten_centimetres(name: str) -> None:
    alone, whole = levels_of({name: MEASURED[name]}), levels_of(MEASURED)
    for field in ("lung_apex", "dome", "lung_base", "iliac_crest", "pelvis_floor"):
        assert getattr(alone, field) == pytest.approx(getattr(whole, field), abs=100)


def test_skull_alone_tells_the_head() -> None:
    assert levels_of({"skull_base": 0.0}).level(5.0, behind=False) == "head"
    assert levels_of({"skull_base": 0.0}).level(-300.0, behind=False) == "unknown"
