"""Truth: closed form, and the share of simulated studies whose interval holds the true value."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.agreement.lin_ccc import lin_ccc
from carpet.core.errors import NotMeasurable


def test_by_hand() -> None:
    # 1, 2, 3 and 2, 3, 5: variances 2/3 and 14/9, covariance 1, means 4/3 apart
    assert lin_ccc([1, 2, 3], [2, 3, 5]).value == pytest.approx(2 / (2 / 3 + 14 / 9 + 16 / 9))


def test_equal_shifted_and_turned() -> None:
    same = lin_ccc([1, 2, 3, 4], [1, 2, 3, 4])
    assert (same.value, same.low, same.high, same.n) == (1.0, None, None, 4)
    assert lin_ccc([1, 2, 3, 4], [2, 3, 4, 5]).value == pytest.approx(2.5 / 3.5)
    assert lin_ccc([1, 2, 3, 4], [4, 3, 2, 1]).value == -1.0


def test_changing_places_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(0, 1, 30)
    b = 0.8 * a + rng.normal(0.3, 0.4, 30)
    one, other = lin_ccc(a, b), lin_ccc(b, a)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Both readers: N(0, 1) + N(0, 0.25) error, the second 0.3 higher: CCC = 1/(1.25 + 0.3²/2)."""
    rng, truth, held, number = np.random.default_rng(4), 2.0 / (2.0 * 1.25 + 0.09), 0, 500
    for _ in range(number):
        case = rng.normal(0, 1, 60)
        found = lin_ccc(case + rng.normal(0, 0.5, 60), case + rng.normal(0.3, 0.5, 60))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held / number == pytest.approx(0.95, abs=0.03)  # three standard errors of 500 draws


def test_nothing_to_tell() -> None:
    with pytest.raises(NotMeasurable, match="SUBJECTS_ALIKE"):
        lin_ccc([1, 1, 1], [1, 2, 3])
