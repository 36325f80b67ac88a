"""Truth: closed form; scipy's exact binomial test; ZUMA-1's printed exact intervals."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from carpet.cohort.proportion import clopper_pearson
from carpet.core.errors import ProtocolError


def test_at_the_ends_and_turned_round() -> None:
    """None of n: the upper limit solves (1 − p)ⁿ = 0.025."""
    assert clopper_pearson(0, 5) == pytest.approx((0.0, 1 - 0.025**0.2))
    assert clopper_pearson(5, 5) == pytest.approx((0.025**0.2, 1.0))
    assert [1 - limit for limit in clopper_pearson(7, 23)] == pytest.approx(list(clopper_pearson(16, 23)[::-1]))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 30.85), (10, 10, 69.15, 100.0), (1, 14, 0.18, 33.87), (12, 17, 44.04, 89.69)],  # 12/17: ZUMA-1's bulk, 44–90 printed
)
def test_as_printed(part: int, whole: int, low: float, high: float) -> None:
    assert [100 * limit for limit in clopper_pearson(part, whole)] == pytest.approx([low, high], abs=0.005)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_as_scipy(level: float) -> None:
    said = binomtest(7, 23).proportion_ci(level, "exact")
    assert clopper_pearson(7, 23, level=level) == pytest.approx((said.low, said.high), rel=1e-9)


@pytest.mark.parametrize(("part", "whole"), [(3, 2), (-1, 5), (0, 0)])
def test_nothing_has_no_interval(part: int, whole: int) -> None:
    with pytest.raises(ProtocolError, match="no rate"):
        clopper_pearson(part, whole)
