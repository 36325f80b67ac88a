"""A statistic of agreement with its interval, and how many cases it rests on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carpet.core.errors import NotMeasurable, ProtocolError

FloatArray = NDArray[np.float64]
LEVEL = 0.95  # of every interval, where the caller does not say
TOO_FEW_CASES = "TOO_FEW_CASES"
SUBJECTS_ALIKE = "SUBJECTS_ALIKE"
ONE_CATEGORY = "ONE_CATEGORY"
# why there is a value without an interval
TOO_FEW_FOR_INTERVAL, NO_SPREAD = "TOO_FEW_FOR_INTERVAL", "NO_SPREAD"
LEAST_FOR_INTERVAL = 10  # [P] cases: the errors of kappa and AC1 are those of large samples


@dataclass(frozen=True, slots=True)
class Estimate:
    """value with the limits of its interval, of n cases. Without limits no_interval says why: TOO_FEW_FOR_INTERVAL cases, or NO_SPREAD
    (all cases alike, from which no error can be told); it is empty where the statistic has no interval at all."""

    value: float
    low: float | None
    high: float | None
    n: int
    no_interval: str = ""


def columns(ratings: ArrayLike) -> FloatArray:
    """Numbers (n cases, k readers), all there; NotMeasurable(TOO_FEW_CASES) below two of either, ProtocolError for what is no table."""
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ProtocolError("ratings are a table: a row a case, a column a reader")
    if not np.isfinite(table).all():
        raise ProtocolError("a rating is missing or no number: leave the case out, and say so")
    if min(table.shape) < 2:
        raise NotMeasurable(TOO_FEW_CASES)
    return table


def counted(ratings: Sequence[Sequence[Hashable | None]], categories: Sequence[Hashable]) -> FloatArray:
    """How many readers put each case (n) into each category (c); None is not rated. Raises ProtocolError for a category not listed.

    Cases that nobody rated are left out.
    """
    place = {one: index for index, one in enumerate(categories)}
    unknown = sorted({str(one) for case in ratings for one in case if one is not None and one not in place})
    if unknown:
        raise ProtocolError(f"no category is called {', '.join(unknown)}. There are: {', '.join(str(one) for one in categories)}.")
    table = np.zeros((len(ratings), len(categories)))
    for row, case in enumerate(ratings):
        for one in case:
            if one is not None:
                table[row, place[one]] += 1.0
    rated: FloatArray = table[table.sum(axis=1) > 0]
    return rated


def between(value: float, error: float, quantile: float, *, n: int, least: float = -1.0) -> Estimate:
    """value ± quantile · error, kept within what the statistic can be; without an interval where the error is nothing but rounding."""
    if error < 1e-12:
        return Estimate(value, None, None, n, NO_SPREAD)
    return Estimate(value, max(value - quantile * error, least), min(value + quantile * error, 1.0), n)
