"""Truth: ratios by hand, liver SUVmax 3.0; at and beside each limit (METHODS D.3, EX11)."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.response.deauville_at_month_1 import deauville_at_month_1, stratum
from carpet.response.finding import When

M1 = When("M1", 29)


def found(score: str, **change: Any) -> Any:
    given: dict[str, Any] = {"suv_max": 6.1, "liver_suv_max": 3.0, "qpet": 1.9955, "new_lesion": False, "assessor": "carpet"}
    return deauville_at_month_1(score, M1, **given | change)


@pytest.mark.parametrize(
    ("score", "code"),
    [*((one, "DEAUVILLE_1_3_AT_M1") for one in "123"), ("4", "DEAUVILLE_4_AT_M1"), ("5", "DEAUVILLE_5_AT_M1")],
)
def test_every_score_has_its_finding(score: str, code: str) -> None:
    assert (found(score).code, found(score).timepoint, found(score).day) == (code, "M1", 29)


@pytest.mark.parametrize("score", ["X", "NE"])
def test_no_score_no_finding(score: str) -> None:
    assert found(score) is None


@pytest.mark.parametrize(
    ("ratio", "says"),
    [
        (0.4, "up to the liver's"),
        (1.0, "up to the liver's"),
        (1.01, "above the liver's, up to twice"),
        (2.0, "above the liver's, up to twice"),
        (2.01, "above twice the liver's, up to three times"),
        (3.0, "above twice the liver's, up to three times"),
        (3.01, "above three times the liver's"),
    ],
)
def test_strata(ratio: float, says: str) -> None:
    assert stratum(ratio) == says


def test_the_ratio_and_qpet_are_told() -> None:
    said = found("5").because
    assert (
        said == "Deauville 5 by carpet; SUVmax 6.1 over the liver's 3.0: ratio 2.03, above twice the liver's, up to three times; qPET 2.00"
    )


@pytest.mark.parametrize(("suv_max", "depends"), [(6.0, False), (6.1, True), (9.0, True), (9.1, False), (None, False)])
def test_between_two_and_three_times_the_liver_the_score_depends_on_the_factor(suv_max: float | None, depends: bool) -> None:
    assert found("5", suv_max=suv_max).flags == (("DEAUVILLE_DEPENDS_ON_K",) if depends else ())


def test_a_new_lesion_is_5_whatever_its_uptake() -> None:
    one = found("5", new_lesion=True)
    assert ("a new lesion" in one.because, one.flags) == (True, ())


def test_what_is_not_known_is_said() -> None:
    assert "no residual that could be measured" in found("1", suv_max=None, qpet=None).because
    assert "no liver to compare it with" in found("4", liver_suv_max=None).because
    assert "qPET" not in found("1", qpet=None).because


def test_a_score_that_the_numbers_do_not_bear_says_so() -> None:
    assert "the score is the reader's" in found("4", suv_max=2.0, qpet=None).because
    assert "the score is the reader's" not in found("4", suv_max=20.0, qpet=None).because
