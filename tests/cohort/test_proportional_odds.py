"""Truth: closed form: two grades are a logistic model, and two groups make the score test Pearson's; scipy; R's glm and MASS::polr."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from carpet.cohort.logistic import logistic
from carpet.cohort.proportional_odds import _grades, likelihood, proportional_odds
from carpet.core.errors import Refused

TABLE = np.array([[9, 6, 4, 1], [4, 5, 6, 7]])  # patients by group and grade
GROUP = np.repeat([0, 1], TABLE.sum(axis=1))
GRADE = np.concatenate([np.repeat(np.arange(4), row) for row in TABLE])
IN_R = """
z <- read.csv(commandArgs(trailingOnly = TRUE)[1]); z$g <- factor(z$g)
fitted <- function(formula) MASS::polr(formula, z, Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
f <- fitted(g ~ a + b); at <- coef(f)["a"]; drop <- logLik(f) - qchisq(0.95, 1) / 2
held <- function(v) logLik(fitted(as.formula(sprintf("g ~ b + offset(%.17g * a)", v)))) - drop
cat(sprintf("%.15g", c(at, uniroot(held, c(at - 3, at), tol = 1e-9)$root, uniroot(held, c(at, at + 3), tol = 1e-9)$root)), sep = "\\n")
"""


def chances(thresholds: np.ndarray, shift: float) -> np.ndarray:
    return np.diff(np.concatenate([[0.0], expit(thresholds - shift), [1.0]]))


def test_as_another_optimiser() -> None:
    def loss(place: np.ndarray) -> float:
        thresholds = np.cumsum([place[0], math.exp(place[1]), math.exp(place[2])])
        return -float(sum((row * np.log(chances(thresholds, g * place[3]))).sum() for g, row in enumerate(TABLE)))

    best = minimize(loss, np.array([-1.0, 0.0, 0.0, 0.0]), method="BFGS", options={"gtol": 1e-8})
    found = proportional_odds(GRADE, {"x": GROUP})
    (one,) = found.odds_ratios
    assert one.coefficient == pytest.approx(best.x[3], abs=1e-6)
    for limit in (one.low, one.high):
        assert limit is not None
        fixed = math.log(limit)
        held = minimize(lambda place, fixed=fixed: loss(np.append(place, fixed)), best.x[:3], method="BFGS", options={"gtol": 1e-8})
        assert 2 * (held.fun - best.fun) == pytest.approx(3.841458820694124, abs=1e-4)
    assert found.levels == (0.0, 1.0, 2.0, 3.0)


def test_of_two_groups_the_test_of_proportional_odds_is_pearsons() -> None:
    found = proportional_odds(GRADE, {"x": GROUP})
    beta = found.odds_ratios[0].coefficient

    def loss(place: np.ndarray) -> float:
        thresholds = np.cumsum([place[0], math.exp(place[1]), math.exp(place[2])])
        return -float(sum((row * np.log(chances(thresholds, g * beta))).sum() for g, row in enumerate(TABLE)))

    place = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-9}).x
    thresholds = np.cumsum([place[0], math.exp(place[1]), math.exp(place[2])])
    expected = np.array([row.sum() * chances(thresholds, g * beta) for g, row in enumerate(TABLE)])
    assert found.proportional.chi_square == pytest.approx(float(((TABLE - expected) ** 2 / expected).sum()), rel=1e-5)
    assert found.proportional.degrees == 2


def test_odds_that_are_not_proportional_are_found() -> None:
    table = np.array([[20, 0, 0, 20], [0, 20, 20, 0]])
    group = np.repeat([0, 1], table.sum(axis=1))
    grade = np.concatenate([np.repeat(np.arange(4), row) for row in table])
    assert proportional_odds(grade, {"x": group}).proportional.p < 1e-6


def test_of_two_grades_the_model_is_logistic() -> None:
    place, y, x = np.array([0.3, -0.7]), (GRADE > 1).astype(np.int64), (GROUP - GROUP.mean())[:, None]
    binary = likelihood(_grades(y, x, 2), place)
    score = -place[0] + x[:, 0] * place[1]
    assert binary.value == pytest.approx(float((y * score - np.logaddexp(0, score)).sum()), rel=1e-12)
    assert logistic(GRADE > 1, {"x": GROUP})[0].ratio > 1.0
    with pytest.raises(Refused, match="FEW_LEVELS"):
        proportional_odds(GRADE > 1, {"x": GROUP})


def test_slope_and_information_are_derivatives() -> None:
    data = _grades(GRADE.astype(np.int64), np.column_stack([GROUP, np.linspace(-1, 1, GRADE.size)]), 4)
    here, step = np.array([-0.8, 0.4, 1.9, 0.3, -0.5]), 1e-5
    at = likelihood(data, here)
    for k, unit in enumerate(np.eye(5) * step):
        up, down = likelihood(data, here + unit), likelihood(data, here - unit)
        assert at.slope[k] == pytest.approx((up.value - down.value) / (2 * step), abs=1e-6)
        assert at.information[k] == pytest.approx((down.slope - up.slope) / (2 * step), abs=1e-6)
    assert likelihood(data, here[[1, 0, 2, 3, 4]]).value == -np.inf


def test_turning_the_grades_round_turns_the_ratio_round() -> None:
    one, other = (proportional_odds(grade, {"x": GROUP}).odds_ratios[0] for grade in (GRADE, 3 - GRADE))
    assert one.ratio * other.ratio == pytest.approx(1.0, rel=1e-7)
    assert one.p == pytest.approx(other.p, rel=1e-7)


@pytest.mark.r
def test_as_r(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=80), rng.integers(0, 2, 80)
    g = np.digitize(0.7 * a - 0.5 * b + rng.logistic(size=80), [-1.0, 0.5, 2.0])
    table, script = tmp_path / "z.csv", tmp_path / "polr.R"
    script.write_text(IN_R)
    np.savetxt(table, np.column_stack([g, a, b]), delimiter=",", header="g,a,b", comments="", fmt="%.17g")
    ran = subprocess.run(["Rscript", "--vanilla", str(script), str(table)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found = proportional_odds(g, {"a": a, "b": b}).odds_ratios[0]
    assert found.low is not None
    assert found.high is not None
    # polr stops where its quasi-Newton steps change the deviance no more, some 1e-5 from the maximum
    assert [found.coefficient, math.log(found.low), math.log(found.high)] == pytest.approx([float(v) for v in ran.stdout.split()], abs=1e-4)
