"""Proportional odds: an ordered grade on covariates, one odds ratio for every threshold, and a test whether one is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from carpet.cohort import notices
from carpet.cohort.covariates import design
from carpet.cohort.cox import ChiSquare, chi_square
from carpet.cohort.logistic import OddsRatio, odds_ratios
from carpet.cohort.profiled import Hill, highest
from carpet.cohort.survival import FloatArray, IntArray, numbers
from carpet.core.errors import Refused

EVER_POSITIVE = 1e-300  # a probability below has no logarithm


@dataclass(frozen=True, eq=False)
class ProportionalOdds:
    """Odds of a higher grade, one row a covariate; `proportional`: score test that the ratio is the same at every threshold."""

    odds_ratios: tuple[OddsRatio, ...]
    levels: tuple[float, ...]
    proportional: ChiSquare


@dataclass(frozen=True, eq=False)
class Grades:
    """grade (n,), 0 … K − 1; x (n, p) standardised; upper and lower (n, K − 1): which threshold bounds the grade, none at the ends."""

    grade: IntArray
    x: FloatArray
    upper: FloatArray
    lower: FloatArray


def proportional_odds(grade: ArrayLike, covariates: Mapping[str, ArrayLike], *, level: float = 0.95) -> ProportionalOdds:
    """logit P(grade ≤ k) = ζₖ − x β on covariates (each (n,), by name), over the grades that occur (three at least).

    Profile intervals and likelihood ratio tests. Raises Refused: as `logistic`, and FEW_LEVELS for two grades or one.
    Source: McCullagh 1980 J R Stat Soc B 42:109 (R's MASS::polr); score test: Peterson & Harrell 1990 Appl Stat 39:205.
    """
    values = numbers(np.asarray(grade, dtype=np.float64), np.asarray(grade).size, "grade")
    table = design(covariates, values.size)
    levels, index = np.unique(values, return_inverse=True)
    if levels.size < 3:
        raise Refused(notices.FEW_LEVELS.at("grade", ", ".join(f"{one:g}" for one in levels)))
    data = _grades(index.astype(np.int64), table.standard, levels.size)
    share = np.cumsum(np.bincount(index))[:-1] / values.size
    start = np.concatenate([np.log(share / (1.0 - share)), np.zeros(len(table.names))])
    found = odds_ratios(table, lambda place: likelihood(data, place), start, level=level)
    best, _ = highest(lambda place: likelihood(data, place), start)
    return ProportionalOdds(found, tuple(float(one) for one in levels), _score_test(data, best))


def _grades(grade: IntArray, x: FloatArray, levels: int) -> Grades:
    steps = np.arange(levels - 1)
    return Grades(grade, x, (grade[:, None] == steps).astype(np.float64), (grade[:, None] - 1 == steps).astype(np.float64))


def likelihood(data: Grades, place: FloatArray) -> Hill:
    """Value (−∞ where thresholds are out of order), slope and information at thresholds and coefficients (K − 1 + p,)."""
    steps = data.upper.shape[1]
    if (np.diff(place[:steps]) <= 0.0).any():
        return Hill(-np.inf, np.zeros_like(place), np.eye(place.size))
    parts = _parts(data, place[:steps], data.x @ place[steps:])
    above, below = np.hstack([data.upper, -data.x]), np.hstack([data.lower, -data.x])
    slope = above.T @ parts.first_upper + below.T @ parts.first_lower
    cross = (above.T * parts.cross) @ below
    bend = (above.T * parts.second_upper) @ above + (below.T * parts.second_lower) @ below + cross + cross.T
    return Hill(float(np.log(parts.chance).sum()), slope, -bend)


@dataclass(frozen=True, eq=False)
class Parts:
    """Per patient (n,): the chance of the grade, and the derivatives of its logarithm by upper and lower bound."""

    chance: FloatArray
    first_upper: FloatArray
    first_lower: FloatArray
    second_upper: FloatArray
    second_lower: FloatArray
    cross: FloatArray


def _parts(data: Grades, thresholds: FloatArray, score: FloatArray) -> Parts:
    padded = np.concatenate([[-np.inf], thresholds, [np.inf]])
    upper, lower = padded[data.grade + 1] - score, padded[data.grade] - score
    # the smaller tail on both sides, so that a difference near 1 loses no digits
    chance = np.where(lower > 0.0, expit(-lower) - expit(-upper), expit(upper) - expit(lower))
    chance = np.maximum(chance, EVER_POSITIVE)
    f_upper, f_lower = (expit(one) * expit(-one) for one in (upper, lower))
    turn_upper, turn_lower = (f * (expit(-one) - expit(one)) for f, one in ((f_upper, upper), (f_lower, lower)))
    a, b = f_upper / chance, -f_lower / chance
    return Parts(chance, a, b, turn_upper / chance - a**2, -turn_lower / chance - b**2, -a * b)


def _score_test(data: Grades, best: FloatArray) -> ChiSquare:
    """Against a coefficient of its own at every threshold, by the slope and the expected information of that wider model."""
    steps, terms = data.upper.shape[1], data.x.shape[1]
    score = data.x @ best[steps:]
    slope = np.zeros(steps * (1 + terms))
    information = np.zeros((slope.size, slope.size))
    for grade in range(steps + 1):
        if_so = _grades(np.full(score.size, grade, dtype=np.int64), data.x, steps + 1)
        parts = _parts(if_so, best[:steps], score)
        each = parts.first_upper[:, None] * _own(if_so.upper, data.x) + parts.first_lower[:, None] * _own(if_so.lower, data.x)
        slope += each[data.grade == grade].sum(axis=0)
        information += (each.T * parts.chance) @ each
    return chi_square(float(slope @ np.linalg.solve(information, slope)), terms * (steps - 1))


def _own(bound: FloatArray, x: FloatArray) -> FloatArray:
    """How thresholds, and coefficients of each threshold, move a bound: (n, (K − 1)(1 + p))."""
    return np.hstack([bound, (bound[:, :, None] * -x[:, None, :]).reshape(x.shape[0], -1)])
