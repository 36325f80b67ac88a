"""Truth: closed form: the likelihood at the limits, with loops; R survival with an offset."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import cox, hazard_ratios
from carpet.cohort.cox_profile import profile_interval
from carpet.cohort.survival import Survival


def test_twice_the_likelihood_has_fallen_by_chi_square(brute: Callable[..., float]) -> None:
    days, event, x = np.array([2, 4, 4, 7, 9, 11, 12, 15]), np.array([1, 1, 0, 1, 1, 0, 1, 1]), np.array([1, 1, 0, 0, 1, 0, 0, 1.0])
    model = cox(Survival.of(days, event), {"x": x})
    low, high = profile_interval(model, "x")
    for limit in (low, high):
        there = brute(np.full(8, -1), days, event, x[:, None], np.array([math.log(limit)]), efron=True, strata=np.zeros(8))
        assert 2 * (model.log_likelihood - there) == pytest.approx(3.841458820694124, abs=1e-8)


def test_near_wald_where_events_are_many(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates)
    wald = hazard_ratios(model)[2]
    assert profile_interval(model, "bulk") == pytest.approx((wald.low, wald.high), rel=0.01)


def test_wider_above_than_wald_where_the_exposed_have_most_events() -> None:
    survival = Survival.of([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 0, 0, 0, 1, 0])
    model = cox(survival, {"x": [1, 1, 1, 0, 0, 0, 0, 1]})
    assert profile_interval(model, "x")[1] > hazard_ratios(model)[0].high


@pytest.mark.r
def test_as_r(survival: Survival, covariates: dict[str, Any], r: dict[str, Any]) -> None:
    np.testing.assert_allclose(np.log(profile_interval(cox(survival, covariates), "bulk")), r["profile"], rtol=1e-6)
