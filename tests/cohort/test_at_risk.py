"""Truth: closed form: counted by hand."""

from __future__ import annotations

import numpy as np

from carpet.cohort.at_risk import counts, number_at_risk, step
from carpet.cohort.survival import Survival


def test_counts_by_hand() -> None:
    found = counts(Survival.of([5, 3, 5, 8, 3], [1, 0, 0, 1, 1]))
    assert found.days.tolist() == [3, 5, 8]
    assert found.at_risk.tolist() == [5, 3, 1]
    assert found.events.tolist() == [1, 1, 1]
    assert found.censored.tolist() == [1, 1, 0]


def test_who_enters_late_is_at_risk_from_the_next_day() -> None:
    late = Survival.of([6, 9, 9], [0, 1, 1], entry=[0, 6, 2], patient=[1, 1, 2])
    found = counts(late)
    assert found.at_risk.tolist() == [2, 2]
    assert found.censored.tolist() == [0, 0]  # the first patient goes on in another row
    assert number_at_risk(late, [2, 3, 6, 7, 10]).tolist() == [1, 2, 2, 2, 0]


def test_steps_are_read_after_or_before_the_day() -> None:
    days, values = np.array([3, 5]), np.array([0.8, 0.4])
    assert step(days, values, [2, 3, 4, 5], before=1.0).tolist() == [1.0, 0.8, 0.8, 0.4]
    assert step(days, values, [3, 5, 6], before=1.0, strictly=True).tolist() == [1.0, 0.8, 0.4]
