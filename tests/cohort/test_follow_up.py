"""Truth: closed form; R survival."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.cohort.follow_up import median_follow_up
from carpet.cohort.survival import Survival


def test_without_events_it_is_the_median_of_all_times() -> None:
    assert median_follow_up(Survival.of([1, 2, 3, 4, 5], [0] * 5)).days == 3


def test_early_events_do_not_shorten_it() -> None:
    followed = [10, 20, 30, 40, 50]
    assert median_follow_up(Survival.of([*followed, 1, 1, 1, 1], [0] * 5 + [1] * 4)).days == 30


def test_the_end_of_a_row_is_no_end_of_follow_up() -> None:
    cut = Survival.of([5, 10, 20], [0, 0, 0], entry=[0, 5, 0], patient=[1, 1, 2])
    assert median_follow_up(cut).days == 10


def test_more_than_half_are_still_followed_when_the_last_has_the_event() -> None:
    assert median_follow_up(Survival.of([1, 9, 9, 9], [0, 1, 1, 1])).days is None


@pytest.mark.r
def test_as_r(survival: Survival, r: dict[str, Any]) -> None:
    found = median_follow_up(survival)
    assert [found.days, found.low, found.high] == r["follow.up"].tolist()
