"""Truth: closed form: the cross ratio of a 2 × 2 table; scipy's minimiser; R's glm where it is."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from carpet.cohort.logistic import likelihood, logistic, outcome_table
from carpet.core.errors import Refused

EXPOSED = np.array([0] * 10 + [1] * 12)
HAPPENED = np.array([1] * 3 + [0] * 7 + [1] * 8 + [0] * 4)
IN_R = """
z <- read.csv(commandArgs(trailingOnly = TRUE)[1])
f <- glm(y ~ a + b, binomial, z, control = glm.control(epsilon = 1e-14, maxit = 100))
held <- function(v) logLik(glm(y ~ b + offset(v * a), binomial, z, control = glm.control(epsilon = 1e-14, maxit = 100)))
drop <- logLik(f) - qchisq(0.95, 1) / 2
at <- coef(f)["a"]
low <- uniroot(function(v) held(v) - drop, c(at - 5, at), tol = 1e-12)$root
high <- uniroot(function(v) held(v) - drop, c(at, at + 5), tol = 1e-12)$root
p <- pchisq(2 * (logLik(f) - logLik(glm(y ~ b, binomial, z, control = glm.control(epsilon = 1e-14)))), 1, lower.tail = FALSE)
cat(sprintf("%.15g", c(at, low, high, p)), sep = "\\n")
"""


def test_one_exposure_is_the_cross_ratio() -> None:
    (found,) = logistic(HAPPENED, {"x": EXPOSED})
    assert found.ratio == pytest.approx(8 * 7 / (3 * 4), rel=1e-8)

    def log(k: int, n: int) -> float:
        return k * math.log(k / n) + (n - k) * math.log(1 - k / n)

    statistic = 2 * (log(3, 10) + log(8, 12) - log(11, 22))
    assert found.p == pytest.approx(math.erfc(math.sqrt(statistic / 2)), rel=1e-8)


def test_as_another_optimiser() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 2)) * [1.0, 40.0]
    y = (x[:, 0] + x[:, 1] / 40 + rng.logistic(size=60) > 0).astype(float)

    def loss(beta: np.ndarray, held: float | None = None) -> float:
        b = beta if held is None else np.array([beta[0], held, beta[1]])
        score = b[0] + x @ (b[1:] / [1.0, 40.0])
        return float((np.logaddexp(0, score) - y * score).sum())

    free = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-9})
    one, other = logistic(y, {"a": x[:, 0], "b": x[:, 1]})
    assert [one.coefficient, other.coefficient * 40] == pytest.approx(free.x[1:], abs=1e-6)
    for limit in (one.low, one.high):
        assert limit is not None
        fallen = minimize(loss, np.zeros(2), args=(math.log(limit),), method="BFGS", options={"gtol": 1e-9}).fun - free.fun
        assert 2 * fallen == pytest.approx(3.841458820694124, abs=1e-5)


def test_exchanging_outcomes_turns_the_ratio_round() -> None:
    (one,), (other,) = logistic(HAPPENED, {"x": EXPOSED}), logistic(1 - HAPPENED, {"x": EXPOSED})
    assert one.low is not None
    assert other.high is not None
    assert (one.ratio * other.ratio, one.low * other.high) == pytest.approx((1.0, 1.0))


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(Refused, match="SEPARATION"):
        logistic([0, 0, 0, 1, 1, 1], {"x": [1, 2, 3, 4, 5, 6]})
    with pytest.raises(Refused, match="ONE_OUTCOME"):
        logistic([0, 0, 0], {"x": [1, 2, 3]})
    with pytest.raises(Refused, match="COVARIATE_CONSTANT"):
        logistic([0, 1, 0], {"x": [1, 1, 1]})
    with pytest.raises(Refused, match="VALUE_MISSING"):
        logistic([0, 1, float("nan")], {"x": [1, 2, 3]})


def test_slope_and_information_are_derivatives() -> None:
    _, data = outcome_table(HAPPENED, {"x": EXPOSED + np.linspace(0, 1, 22)})
    here, step = np.array([0.3, -0.4]), 1e-5
    at = likelihood(data, here)
    for k, unit in enumerate(np.eye(2) * step):
        up, down = likelihood(data, here + unit), likelihood(data, here - unit)
        assert at.slope[k] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-6)
        assert at.information[k] == pytest.approx((down.slope - up.slope) / (2 * step), rel=1e-6)


@pytest.mark.r
def test_as_r(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=50), rng.integers(0, 2, 50)
    y = (0.8 * a - b + rng.logistic(size=50) > 0).astype(int)
    table, script = tmp_path / "z.csv", tmp_path / "glm.R"
    script.write_text(IN_R)
    np.savetxt(table, np.column_stack([y, a, b]), delimiter=",", header="y,a,b", comments="", fmt="%.17g")
    ran = subprocess.run(["Rscript", "--vanilla", str(script), str(table)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    at, low, high, p = (float(line) for line in ran.stdout.split())
    one, _ = logistic(y, {"a": a, "b": b})
    assert one.low is not None
    assert one.high is not None
    assert (one.coefficient, math.log(one.low), math.log(one.high), one.p) == pytest.approx((at, low, high, p), abs=1e-6)
