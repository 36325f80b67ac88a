"""Truth: closed form: who is left on the day; immortal time that a landmark takes away."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.landmark import landmark
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_who_is_kept_and_who_is_counted() -> None:
    found = landmark(Survival.of([10, 30, 30, 31, 90], [1, 0, 1, 1, 0]), 30)
    assert found.kept.tolist() == [3, 4]
    assert found.survival.days.tolist() == [1, 60]
    assert found.survival.event.tolist() == [1, 0]
    assert (found.had_event, found.censored) == (2, 1)


def test_delayed_entry_moves_with_the_clock() -> None:
    found = landmark(Survival.of([50, 90, 80], [1, 0, 1], entry=[0, 40, 10]), 30)
    assert found.survival.entry is not None
    assert found.survival.entry.tolist() == [0, 10, 0]


def test_immortal_time_is_gone() -> None:
    """Response is pure chance, but takes until day 40 to show: from time zero it seems to protect."""
    rng = np.random.default_rng(8)
    days = np.ceil(rng.exponential(60.0, 3000)).astype(int)
    chance = rng.integers(0, 2, 3000)
    seen = ((chance == 1) & (days > 40)).astype(int)
    survival = Survival.of(days, np.ones(3000))
    naive = cox(survival, {"response": seen}).coefficients[0]
    after = landmark(survival, 40)
    honest = cox(after.survival, {"response": seen[after.kept]})
    assert naive < -0.8
    assert abs(honest.coefficients[0]) < 3 * honest.covariance[0, 0] ** 0.5


def test_refusals() -> None:
    with pytest.raises(Refused, match="LANDMARK_WITHOUT_PATIENTS"):
        landmark(Survival.of([5, 6], [1, 0]), 6)
    with pytest.raises(ProtocolError):
        landmark(Survival.of([5, 6], [1, 0]), -1)
    with pytest.raises(ProtocolError, match="one row"):
        landmark(Survival.of([5, 9], [0, 1], entry=[0, 5], patient=[1, 1]), 3)
