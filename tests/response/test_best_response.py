"""Truth: best categories found by hand for courses written down here."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from carpet.response.best_response import Best, best_response
from carpet.response.called import Called

ORDER = ("CR", "PR", "SD", "PD")
DAYS = {"D7": 7, "M1": 29, "M3": 90, "M6": 180}


def best(calls: dict[str, str], therapy: int | None = None, **more: Any) -> Best:
    called = [Called(name, DAYS[name], category) for name, category in calls.items()]
    return best_response(called, order=ORDER, new_therapy_day=therapy, **more)


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


@pytest.mark.parametrize(
    ("stated", "therapy", "category", "day", "ended_by"),
    [
        (91, None, "CR", 90, "progression_date"),
        (90, None, "PR", 29, "progression_date"),  # a scan of the very day counts only where it shows progression, as with endpoints
        (60, 80, "PR", 29, "progression_date"),
        (80, 60, "PR", 29, "new therapy"),
        (29, None, "PD", 29, "progression_date"),  # no scan before it: progression is all there was
    ],
)
def test_a_stated_progression_ends_the_count(stated: int, therapy: int | None, category: str, day: int, ended_by: str) -> None:
    found = best({"M1": "PR", "M3": "CR"}, therapy, progression_day=stated)
    assert (found.category, found.day, found.ended_by) == (category, day, ended_by)


def test_a_scan_that_shows_progression_on_the_stated_day_is_the_progression() -> None:
    found = best({"M1": "PD", "M3": "CR"}, progression_day=29)
    assert (found.category, found.timepoint, found.ended_by) == ("PD", "M1", "PD")
    assert best({"M1": "PD"}, progression_day=20).because == (
        "no response was called before; the count ended with progression as patients.csv states it, on day 20; not counted: M1 PD (day 29)"
    )


def test_the_words_say_how_far_this_assessor_looked() -> None:
    scans = (29, 90, 180)
    assert best({"M1": "CR"}, scan_days=scans).because == ("M1 CR (day 29); 1 scan called, the last on day 29; not called: day 90, day 180")
    assert best({"M1": "CR", "M3": "NE", "M6": "CR"}, scan_days=scans).because == (
        "M1 CR (day 29); 2 scans called, the last on day 180; not called: day 90"
    )
    ended = best({"M1": "CR"}, 100, scan_days=scans).because
    assert ended == "M1 CR (day 29); the count ended with new therapy on day 100; not called: day 90"
    assert best({"M1": "NE"}, scan_days=(29,)).because.endswith("no scan could be evaluated; not called: day 29")
