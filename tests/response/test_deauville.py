"""Truth: worked example EX11, eight lesions with k = 2 and k = 3; METHODS D.3."""

from __future__ import annotations

from typing import Literal

import pytest

from carpet.response.deauville import deauville

LESIONS = [  # SUVmax, above background, new; score with k = 2, with k = 3
    (1.2, False, False, "1", "1"),
    (2.0, True, False, "2", "2"),
    (2.5, True, False, "3", "3"),
    (3.0, True, False, "3", "3"),
    (3.1, True, False, "4", "4"),
    (6.0, True, False, "4", "4"),
    (6.1, True, False, "5", "4"),
    (2.4, True, True, "5", "5"),
]


@pytest.mark.parametrize(("suv_max", "above", "new", "by_2", "by_3"), LESIONS)
def test_the_score(suv_max: float, above: bool, new: bool, by_2: str, by_3: str) -> None:
    marks: tuple[tuple[Literal[2, 3], str], ...] = ((2, by_2), (3, by_3))
    for marked, score in marks:
        verdict = deauville(suv_max, liver_suv_max=3.0, blood_pool_suv_max=2.0, above_background=above, new_lesion=new, marked=marked)
        assert verdict.category == score


@pytest.mark.parametrize(("suv_max", "score"), [(2.9, "2"), (3.0, "3"), (3.1, "4")])
def test_where_the_blood_pool_is_not_below_the_liver_only_the_liver_counts(suv_max: float, score: str) -> None:
    verdict = deauville(suv_max, liver_suv_max=3.0, blood_pool_suv_max=3.0, above_background=True, new_lesion=False)
    assert verdict.category == score


def test_no_residual_uptake_is_1() -> None:
    assert deauville(None, liver_suv_max=3.0, blood_pool_suv_max=2.0, above_background=True, new_lesion=False).category == "1"


def test_references_without_uptake_are_an_error() -> None:
    with pytest.raises(ValueError, match="references"):
        deauville(2.0, liver_suv_max=0.0, blood_pool_suv_max=2.0, above_background=True, new_lesion=False)
