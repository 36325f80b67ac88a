"""Profile-likelihood intervals of hazard ratios: what to trust where events are few and the likelihood is skewed."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from carpet.cohort.cox import Cox
from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.survival import FloatArray

MOST_STEPS = 50
SMALL_STEP = 1e-10  # in standard deviations of the covariate


def profile_interval(model: Cox, name: str, *, level: float = 0.95) -> tuple[float, float]:
    """The hazard ratios at which twice the log-likelihood, the other covariates refitted, has fallen by the chi-square of `level`.

    Both limits exist: the likelihood is concave. Source: Venzon & Moolgavkar 1988 Appl Stat 37:87.
    """
    term = model.names.index(name)
    drop = float(chi2.ppf(level, 1)) / 2.0
    centre, error = (
        float(model.fitted.found.beta[0, term]),
        float(np.sqrt(np.linalg.inv(model.fitted.found.there.information[0])[term, term])),
    )

    def above(value: float) -> float:
        return _profiled(model, term, value) - (model.log_likelihood - drop)

    limits = []
    for sign in (-1.0, 1.0):
        reach = 1.0
        while above(centre + sign * reach * error) > 0.0:
            reach *= 1.5
        root = float(brentq(above, centre, centre + sign * reach * error, xtol=1e-12, rtol=1e-12))
        limits.append(float(np.exp(root / model.fitted.design.scale[term])))
    return limits[0], limits[1]


def _profiled(model: Cox, term: int, value: float) -> float:
    """The log-likelihood with one standardised coefficient held and the others at their best."""
    rows = model.fitted.rows
    beta: FloatArray = model.fitted.found.beta.copy()
    beta[0, term] = value
    others = [other for other in range(beta.shape[1]) if other != term]
    now = likelihood(rows, beta)
    for _ in range(MOST_STEPS):
        if not others:
            break
        step = np.linalg.solve(now.information[0][np.ix_(others, others)], now.slope[0, others])
        if np.abs(step).max() < SMALL_STEP:
            break
        there = likelihood(rows, _moved(beta, others, step))
        while there.value[0] < now.value[0] - 1e-10:
            step = step / 2.0
            there = likelihood(rows, _moved(beta, others, step))
        beta, now = _moved(beta, others, step), there
    return float(now.value[0])


def _moved(beta: FloatArray, others: list[int], step: FloatArray) -> FloatArray:
    moved = beta.copy()
    moved[0, others] += step
    return moved
