"""Truth: Cheson 2007; METHODS D.6b, by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from carpet.response.cheson2007 import cheson2007
from carpet.response.ct_scans import CtCourse, CtLesion, Part, Seen

Build = Callable[..., CtCourse]
Pairs = Sequence[Sequence[float]]


@pytest.mark.parametrize(
    ("scans", "pet", "rule"),
    [
        (([[40, 20]], [[15, 12]]), None, "CHE-CR"),
        (([[40, 20]], [[16, 12]]), None, "CHE-PR"),
        (([[40, 20]], [[30, 20]]), False, "CHE-CR"),  # a mass of any size without uptake
        (([[40, 20]], [[15, 12]]), True, "CHE-PR"),
        (([[14, 12]], [[12, 11]]), None, "CHE-SD"),  # a small node must become at most 10 mm broad
        (([[14, 12]], [[12, 10]]), None, "CHE-CR"),
        (([[40, 20]], [[25, 16]]), None, "CHE-PR"),  # −50 % exactly
        (([[40, 20]], [[25.1, 16]]), None, "CHE-SD"),
        (([[40, 20], [30, 20]], [[20, 10], [20, 10]], [[25, 12], [24, 12.5]]), None, "CHE-PD-sum"),  # 400 → 600 mm²
        (([[40, 20], [30, 20]], [[20, 10], [20, 10]], [[25, 12], [24, 12.4]]), None, "CHE-PR"),
        (([[40, 20]], [[20, 11]], [[30, 8]]), None, "CHE-PD-node"),
        (([[40, 20]], [[20, 10]], [[30, 8]]), None, "CHE-PR"),  # not broader than 10 mm at nadir
        (([[40, 20]], []), None, "CHE-NE"),
    ],
)
def test_limits(course: Build, scans: Sequence[Pairs], pet: bool | None, rule: str) -> None:
    verdict = cheson2007(course(*scans), pet_positive=pet)
    assert verdict.rule == rule
    assert verdict.flags == (("PET_MISSING",) if pet is None else ())


def test_organs_must_grow_by_more_than_half(course: Build) -> None:
    assert cheson2007(course([[20, 20]], [[30, 20]], part=Part.EXTRANODAL), pet_positive=None).rule == "CHE-SD"
    assert cheson2007(course([[20, 20]], [[30.1, 20]], part=Part.EXTRANODAL), pet_positive=None).rule == "CHE-PD-organ"


def test_new_lesions_and_marrow(course: Build) -> None:
    small, large = (CtLesion("N1", Part.EXTRANODAL, False, Seen.NEW, mm, 8.0) for mm in (15.0, 15.1))
    assert cheson2007(course([[40, 20]], [[40, 20]], more=[large]), pet_positive=None).rule == "CHE-PD-new"
    assert cheson2007(course([[40, 20]], [[40, 20]], more=[small]), pet_positive=None).rule == "CHE-SD"
    assert cheson2007(course([[40, 20]], [[40, 20]], marrow=(False, True)), pet_positive=None).rule == "CHE-PD-marrow"
    assert cheson2007(course([], [], first=[small], more=[small]), pet_positive=None).rule == "CHE-NE-none"


def test_another_lesion_of_which_nobody_says_what_became_leaves_it_open(course: Build) -> None:
    left, gone = (CtLesion("O1", Part.EXTRANODAL, False, seen) for seen in (Seen.PRESENT, Seen.ABSENT))
    assert cheson2007(course([[40, 20]], [[12, 9]], first=[left]), pet_positive=False).rule == "CHE-NE-rest"
    assert cheson2007(course([[40, 20]], [[12, 9]], first=[left], more=[gone]), pet_positive=False).rule == "CHE-CR"
    assert cheson2007(course([[40, 20]], [[60, 40]], first=[left]), pet_positive=None).rule == "CHE-PD-node"
