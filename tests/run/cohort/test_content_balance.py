"""Truth: closed form, by hand."""

from __future__ import annotations

import math

import pytest

from carpet.run.cohort.content_balance import standardised_difference


def test_of_means_over_the_pooled_deviation() -> None:
    # means 2 and 5, variances 1 and 1
    assert standardised_difference([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0, None]]) == pytest.approx(3.0)


def test_of_two_shares_is_the_known_formula() -> None:
    first, second = [True] * 3 + [False] * 7, [True] * 6 + [False] * 4
    wanted = 0.3 / math.sqrt((0.3 * 0.7 + 0.6 * 0.4) / 2)
    assert standardised_difference([first, second]) == pytest.approx(wanted)
    named = [["no" if not one else "yes" for one in group] for group in (first, second)]
    assert standardised_difference(named, categories=("no", "yes")) == pytest.approx(wanted)


def test_three_levels_do_not_depend_on_which_is_left_out() -> None:
    first, second = list("aabbcc"), list("abbbbc")
    found = {standardised_difference([first, second], categories=tuple(order)) for order in ("abc", "cab", "bca")}
    assert max(found) == pytest.approx(min(found))  # type: ignore[type-var]


def test_the_largest_of_three_groups() -> None:
    groups = [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert standardised_difference(groups) == pytest.approx(3.0)


@pytest.mark.parametrize("groups", [[[1.0, 2.0]], [[1.0, 2.0], [None]], [[1.0, 1.0], [2.0, 2.0]], [[True, True], [False, False]]])
def test_there_is_none_without_values_or_spread(groups: list[list[float | bool | None]]) -> None:
    assert standardised_difference(groups) is None


def test_equal_groups_without_spread_do_not_differ() -> None:
    assert standardised_difference([[1.0, 1.0], [1.0, 1.0]]) == 0.0
