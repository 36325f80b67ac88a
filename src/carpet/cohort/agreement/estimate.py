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


@dataclass(frozen=True, slots=True)
class Estimate:
    """value with the limits of its interval (both None where the cases are too few for one), of n cases."""

    value: float
    low: float | None
    high: float | None
    n: int


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
    """value ± quantile · error, kept within what the statistic can be."""
    return Estimate(value, max(value - quantile * error, least), min(value + quantile * error, 1.0), n)
