"""Cox's model by Firth's penalised likelihood: finite hazard ratios where a covariate tells all events apart, less bias in few patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import chi2

from carpet.cohort import notices
from carpet.cohort.covariates import design
from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.cox_rows import Batch, Ties, batch, ordered
from carpet.cohort.survival import FloatArray, Survival, labelled
from carpet.core.errors import Refused

MOST_STEPS = 200
SMALL_STEP = 1e-8  # in standard deviations of the covariate
NUDGE = 2e-3  # standard deviations: the step of the central differences of the information; their error is its fourth power
LARGEST_STEP = 2.0  # standard deviations at once
FURTHEST = 60.0  # standard deviations within which a limit is sought


@dataclass(frozen=True, slots=True)
class FirthRatio:
    """One covariate: hazard ratio, profile penalised-likelihood interval (a limit None where there is none), and P of its ratio test."""

    name: str
    ratio: float
    low: float | None
    high: float | None
    coefficient: float
    p: float


def cox_firth(
    survival: Survival, covariates: Mapping[str, ArrayLike], *, strata: ArrayLike | None = None, ties: Ties = "efron", level: float = 0.95
) -> tuple[FirthRatio, ...]:
    """The maximum of log L + ½ log|I|, one row a covariate. Raises Refused as `cox`, but never for separation.

    Source: Heinze & Schemper 2001 Biometrics 57:114 (R's coxphf takes Breslow's ties; here Efron's unless asked).
    """
    table = design(covariates, survival.rows)
    _, stratum = labelled(np.zeros(survival.rows) if strata is None else strata, survival.rows)
    if not (survival.event > 0).any():
        raise Refused(notices.NO_EVENTS.at("event"))
    data = ordered(survival, table.standard, strata=stratum)
    rows = batch(data, np.arange(survival.rows, dtype=np.int64)[None, :], ties=ties)
    free = list(range(len(table.names)))
    best = _best(rows, np.zeros(len(free)), free)
    top = _penalised(rows, best)
    found = []
    for term, name in enumerate(table.names):
        without = _held(rows, best, term, 0.0)
        p = float(chi2.sf(max(0.0, 2.0 * (top - without)), 1))
        limits = [_limit(rows, best, term, sign, top - float(chi2.ppf(level, 1)) / 2.0) for sign in (-1.0, 1.0)]
        low, high = (None if limit is None else float(np.exp(limit / table.scale[term])) for limit in limits)
        beta = float(best[term] / table.scale[term])
        found.append(FirthRatio(name, float(np.exp(beta)), low, high, beta, p))
    return tuple(found)


def _penalised(rows: Batch, beta: FloatArray) -> float:
    now = likelihood(rows, beta[None, :])
    return float(now.value[0]) + 0.5 * float(np.linalg.slogdet(now.information[0])[1])


def _best(rows: Batch, start: FloatArray, free: list[int]) -> FloatArray:
    """The penalised maximum over the free coefficients; the others stay as in `start`."""
    beta, value = start.copy(), _penalised(rows, start)
    for _ in range(MOST_STEPS):
        if not free:
            return beta
        step = np.zeros_like(beta)
        now = likelihood(rows, beta[None, :])
        step[free] = np.linalg.solve(now.information[0][np.ix_(free, free)], _slope(rows, beta, now.slope[0], now.information[0])[free])
        step *= min(1.0, LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        while (there := _penalised(rows, beta + step)) < value - 1e-9:
            step /= 2.0
        beta, value = beta + step, there
        if np.abs(step).max() < SMALL_STEP:
            return beta
    raise Refused(notices.NO_CONVERGENCE.at("Firth's penalised likelihood"))


def _slope(rows: Batch, beta: FloatArray, slope: FloatArray, information: FloatArray) -> FloatArray:
    """Slope of the penalised likelihood: U + ½ tr(I⁻¹ ∂I/∂β), the derivative by central differences of fourth order."""
    terms = beta.size
    change = np.zeros((terms, terms, terms))
    for factor, weight in ((-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)):
        for term, shift in enumerate(factor * NUDGE * np.eye(terms)):
            change[term] += weight / (12.0 * NUDGE) * likelihood(rows, (beta + shift)[None, :]).information[0]
    return np.asarray(slope + 0.5 * np.einsum("ij,rji->r", np.linalg.inv(information), change), dtype=np.float64)


def _held(rows: Batch, best: FloatArray, term: int, value: float) -> float:
    """The penalised likelihood with one coefficient held, the others at their best. The penalty is that of all of them."""
    start = best.copy()
    start[term] = value
    return _penalised(rows, _best(rows, start, [other for other in range(best.size) if other != term]))


def _limit(rows: Batch, best: FloatArray, term: int, sign: float, level: float) -> float | None:
    """Where the held likelihood falls to `level` on one side; None where it does not within reach."""
    reach = 0.5
    while _held(rows, best, term, float(best[term]) + sign * reach) > level:
        reach *= 1.5
        if reach > FURTHEST:
            return None
    ends = float(best[term]), float(best[term]) + sign * reach
    return float(brentq(lambda value: _held(rows, best, term, value) - level, *ends, xtol=1e-7))
