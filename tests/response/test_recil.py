"""Truth: Younes 2017; METHODS D.7, sums of longest diameters by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carpet.response.ct_scans import CtCourse, CtLesion, Part, Seen
from carpet.response.deauville import Deauville
from carpet.response.recil import recil

Build = Callable[..., CtCourse]
DS3, DS4 = Deauville.DS3, Deauville.DS4


@pytest.mark.parametrize(
    ("now", "score", "rule"),
    [
        ([[9, 8]], DS3, "REC-CR-gone"),
        ([[9, 8]], None, "REC-CR-gone"),
        ([[9, 8]], DS4, "REC-PR"),
        ([[28, 20]], DS3, "REC-CR-pet"),  # −30 % exactly
        ([[28, 20]], DS4, "REC-PR"),
        ([[28, 20]], None, "REC-PR"),
        ([[28.1, 20]], DS3, "REC-MR"),
        ([[36, 20]], DS4, "REC-MR"),  # −10 % exactly
        ([[36.1, 20]], DS4, "REC-SD"),
        ([[48, 20]], DS4, "REC-SD"),  # +20 % exactly
        ([[48.1, 20]], DS4, "REC-PD-growth"),
        ([], DS3, "REC-NE"),
    ],
)
def test_limits(course: Build, now: list[list[float]], score: Deauville | None, rule: str) -> None:
    verdict = recil(course([[40, 30]], now), deauville=score)
    assert verdict.rule == rule
    assert verdict.flags == (() if score else ("PET_MISSING",))


def test_a_small_node_must_grow_by_5_mm_and_beyond_15(course: Build) -> None:
    assert recil(course([[30, 20]], [[12, 10]], [[15, 10]]), deauville=DS4).category == "PR"
    assert recil(course([[30, 20]], [[12, 10]], [[16.9, 10]]), deauville=DS4).category == "PR"
    assert recil(course([[30, 20]], [[12, 10]], [[17, 10]]), deauville=DS4).category == "PD"


def test_only_the_three_largest_targets_count(course: Build) -> None:
    baseline = [[20, 10], [50, 40], [40, 30], [30, 20]]
    now = [[60, 10], [25, 20], [20, 15], [15, 10]]
    verdict = recil(course(baseline, now), deauville=DS4)
    assert (verdict.category, verdict.flags) == ("PR", ("RECIL_THREE_LARGEST",))
    assert recil(course(baseline[:3], now[:3]), deauville=DS4).flags == ()


def test_a_new_lesion(course: Build) -> None:
    new = CtLesion("N1", Part.NODE, False, Seen.NEW, 16.0, 10.0)
    assert recil(course([[40, 30]], [[9, 8]], more=[new]), deauville=DS3).category == "PD"


def test_what_is_no_target_and_has_no_row_leaves_it_open(course: Build) -> None:
    left = CtLesion("O1", Part.EXTRANODAL, False, Seen.PRESENT)
    told, silent = (course([[40, 30]], [[20, 10]], first=[left], more=more) for more in ([left], []))
    assert (recil(told, deauville=DS4).rule, recil(silent, deauville=DS4).rule) == ("REC-PR", "REC-NE-rest")
    assert recil(course([[40, 30]], [[60, 30]], first=[left]), deauville=DS4).category == "PD"  # growth stands without it
    late = CtLesion("O1", Part.EXTRANODAL, False, Seen.PRESENT, 30.0, 20.0)
    assert recil(course([[40, 30]], [[20, 10]], more=[late]), deauville=DS4).rule == "REC-NE-rest"


def test_marrow_that_was_involved_must_be_clear(course: Build) -> None:
    assert recil(course([[40, 30]], [[9, 8]], marrow=(True, None)), deauville=DS3).rule == "REC-PR"
    assert recil(course([[40, 30]], [[9, 8]], marrow=(True, False)), deauville=DS3).rule == "REC-CR-gone"
