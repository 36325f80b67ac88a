"""Truth: improvements found by hand; ZUMA-1's PR or SD at month 1 that became CR without therapy (Locke 2019) are such."""

from __future__ import annotations

import pytest

from carpet.response.called import Called
from carpet.response.conversion import conversions

ORDER = ("CR", "PR", "SD", "PD")
DAYS = {"D7": 7, "M1": 29, "M3": 90, "M6": 180}


def found(calls: dict[str, str], therapy: int | None = None) -> list[tuple[str, str, bool]]:
    called = [Called(name, DAYS[name], category) for name, category in calls.items()]
    return [
        (f"{one.before.timepoint} {one.before.category}", f"{one.after.timepoint} {one.after.category}", one.new_therapy_before)
        for one in conversions(called, order=ORDER, new_therapy_day=therapy)
    ]


@pytest.mark.parametrize("category", ["PR", "SD", "PD"])
def test_late_complete_response(category: str) -> None:
    assert found({"M1": category, "M3": "CR"}) == [(f"M1 {category}", "M3 CR", False)]


def test_one_row_for_each_time_point_that_improved() -> None:
    assert found({"D7": "PD", "M1": "SD", "M3": "PR", "M6": "CR"}) == [
        ("D7 PD", "M1 SD", False),
        ("M1 SD", "M3 PR", False),
        ("M3 PR", "M6 CR", False),
    ]
    # the first improvement, over a scan that is not better
    assert found({"M1": "PR", "M3": "SD", "M6": "CR"}) == [("M1 PR", "M6 CR", False), ("M3 SD", "M6 CR", False)]


def test_what_does_not_improve_is_no_conversion() -> None:
    assert found({"M1": "CR", "M3": "CR"}) == []
    assert found({"M1": "PR", "M3": "PR", "M6": "PD"}) == []
    assert found({"M1": "NE", "M3": "CR"}) == []
    assert found({"M1": "IR1", "M3": "CR"}) == []
    assert found({"M1": "PR", "M3": "DISCORDANT"}) == []
    assert found({}) == []


@pytest.mark.parametrize(("therapy", "after"), [(89, True), (90, False), (300, False), (10, True)])
def test_new_therapy_before_the_improvement_is_marked(therapy: int, after: bool) -> None:
    assert found({"M1": "PR", "M3": "CR"}, therapy) == [("M1 PR", "M3 CR", after)]
