"""Truth: closed form: the formulas by hand, and what any interval must be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from carpet.cohort.intervals import interval, normal_quantile
from carpet.core.errors import ProtocolError


def test_the_quantile_everybody_knows() -> None:
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, rel=1e-12)
    with pytest.raises(ProtocolError, match="level"):
        normal_quantile(95.0)


def test_formulas_by_hand() -> None:
    p, se, z = 0.6, 0.1, 1.959963984540054
    one, error = np.array([p]), np.array([se])
    low, high = interval(one, error, level=0.95, scale="log-log")
    power = math.exp(z * se / (p * math.log(p)))
    assert (low[0], high[0]) == pytest.approx((p ** (1 / power), p**power), rel=1e-12)
    low, high = interval(one, error, level=0.95, scale="log")
    assert (low[0], high[0]) == pytest.approx((p * math.exp(-z * se / p), p * math.exp(z * se / p)), rel=1e-12)
    low, high = interval(one, error, level=0.95, scale="plain")
    assert (low[0], high[0]) == pytest.approx((p - z * se, p + z * se), rel=1e-12)


@pytest.mark.parametrize("scale", ["log-log", "log", "plain"])
def test_limits_stay_probabilities_and_hold_the_estimate(scale: Any) -> None:
    value, error = np.array([1.0, 0.97, 0.5, 0.02]), np.array([0.0, 0.05, 0.3, 0.02])
    low, high = interval(value, error, level=0.9, scale=scale)
    assert ((low >= 0.0) & (low <= value) & (value <= high) & (high <= 1.0)).all()
    assert (low[0], high[0]) == (1.0, 1.0)


def test_unknown_scale() -> None:
    with pytest.raises(ProtocolError, match="log-log"):
        interval(np.array([0.5]), np.array([0.1]), level=0.95, scale="logit")  # type: ignore[arg-type]
