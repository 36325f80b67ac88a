"""Truth: worked example EX12, typed by hand there; METHODS D.6."""

from __future__ import annotations

import pytest

from carpet.response.lyric import lyric, lyric_follow_up

CASES = {  # SPD %, weeks, deterioration, new lesion, a lesion ≥ 50 %, uptake up, category
    "a": (55, 8, False, False, False, False, "IR1"),
    "b": (55, 8, True, False, False, False, "PD"),
    "c": (55, 13, False, False, False, False, "PD"),
    "d": (20, 20, False, True, False, False, "IR2"),
    "e": (49.9, 6, False, False, True, False, "IR2"),
    "f": (60, 6, False, True, False, False, "IR1"),
    "g": (-10, 5, False, False, False, True, "IR3"),
    "h": (10, 5, False, True, False, True, "IR2"),
    "i": (-55, 4, False, False, False, False, "PR"),  # as Lugano
}


@pytest.mark.parametrize("case", CASES)
def test_indeterminate_responses(case: str) -> None:
    spd, weeks, worse, new, lesion, uptake, category = CASES[case]
    said = lyric(spd_percent=spd, day=7 * weeks, deteriorated=worse, new_lesion=new, lesion_rose=lesion, uptake_rose=uptake, lugano="PR")
    assert said.category == category


def test_week_12_is_still_early() -> None:
    def at(day: int) -> str:
        return lyric(
            spd_percent=50.0, day=day, deteriorated=False, new_lesion=False, lesion_rose=False, uptake_rose=False, lugano="PD"
        ).category

    assert (at(84), at(85)) == ("IR1", "PD")


@pytest.mark.parametrize(
    ("later_mm2", "growth_mm", "size_mm", "category"),
    [(1640.0, 6.0, 18.0, "IR1"), (1660.0, 6.0, 18.0, "PD"), (1660.0, 6.0, 25.0, "IR1"), (1650.0, 10.0, 25.0, "PD")],
)
def test_the_scan_after_ir1(later_mm2: float, growth_mm: float, size_mm: float, category: str) -> None:
    said = lyric_follow_up(
        "IR1",
        deteriorated=False,
        spd_percent=100.0 * (later_mm2 - 1500.0) / 1500.0,
        growth_mm=growth_mm,
        size_mm=size_mm,
        enlarged_spd_percent=0.0,
        lugano="PD",
    )
    assert said.category == category
    assert said.flags == (("DATED_BACK",) if category == "PD" else ())


def follow_up(since: str, *, enlarged: float = 0.0, lugano: str = "PD", worse: bool = False) -> str:
    return lyric_follow_up(
        since, deteriorated=worse, spd_percent=0.0, growth_mm=0.0, size_mm=30.0, enlarged_spd_percent=enlarged, lugano=lugano
    ).category


def test_the_scan_after_ir2_and_ir3() -> None:
    assert follow_up("IR2", enlarged=50.0) == "PD"
    assert follow_up("IR2", enlarged=49.9) == "IR2"
    assert follow_up("IR3") == "PD"
    assert follow_up("IR3", lugano="SD") == "SD"
    assert follow_up("IR1", lugano="CR") == "CR"
    assert follow_up("IR1", lugano="CR", worse=True) == "PD"
