"""Fleiss' κ and Gwet's AC1: agreement on categories of two readers or more, of whom each case may lack some."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import sqrt

import numpy as np
from scipy.stats import t

from carpet.cohort.agreement.estimate import (
    LEAST_FOR_INTERVAL,
    LEVEL,
    ONE_CATEGORY,
    TOO_FEW_CASES,
    TOO_FEW_FOR_INTERVAL,
    Estimate,
    FloatArray,
    between,
    counted,
)
from carpet.core.errors import NotMeasurable

Ratings = Sequence[Sequence[Hashable | None]]


def fleiss_kappa(ratings: Ratings, *, categories: Sequence[Hashable], level: float = LEVEL) -> Estimate:
    """κ of n cases by several readers (None: not rated): chance is Σ π². Raises NotMeasurable below two cases that two readers rated.

    The interval is Gwet's, which does not assume that there is no agreement. Source: Fleiss 1971 Psychol Bull 76:378; Gwet 2008 Br J Math
    Stat Psychol 61:29.
    """
    table, prevalence = _prepared(ratings, categories)
    chance = float((prevalence**2).sum())
    of_case = table @ prevalence / table.sum(axis=1)
    return _corrected(table, chance, of_case, level)


def gwet_ac1(ratings: Ratings, *, categories: Sequence[Hashable], level: float = LEVEL) -> Estimate:
    """AC1 of n cases by several readers (None: not rated): chance is Σ π(1 − π)/(c − 1), which keeps its sense where one category prevails.

    categories: all c there are, used or not. Raises NotMeasurable below two cases that two readers rated, and for one category
    (ONE_CATEGORY). Source: Gwet 2008 Br J Math Stat Psychol 61:29.
    """
    if len(categories) < 2:
        raise NotMeasurable(ONE_CATEGORY)
    table, prevalence = _prepared(ratings, categories)
    chance = float((prevalence * (1.0 - prevalence)).sum()) / (len(categories) - 1)
    of_case = table @ (1.0 - prevalence) / table.sum(axis=1) / (len(categories) - 1)
    return _corrected(table, chance, of_case, level)


def percent_agreement(ratings: Ratings, *, categories: Sequence[Hashable]) -> Estimate:
    """How often two readers of a case agree, in percent, over all pairs of readers; no interval. Raises NotMeasurable as the others."""
    table, _ = _prepared(ratings, categories)
    pairs = table[table.sum(axis=1) >= 2]
    return Estimate(100.0 * float(_agreement(pairs).mean()), None, None, len(pairs))


def _prepared(ratings: Ratings, categories: Sequence[Hashable]) -> tuple[FloatArray, FloatArray]:
    """Cases by categories, and how often each category is used, every case counted once however many read it."""
    table = counted(ratings, categories)
    if int((table.sum(axis=1) >= 2).sum()) < 2:
        raise NotMeasurable(TOO_FEW_CASES)
    return table, (table / table.sum(axis=1, keepdims=True)).mean(axis=0)


def _agreement(pairs: FloatArray) -> FloatArray:
    readers = pairs.sum(axis=1)
    return np.asarray((pairs * (pairs - 1.0)).sum(axis=1) / (readers * (readers - 1.0)), dtype=np.float64)


def _corrected(table: FloatArray, chance: float, chance_of_case: FloatArray, level: float) -> Estimate:
    """(observed − chance)/(1 − chance), with the error of Gwet 2008: cases read once tell of prevalence only. No interval below 10 cases
    that two have read."""
    if 1.0 - chance < 1e-12:
        raise NotMeasurable(ONE_CATEGORY)
    n, twice = len(table), table.sum(axis=1) >= 2
    agreed = _agreement(table[twice])
    value = (float(agreed.mean()) - chance) / (1.0 - chance)
    if int(twice.sum()) < LEAST_FOR_INTERVAL:
        return Estimate(value, None, None, n, TOO_FEW_FOR_INTERVAL)
    of_case = np.zeros(n)
    of_case[twice] = (n / int(twice.sum())) * (agreed - chance) / (1.0 - chance)
    of_case -= 2.0 * (1.0 - value) * (chance_of_case - chance) / (1.0 - chance)
    error = sqrt(float(((of_case - value) ** 2).sum()) / (n * (n - 1)))
    return between(value, error, float(t.ppf(0.5 + level / 2.0, n - 1)), n=n)
