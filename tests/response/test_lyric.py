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
    ("later_mm2", "growths_mm", "category"),
    [
        (1640.0, [(18.0, 6.0)], "IR1"),
        (1660.0, [(18.0, 6.0)], "PD"),
        (1660.0, [(25.0, 6.0)], "IR1"),
        (1650.0, [(25.0, 10.0)], "PD"),
        (1660.0, [(25.0, 9.0), (18.0, 5.0)], "PD"),  # the smaller lesion meets its limit, the one that grew most does not
    ],
)
def test_the_scan_after_ir1(later_mm2: float, growths_mm: list[tuple[float, float]], category: str) -> None:
    said = lyric_follow_up(
        "IR1",
        deteriorated=False,
        spd_percent=100.0 * (later_mm2 - 1500.0) / 1500.0,
        growths_mm=growths_mm,
        enlarged_spd_percent=0.0,
        grown_or_new=True,
        lugano="PD",
    )
    assert said.category == category
    assert said.flags == (("DATED_BACK",) if category == "PD" else ())


def follow_up(
    since: str,
    *,
    enlarged: float | None = 0.0,
    spd: float | None = 0.0,
    lugano: str = "PD",
    worse: bool = False,
    grown: bool = True,
) -> str:
    return lyric_follow_up(
        since,
        deteriorated=worse,
        spd_percent=spd,
        growths_mm=[(30.0, 0.0)],
        enlarged_spd_percent=enlarged,
        grown_or_new=grown,
        lugano=lugano,
    ).category


def test_the_scan_after_ir2_and_ir3() -> None:
    assert follow_up("IR2", enlarged=50.0) == "PD"
    assert follow_up("IR2", enlarged=49.9) == "IR2"
    assert follow_up("IR3") == "PD"
    assert follow_up("IR3", lugano="SD") == "SD"
    assert follow_up("IR1", lugano="CR") == "CR"


def test_uptake_that_goes_on_rising_alone_stays_ir3() -> None:
    assert follow_up("IR3", grown=False) == "IR3"


def test_a_patient_who_gets_worse_while_the_lymphoma_regresses_has_no_progression() -> None:
    assert [follow_up("IR1", lugano=one, worse=True) for one in ("CR", "PR", "SD", "PD", "NE")] == ["CR", "PR", "PD", "PD", "PD"]


def test_what_was_not_measured_confirms_nothing() -> None:
    assert follow_up("IR1", spd=None) == "NE"
    assert follow_up("IR2", enlarged=None) == "NE"
    assert follow_up("IR2", enlarged=None, lugano="CR") == "CR"


@pytest.mark.parametrize(
    ("weeks", "new", "uptake", "lugano", "category"),
    [
        (4, True, False, "PD", "IR2"),  # IR1 or IR2: not certain progression in either case
        (4, False, True, "PD", "IR3"),
        (4, False, False, "PD", "NE"),
        (20, True, False, "PD", "NE"),  # IR2, or progression if SPD rose
        (20, False, False, "PR", "PR"),
        (4, False, False, "CR", "CR"),
    ],
)
def test_without_a_measured_ct(weeks: int, new: bool, uptake: bool, lugano: str, category: str) -> None:
    said = lyric(spd_percent=None, day=7 * weeks, deteriorated=False, new_lesion=new, lesion_rose=None, uptake_rose=uptake, lugano=lugano)
    assert (said.category, said.flags) == (category, ("SPD_NOT_MEASURED",))
