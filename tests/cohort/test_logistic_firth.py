"""Truth: closed form: a 2 × 2 table with a half added to each cell; the penalised likelihood maximised by scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from carpet.cohort.logistic import logistic, outcome_table
from carpet.cohort.logistic_firth import logistic_firth, penalised
from carpet.core.errors import Refused

EXPOSED = np.array([0] * 10 + [1] * 12)


@pytest.mark.parametrize(("a", "b"), [(3, 8), (0, 8), (0, 12), (5, 6)])
def test_half_a_patient_in_each_cell(a: int, b: int) -> None:
    happened = np.array([1] * a + [0] * (10 - a) + [1] * b + [0] * (12 - b))
    (found,) = logistic_firth(happened, {"x": EXPOSED})
    assert found.ratio == pytest.approx((b + 0.5) * (10 - a + 0.5) / ((a + 0.5) * (12 - b + 0.5)), rel=1e-6)

    def at_best(beta: float) -> float:
        """The likelihood of the table with halves, the other coefficient at its best: what the penalised one is, but for a constant."""

        def loss(alpha: np.ndarray) -> float:
            zero, one = float(alpha[0]), float(alpha[0]) + beta
            return float((a + 0.5) * np.logaddexp(0, -zero) + (10.5 - a) * np.logaddexp(0, zero)
                         + (b + 0.5) * np.logaddexp(0, -one) + (12.5 - b) * np.logaddexp(0, one))  # fmt: skip

        return -float(minimize(loss, np.zeros(1), method="BFGS", options={"gtol": 1e-10}).fun)

    top = at_best(math.log(found.ratio))
    for limit in (found.low, found.high):
        assert limit is not None
        assert 2 * (top - at_best(math.log(limit))) == pytest.approx(3.841458820694124, abs=1e-4)
    assert found.p == pytest.approx(math.erfc(math.sqrt(max(0.0, top - at_best(0.0)))), rel=1e-4)


@pytest.mark.parametrize(
    "table",
    [
        [(10, 21), (0, 1), (0, 2)],
        [(20, 10), (2, 0), (1, 0)],
        [(10, 5), (10, 0), (5, 5)],
        [(1, 30), (1, 0), (0, 1), (3, 3)],
        [(300, 1), (1, 0), (0, 1)],
        *(
            [
                (int(no), int(yes))
                for no, yes in np.random.default_rng(seed).integers(0, 4, (4, 2)) + np.array([[4, 1], [1, 0], [0, 1], [1, 0]])
            ]
            for seed in range(12)
        ),
    ],
)
def test_half_a_patient_in_each_cell_of_groups_of_one_or_two(table: list[tuple[int, int]]) -> None:
    group = np.repeat(np.arange(len(table)), [no + yes for no, yes in table])
    happened = np.array([float(one) for no, yes in table for one in [False] * no + [True] * yes])
    odds = [(yes + 0.5) / (no + 0.5) for no, yes in table]
    found = logistic_firth(happened, {str(n): group == n for n in range(1, len(table))})
    assert [one.ratio for one in found] == pytest.approx([each / odds[0] for each in odds[1:]], rel=1e-6)
    for one in found:
        assert one.low is None or one.low < one.ratio
        assert one.high is None or one.ratio < one.high


def test_no_table_is_without_an_answer() -> None:
    rng = np.random.default_rng(8)
    for _ in range(40):
        x, y = rng.normal(7, 1.5, 40), (rng.random(40) < 0.1).astype(float)
        group = rng.choice(3, 40, p=[0.6, 0.2, 0.2])
        columns = {"x": x, **{str(n): group == n for n in (1, 2) if (group == n).any()}}
        if 0 < y.sum() < 40:
            assert all(np.isfinite(one.coefficient) for one in logistic_firth(y, columns))


def test_as_another_optimiser_where_the_likelihood_has_no_maximum() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.sort(rng.normal(size=14)), rng.normal(size=14)])
    y = (x[:, 0] > 0.1).astype(float)
    with pytest.raises(Refused, match="SEPARATION"):
        logistic(y, {"a": x[:, 0], "b": x[:, 1]})
    z = np.column_stack([np.ones(14), x])

    def loss(beta: np.ndarray) -> float:
        score = z @ beta
        p = 1 / (1 + np.exp(-score))
        information = (z.T * (p * (1 - p))) @ z
        return float((np.logaddexp(0, score) - y * score).sum() - 0.5 * np.linalg.slogdet(information)[1])

    best = minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5000}).x
    found = logistic_firth(y, {"a": x[:, 0], "b": x[:, 1]})
    assert [one.coefficient for one in found] == pytest.approx(best[1:], abs=1e-5)
    assert found[0].low is not None
    assert found[0].low > 1.0
    assert found[0].p < 0.05  # test and interval say the same


def test_the_slope_is_that_of_the_penalised_likelihood() -> None:
    happened = np.array([1] * 3 + [0] * 7 + [1] * 8 + [0] * 4)
    _, data = outcome_table(happened, {"x": EXPOSED + np.linspace(0, 2, 22)})
    here, step = np.array([0.2, 0.5]), 1e-5
    for k, unit in enumerate(np.eye(2) * step):
        change = penalised(data, here + unit).value - penalised(data, here - unit).value
        assert penalised(data, here).slope[k] == pytest.approx(change / (2 * step), rel=1e-6)


def test_one_outcome_is_refused() -> None:
    with pytest.raises(Refused, match="ONE_OUTCOME"):
        logistic_firth([1, 1, 1], {"x": [1, 2, 3]})
