"""Cox's model by Firth's penalised likelihood: finite hazard ratios where a covariate tells all events apart, less bias in few patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import chi2

from carpet.cohort import notices
from carpet.cohort.covariates import Design, design
from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.cox_rows import Batch, Ties, batch, ordered
from carpet.cohort.survival import FloatArray, Survival, labelled
from carpet.core.errors import Refused

MOST_STEPS = 200
SMALL_STEP = 1e-8  # in standard deviations of the covariate
NUDGE = 2e-3  # standard deviations: the step of the central differences of the information; their error is its fourth power
SHIFTS = {-2.0: 1.0, -1.0: -8.0, 1.0: 8.0, 2.0: -1.0}  # nudges → weight in the difference
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


class _Rows(NamedTuple):
    """The rows once, and once for each shift of each coefficient, whose differences give the penalty's slope in one pass."""

    once: Batch
    shifted: Batch


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # far out, where a limit is sought, sums may overflow: it is then not found
def cox_firth(
    survival: Survival, covariates: Mapping[str, ArrayLike], *, strata: ArrayLike | None = None, ties: Ties = "efron", level: float = 0.95
) -> tuple[FirthRatio, ...]:
    """The maximum of log L + ½ log|I|, one row a covariate. Raises Refused as `cox`, but never for separation.

    Source: Heinze & Schemper 2001 Biometrics 57:114 (R's coxphf takes Breslow's ties; here Efron's unless asked).
    """
    table, rows = _rows_of(survival, covariates, strata, ties)
    best = _best(rows, np.zeros(len(table.names)), list(range(len(table.names))))
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


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def firth_p(survival: Survival, covariates: Mapping[str, ArrayLike], held: Sequence[str], *, strata: ArrayLike | None = None) -> float:
    """P of the penalised likelihood ratio test that all covariates `held` have no effect; the penalty stays that of all.

    Raises Refused as `cox_firth`. Source: Heinze & Schemper 2001 Biometrics 57:114.
    """
    table, rows = _rows_of(survival, covariates, strata, "efron")
    free = list(range(len(table.names)))
    top = _penalised(rows, _best(rows, np.zeros(len(free)), free))
    left = [n for n in free if table.names[n] not in held]
    without = _penalised(rows, _best(rows, np.zeros(len(free)), left))
    return float(chi2.sf(max(0.0, 2.0 * (top - without)), len(free) - len(left)))


def _rows_of(survival: Survival, covariates: Mapping[str, ArrayLike], strata: ArrayLike | None, ties: Ties) -> tuple[Design, _Rows]:
    table = design(covariates, survival.rows)
    _, stratum = labelled(np.zeros(survival.rows) if strata is None else strata, survival.rows)
    if not (survival.event > 0).any():
        raise Refused(notices.NO_EVENTS.at("event"))
    data = ordered(survival, table.standard, strata=stratum)
    every = np.arange(survival.rows, dtype=np.int64)[None, :]
    shifted = np.repeat(every, len(SHIFTS) * len(table.names), axis=0)
    return table, _Rows(batch(data, every, ties=ties), batch(data, shifted, ties=ties))


def _penalised(rows: _Rows, beta: FloatArray) -> float:
    """−∞ where the sums overflow."""
    now = likelihood(rows.once, beta[None, :])
    value = float(now.value[0]) + 0.5 * float(np.linalg.slogdet(now.information[0])[1])
    return value if np.isfinite(value) else -np.inf


def _best(rows: _Rows, start: FloatArray, free: list[int]) -> FloatArray:
    """The penalised maximum over the free coefficients; the others stay as in `start`."""
    beta, value = start.copy(), _penalised(rows, start)
    if not free or value == -np.inf:
        return beta
    for _ in range(MOST_STEPS):
        step = np.zeros_like(beta)
        now = likelihood(rows.once, beta[None, :])
        try:
            slope = _slope(rows, beta, now.slope[0], now.information[0])
            step[free] = np.linalg.solve(now.information[0][np.ix_(free, free)], slope[free])
        except np.linalg.LinAlgError:
            break
        step *= min(1.0, LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        while (there := _penalised(rows, beta + step)) < value - 1e-9:
            step /= 2.0
        beta, value = beta + step, there
        if np.abs(step).max() < SMALL_STEP:
            return beta
    raise Refused(notices.NO_CONVERGENCE.at("Firth's penalised likelihood"))


def _slope(rows: _Rows, beta: FloatArray, slope: FloatArray, information: FloatArray) -> FloatArray:
    """Slope of the penalised likelihood: U + ½ tr(I⁻¹ ∂I/∂β), the derivative by central differences of fourth order."""
    terms = beta.size
    shifts = np.concatenate([factor * NUDGE * np.eye(terms) for factor in SHIFTS])
    around = likelihood(rows.shifted, beta + shifts).information.reshape(len(SHIFTS), terms, terms, terms)
    change = np.tensordot(list(SHIFTS.values()), around, axes=1) / (12.0 * NUDGE)
    return np.asarray(slope + 0.5 * np.einsum("ij,rji->r", np.linalg.inv(information), change), dtype=np.float64)


def _held(rows: _Rows, best: FloatArray, term: int, value: float) -> float:
    """The penalised likelihood with one coefficient held, the others at their best. The penalty is that of all of them."""
    start = best.copy()
    start[term] = value
    return _penalised(rows, _best(rows, start, [other for other in range(best.size) if other != term]))


def _limit(rows: _Rows, best: FloatArray, term: int, sign: float, level: float) -> float | None:
    """Where the held likelihood falls to `level` on one side; None where it does not within reach."""
    reach = 0.5
    while (there := _held(rows, best, term, float(best[term]) + sign * reach)) > level:
        reach *= 1.5
        if reach > FURTHEST:
            return None
    if there == -np.inf:
        return None
    ends = float(best[term]), float(best[term]) + sign * reach
    return float(brentq(lambda value: _held(rows, best, term, value) - level, *ends, xtol=1e-7))
