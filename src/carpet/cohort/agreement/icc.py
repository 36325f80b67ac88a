"""Intraclass correlation (ICC): how much of the variance of numbers is that of the cases, by the design of the reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike
from scipy.stats import f

from carpet.cohort.agreement.estimate import LEVEL, NO_SPREAD, SUBJECTS_ALIKE, Estimate, FloatArray, columns
from carpet.core.errors import NotMeasurable

Design = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
ERROR_PREVAILS = "ERROR_PREVAILS"
NOTHING = 1e-12  # of the whole variance: below this a mean square is rounding


@dataclass(frozen=True, slots=True)
class _MeanSquares:
    """Of n cases (rows) by k readers (columns): between cases, between readers, residual, within cases."""

    n: int
    k: int
    cases: float
    readers: float
    residual: float
    within: float


def icc(ratings: ArrayLike, *, design: Design = "2,1", level: float = LEVEL) -> Estimate:
    """The ICC of ratings (n cases, k readers) with its F-based interval; without one where all readers agree on all cases (NO_SPREAD).

    1: each case by other readers; 2: the readers are a sample, absolute agreement (A in newer names); 3: these readers only, consistency
    (C). ,1: of one reader; ,k: of the mean of all. Raises NotMeasurable for fewer than two cases or readers (TOO_FEW_CASES), where all
    cases have one mean (SUBJECTS_ALIKE), and for a mean of readers where error prevails (ERROR_PREVAILS). Source: Shrout & Fleiss 1979
    Psychol Bull 86:420; McGraw & Wong 1996 Psychol Methods 1:30.
    """
    squares = _mean_squares(columns(ratings))
    if squares.cases == 0.0:
        raise NotMeasurable(SUBJECTS_ALIKE)
    model = design[0]
    value, low, high = _two_way_random(squares, level) if model == "2" else _by_one_ratio(squares, model, level)
    if low == high:  # no error at all: the F that would tell of it does not exist
        return Estimate(value, None, None, squares.n, NO_SPREAD)
    if not design.endswith("k"):
        return Estimate(value, low, high, squares.n)
    mean = _of_mean(value, squares.k)
    if mean is None:
        raise NotMeasurable(ERROR_PREVAILS)
    return Estimate(mean, _of_mean(low, squares.k), _of_mean(high, squares.k), squares.n)


def _mean_squares(table: FloatArray) -> _MeanSquares:
    n, k = table.shape
    grand, rows, across = table.mean(), table.mean(axis=1), table.mean(axis=0)
    cases = float(k * ((rows - grand) ** 2).sum() / (n - 1))
    readers = float(n * ((across - grand) ** 2).sum() / (k - 1))
    residual = float(((table - rows[:, None] - across[None, :] + grand) ** 2).sum() / ((n - 1) * (k - 1)))
    within = float(((table - rows[:, None]) ** 2).sum() / (n * (k - 1)))
    least = NOTHING * (cases + readers + residual)
    return _MeanSquares(n, k, *(0.0 if one <= least else one for one in (cases, readers, residual, within)))


def _by_one_ratio(s: _MeanSquares, model: str, level: float) -> tuple[float, float, float]:
    """Designs 1 and 3: value and limits follow from one F; all are 1 where there is no error."""
    error, freedom = (s.within, s.n * (s.k - 1)) if model == "1" else (s.residual, (s.n - 1) * (s.k - 1))
    if error == 0.0:
        return 1.0, 1.0, 1.0
    ratio, tail = s.cases / error, 0.5 + level / 2.0
    low, high = ratio / f.ppf(tail, s.n - 1, freedom), ratio * f.ppf(tail, freedom, s.n - 1)
    value, lower, upper = ((one - 1.0) / (one + s.k - 1.0) for one in (ratio, low, high))
    return float(value), float(lower), float(upper)


def _two_way_random(s: _MeanSquares, level: float) -> tuple[float, float, float]:
    """Design 2: the interval has Satterthwaite's degrees of freedom."""
    n, k = s.n, s.k
    value = (s.cases - s.residual) / (s.cases + (k - 1) * s.residual + k * (s.readers - s.residual) / n)
    if s.residual == 0.0 and s.readers == 0.0:
        return 1.0, 1.0, 1.0
    of_readers, of_rest = k * value * s.readers, (n * (1.0 + (k - 1) * value) - k * value) * s.residual
    freedom = (k - 1) * (n - 1) * (of_readers + of_rest) ** 2 / ((n - 1) * of_readers**2 + of_rest**2)
    tail = 0.5 + level / 2.0
    above, below = f.ppf(tail, n - 1, freedom), f.ppf(tail, freedom, n - 1)
    rest = k * s.readers + (n * k - n - k) * s.residual
    low = n * (s.cases - above * s.residual) / (above * rest + n * s.cases)
    high = n * (below * s.cases - s.residual) / (rest + n * below * s.cases)
    return float(value), float(low), float(high)


def _of_mean(single: float, k: int) -> float | None:
    """Spearman–Brown: from one reader to the mean of k; None where so much is error that it has no such mean."""
    share = 1.0 + (k - 1) * single
    return k * single / share if share > NOTHING else None
