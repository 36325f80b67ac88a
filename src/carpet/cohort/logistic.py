"""Logistic regression by maximum likelihood: odds ratios with profile intervals and likelihood ratio tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from carpet.cohort import notices
from carpet.cohort.covariates import Design, design
from carpet.cohort.profiled import Climb, Hill, highest, profile
from carpet.cohort.survival import FloatArray, numbers
from carpet.core.errors import Refused


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """One covariate: odds ratio per unit with its profile interval (a limit None where there is none), coefficient, P of its ratio test."""

    name: str
    ratio: float
    low: float | None
    high: float | None
    coefficient: float
    p: float


@dataclass(frozen=True, eq=False)
class Outcome:
    """y (n,), 0 or 1; x (n, 1 + p), a column of ones before the standardised covariates."""

    y: FloatArray
    x: FloatArray


def logistic(happened: ArrayLike, covariates: Mapping[str, ArrayLike], *, level: float = 0.95) -> tuple[OddsRatio, ...]:
    """Whether it happened (n,) on covariates (each (n,), by name), one row a covariate; the intercept is left out.

    Raises Refused: VALUE_MISSING, COVARIATE_CONSTANT, COVARIATES_COLLINEAR, ONE_OUTCOME, SEPARATION (the maximum lies at infinity).
    Source: McCullagh & Nelder 1989, ch. 4; equals R's glm with profile intervals.
    """
    table, data = outcome_table(happened, covariates)
    return odds_ratios(table, lambda beta: likelihood(data, beta), np.zeros(data.x.shape[1]), level=level)


def outcome_table(happened: ArrayLike, covariates: Mapping[str, ArrayLike]) -> tuple[Design, Outcome]:
    """The checked outcome and covariates; raises Refused as `logistic`, but for separation."""
    y = numbers(np.asarray(happened, dtype=np.float64), np.asarray(happened).size, "outcome")
    table = design(covariates, y.size)
    if np.ptp(y) == 0.0:
        raise Refused(notices.ONE_OUTCOME.at("outcome", f"{int(y.sum())} of {y.size} patients"))
    return table, Outcome(y, np.column_stack([np.ones(y.size), table.standard]))


def likelihood(data: Outcome, beta: FloatArray) -> Hill:
    """Value, slope and information of the binomial likelihood at beta (1 + p,)."""
    score = data.x @ beta
    chance = expit(score)
    value = float((data.y * log_expit(score) + (1.0 - data.y) * log_expit(-score)).sum())
    return Hill(value, data.x.T @ (data.y - chance), (data.x.T * (chance * (1.0 - chance))) @ data.x)


def odds_ratios(table: Design, climb: Climb, start: FloatArray, *, level: float) -> tuple[OddsRatio, ...]:
    """The covariates' ratios per unit as given, from a likelihood whose last coefficients are theirs, standardised."""
    best, _ = highest(climb, start)
    skip = best.size - len(table.names)
    found = []
    for term, name in enumerate(table.names):
        scale = float(table.scale[term])
        held = profile(climb, best, skip + term, level=level)
        low, high = (None if limit is None else float(np.exp(limit / scale)) for limit in (held.low, held.high))
        beta = float(best[skip + term]) / scale
        found.append(OddsRatio(name, float(np.exp(beta)), low, high, beta, held.p))
    return tuple(found)
