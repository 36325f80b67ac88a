"""Truth: closed form: the binomial likelihood of one proportion, whose maximum, limits and test are written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, xlogy

from carpet.cohort.profiled import Hill, highest, profile
from carpet.core.errors import Refused


def coin(heads: int, throws: int) -> object:
    def climb(place: np.ndarray) -> Hill:
        p = float(expit(place[0]))
        value = float(xlogy(heads, p) + xlogy(throws - heads, 1 - p))
        return Hill(value, np.array([heads - throws * p]), np.array([[throws * p * (1 - p)]]))

    return climb


def test_the_maximum_is_the_share() -> None:
    place, value = highest(coin(7, 10), np.zeros(1))  # type: ignore[arg-type]
    assert expit(place[0]) == pytest.approx(0.7, abs=1e-9)
    assert value == pytest.approx(7 * math.log(0.7) + 3 * math.log(0.3), abs=1e-12)


def test_limits_are_where_the_likelihood_has_fallen() -> None:
    place, top = highest(coin(7, 10), np.zeros(1))  # type: ignore[arg-type]
    found = profile(coin(7, 10), place, 0, level=0.95)  # type: ignore[arg-type]

    def above(p: float) -> float:
        return 7 * math.log(p) + 3 * math.log(1 - p) - (top - 3.841458820694124 / 2)

    assert expit(found.low) == pytest.approx(brentq(above, 0.01, 0.7), abs=1e-7)
    assert expit(found.high) == pytest.approx(brentq(above, 0.7, 0.999), abs=1e-7)
    fallen = 2 * (top - 10 * math.log(0.5))
    assert found.p == pytest.approx(math.erfc(math.sqrt(fallen / 2)), rel=1e-9)


def test_steps_that_overshoot_are_shortened() -> None:
    def climb(place: np.ndarray) -> Hill:
        """Half of its curvature is told: a full step goes as far beyond the maximum as it was before it."""
        away = place - 3.0
        return Hill(float(-(away @ away)), -2.0 * away, np.array([[1.0]]))

    assert highest(climb, np.zeros(1))[0] == pytest.approx([3.0])


def test_a_maximum_at_infinity_is_refused() -> None:
    with pytest.raises(Refused, match="SEPARATION"):
        highest(coin(10, 10), np.zeros(1))  # type: ignore[arg-type]


def test_held_coefficients_stay() -> None:
    def climb(place: np.ndarray) -> Hill:
        away = place - np.array([1.0, 2.0])
        bend = np.array([[2.0, 1.0], [1.0, 2.0]])
        return Hill(float(-away @ bend @ away / 2), -bend @ away, bend)

    place, _ = highest(climb, np.array([0.0, 0.0]), held=(1,))
    assert place == pytest.approx([2.0, 0.0])  # the slope of the first vanishes at 1 − (0 − 2)/2
    assert profile(climb, np.array([1.0, 2.0]), 0, level=0.95).low == pytest.approx(1.0 - math.sqrt(3.841458820694124 / 1.5))
