"""Truth: best categories found by hand for courses written down here."""

from __future__ import annotations

from itertools import permutations

import pytest

from carpet.response.best_response import Best, best_response
from carpet.response.called import Called

ORDER = ("CR", "PR", "SD", "PD")
DAYS = {"D7": 7, "M1": 29, "M3": 90, "M6": 180}


def best(calls: dict[str, str], therapy: int | None = None) -> Best:
    return best_response([Called(name, DAYS[name], category) for name, category in calls.items()], order=ORDER, new_therapy_day=therapy)


@pytest.mark.parametrize(
    ("calls", "category", "timepoint", "ended_by"),
    [
        ({"M1": "PR", "M3": "CR", "M6": "CR"}, "CR", "M3", "last scan"),
        ({"M1": "PR", "M3": "PR"}, "PR", "M1", "last scan"),  # a tie is the first's
        ({"M1": "SD", "M3": "PD", "M6": "CR"}, "SD", "M1", "PD"),
        ({"M1": "PD", "M3": "CR"}, "PD", "M1", "PD"),
        ({"M1": "NE", "M3": "PR"}, "PR", "M3", "last scan"),
        ({"M1": "DISCORDANT", "M3": "SD"}, "SD", "M3", "last scan"),
        ({"D7": "IR1", "M1": "PR"}, "PR", "M1", "last scan"),
        ({"D7": "IR1", "M1": "PD", "M3": "CR"}, "PD", "M1", "PD"),
        ({"M1": "NE", "M3": "IR2", "M6": "DISCORDANT"}, "NE", "", "last scan"),
        ({}, "NE", "", "last scan"),
    ],
)
def test_best_until_progression(calls: dict[str, str], category: str, timepoint: str, ended_by: str) -> None:
    found = best(calls)
    assert (found.category, found.timepoint, found.ended_by) == (category, timepoint, ended_by)
    assert found.day == DAYS.get(timepoint)


@pytest.mark.parametrize(
    ("therapy", "category", "ended_by"),
    [
        (89, "PR", "new therapy"),
        (90, "CR", "new therapy"),
        (28, "NE", "new therapy"),
        (400, "CR", "new therapy"),
        (None, "CR", "last scan"),
    ],
)
def test_scans_after_the_day_of_new_therapy_do_not_count(therapy: int | None, category: str, ended_by: str) -> None:
    found = best({"M1": "PR", "M3": "CR"}, therapy)
    assert (found.category, found.ended_by) == (category, ended_by)


def test_whichever_comes_first_ends_the_count() -> None:
    assert best({"M1": "PD", "M3": "CR"}, 60).ended_by == "PD"
    assert best({"M1": "PR", "M3": "PD"}, 60).ended_by == "new therapy"


def test_the_words_name_what_was_not_counted() -> None:
    assert best({"M1": "PR", "M3": "CR"}, 60).because == (
        "M1 PR (day 29); the count ended with new therapy on day 60; not counted: M3 CR (day 90)"
    )
    assert "nothing that counts as a response was called: M1 IR1 (day 29)" in best({"M1": "IR1"}).because


def test_a_scan_before_infusion_is_no_response_and_order_of_calls_does_not_matter() -> None:
    calls = [Called("TT", -2, "CR"), Called("M1", 29, "PR"), Called("M3", 90, "SD")]
    results = {best_response(one, order=ORDER, new_therapy_day=None) for one in permutations(calls)}
    assert [(one.category, one.timepoint) for one in results] == [("PR", "M1")]
