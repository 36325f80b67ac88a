"""Truth: METHODS D.9: windows, nearest to nominal, ties to the earlier; roles of the scans before infusion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.core.protocol import TIMEPOINTS
from carpet.response.time_points import Schedule, Window, schedule

WINDOWS = {  # METHODS D.9, typed by hand; the nominal days of TD and TT are carpet's own
    "TD": Window(-120, -15, -35),
    "TT": Window(-28, -1, -1),
    "D7": Window(4, 10, 7),
    "M1": Window(21, 45, 29),
    "M3": Window(75, 120, 90),
    "M6": Window(150, 210, 180),
    "M12": Window(330, 420, 365),
}


def test_the_protocol_s_windows_are_these() -> None:
    assert {name: Window(**one.model_dump()) for name, one in TIMEPOINTS.items()} == WINDOWS


def plan(*days: int, lymphodepletion: int | None = -5, enrolment: int | None = None, bridging: bool | None = True) -> Schedule:
    return schedule(days, windows=WINDOWS, lymphodepletion_day=lymphodepletion, enrolment_day=enrolment, bridging=bridging)


def codes(made: Schedule) -> set[str]:
    return {notice.code for notice in made.notices} - {"NO_SCAN_IN_WINDOW"}


def test_a_whole_course() -> None:
    made = plan(-40, -8, 7, 30, 91, 182, 370)
    assert dict(made.day_of) == {"TD": -40, "TT": -8, "D7": 7, "M1": 30, "M3": 91, "M6": 182, "M12": 370}
    assert (made.baseline, made.notices) == ("TT", ())


@pytest.mark.parametrize("name", ["D7", "M1", "M3", "M6", "M12"])
def test_the_ends_of_the_windows_belong_to_them(name: str) -> None:
    window = WINDOWS[name]
    for day in (window.first_day, window.last_day):
        assert dict(plan(-8, day).day_of) == {"TT": -8, name: day}
    for day in (window.first_day - 1, window.last_day + 1):
        assert dict(plan(-8, day).day_of) == {"TT": -8}


def test_nearest_to_the_nominal_day_wins_ties_go_to_the_earlier() -> None:
    made = plan(-8, 27, 31, 40)
    assert made.day_of["M1"] == 27
    assert "SEVERAL_IN_WINDOW" in codes(made)
    assert plan(-8, 26, 31).day_of["M1"] == 31


def test_the_baseline_is_the_last_scan_before_lymphodepletion() -> None:
    made = plan(-20, -9, -5, -3)
    assert (made.day_of["TT"], made.day_of["TD"], made.baseline) == (-9, -20, "TT")
    assert [notice.found for notice in made.notices if notice.code == "AFTER_LYMPHODEPLETION"] == [
        "day -5, lymphodepletion from day -5",
        "day -3, lymphodepletion from day -5",
    ]
    assert plan(-20, -9, -5, -3, lymphodepletion=None).day_of["TT"] == -3


def test_only_a_scan_before_bridging() -> None:
    assert codes(plan(-60)) == {"BASELINE_BEFORE_BRIDGING"}
    assert codes(plan(-60, bridging=None)) == {"BASELINE_BEFORE_BRIDGING"}
    without = plan(-60, bridging=False)
    assert (without.baseline, codes(without)) == ("TD", set())


def test_one_scan_in_both_windows() -> None:
    assert (plan(-20).baseline, codes(plan(-20))) == ("TT", {"BASELINE_ROLE_UNSURE"})
    assert codes(plan(-20, bridging=False)) == set()
    assert codes(plan(-10)) == set()


def test_no_scan_before_infusion() -> None:
    made = plan(30)
    assert (made.baseline, codes(made)) == (None, {"BASELINE_MISSING"})
    assert {notice.where for notice in made.notices if notice.code == "NO_SCAN_IN_WINDOW"} == set(WINDOWS) - {"M1"}


def test_the_enrolment_day_tells_the_scan_of_the_decision() -> None:
    assert plan(-70, -40, -8).day_of["TD"] == -40
    assert plan(-70, -40, -8, enrolment=-68).day_of["TD"] == -70


def test_scans_outside_all_windows_are_said() -> None:
    made = plan(-8, 15, 60)
    assert [notice.found for notice in made.notices if notice.code == "OUTSIDE_WINDOWS"] == ["day 15", "day 60"]


def test_windows_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="nominal"):
        Window(1, 5, 7)


@given(st.lists(st.integers(-150, 450), max_size=12), st.one_of(st.none(), st.integers(-10, -1)))
def test_every_scan_has_one_role_or_is_said(days: list[int], lymphodepletion: int | None) -> None:
    made = plan(*days, lymphodepletion=lymphodepletion)
    used = list(made.day_of.values())
    assert len(set(used)) == len(used)
    assert made == plan(*reversed(days), lymphodepletion=lymphodepletion)
    for name, day in made.day_of.items():
        assert WINDOWS[name].holds(day)
    told = " ".join(notice.found for notice in made.notices)
    assert all(day in used or str(day) in told for day in days)
