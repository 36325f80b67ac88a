"""Truth: closed form: the penalised likelihood written with loops, its maximum by another optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from carpet.cohort.cox import cox
from carpet.cohort.cox_firth import cox_firth, firth_p
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused

DAYS, EVENT = np.array([1, 2, 3, 3, 5, 6, 7, 8, 9, 10]), np.array([1, 1, 1, 0, 1, 0, 0, 1, 0, 0])
ALL_EVENTS = np.array([1, 1, 1, 0, 1, 0, 0, 1, 0, 0.0])
OTHER = np.array([0.2, 1.0, -0.4, 0.3, 0.0, 0.9, -1.2, 0.1, 0.5, 0.7])


def test_finite_where_the_likelihood_has_no_maximum(brute: Callable[..., float]) -> None:
    survival, x = Survival.of(DAYS, EVENT), np.column_stack([ALL_EVENTS, OTHER])
    with pytest.raises(Refused, match="SEPARATION"):
        cox(survival, {"all": ALL_EVENTS, "other": OTHER})

    def value(beta: np.ndarray) -> float:
        return brute(np.full(10, -1), DAYS, EVENT, x, beta, efron=True, strata=np.zeros(10))

    def information(beta: np.ndarray) -> np.ndarray:
        h, unit = 1e-3, np.eye(2)
        bend = [[value(beta + h * (a + b)) - value(beta + h * (a - b)) for b in unit] for a in unit]
        back = [[value(beta - h * (a - b)) - value(beta - h * (a + b)) for b in unit] for a in unit]
        return -(np.array(bend) - np.array(back)) / (4 * h * h)

    def penalised(beta: np.ndarray) -> float:
        return -value(beta) - 0.5 * float(np.linalg.slogdet(information(beta))[1])

    best = minimize(penalised, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12}).x
    found = cox_firth(survival, {"all": ALL_EVENTS, "other": OTHER})
    assert [one.coefficient for one in found] == pytest.approx(best, abs=1e-4)
    exposed = found[0]
    assert exposed.low is not None
    assert 0.0 < exposed.low < exposed.ratio
    assert exposed.p < 0.05
    assert exposed.low > 1.0  # test and interval say the same


def test_near_the_ordinary_model_where_events_are_many(survival: Survival, covariates: dict[str, Any]) -> None:
    two = {name: covariates[name] for name in ("tmtv", "bulk")}
    ordinary = cox(survival, two)
    found = cox_firth(survival, two)
    errors = np.sqrt(np.diag(ordinary.covariance))
    assert np.abs(np.array([one.coefficient for one in found]) - ordinary.coefficients).max() < 0.1 * errors.max()


def test_exchanging_the_groups_turns_the_ratio_round() -> None:
    survival = Survival.of(DAYS, EVENT)
    (one,), (other,) = cox_firth(survival, {"x": ALL_EVENTS}), cox_firth(survival, {"x": 1 - ALL_EVENTS})
    assert one.ratio * other.ratio == pytest.approx(1.0, rel=1e-5)
    assert one.p == pytest.approx(other.p, rel=1e-6)
    assert one.low is not None
    assert other.high is not None
    assert one.low * other.high == pytest.approx(1.0, rel=1e-4)


def test_no_events() -> None:
    with pytest.raises(Refused, match="NO_EVENTS"):
        cox_firth(Survival.of([1, 2, 3], [0, 0, 0]), {"x": [0, 1, 0]})


def test_the_test_of_several_is_that_of_one_where_one_is_held() -> None:
    survival, columns = Survival.of(DAYS, EVENT), {"all": ALL_EVENTS, "other": OTHER}
    found = {one.name: one.p for one in cox_firth(survival, columns)}
    assert {name: firth_p(survival, columns, [name]) for name in columns} == pytest.approx(found, rel=1e-5)


def test_the_test_of_all_by_another_way(brute: Callable[..., float]) -> None:
    survival, x = Survival.of(DAYS, EVENT), OTHER[:, None]

    def value(beta: float) -> float:
        def plain(at: float) -> float:
            return brute(np.full(10, -1), DAYS, EVENT, x, np.array([at]), efron=True, strata=np.zeros(10))

        step = 1e-3
        return plain(beta) + 0.5 * math.log(-(plain(beta + step) - 2.0 * plain(beta) + plain(beta - step)) / step**2)

    top = -float(minimize(lambda at: -value(float(at[0])), np.zeros(1), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).fun)
    assert firth_p(survival, {"other": OTHER}, ["other"]) == pytest.approx(math.erfc(math.sqrt(max(0.0, top - value(0.0)))), abs=1e-4)
