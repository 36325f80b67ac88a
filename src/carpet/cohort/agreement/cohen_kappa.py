"""Cohen's κ of two readers, weighted where categories have an order; it collapses where nearly all cases are alike: show AC1 beside it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import sqrt
from typing import Literal

import numpy as np
from scipy.special import ndtri

from carpet.cohort.agreement.estimate import (
    LEAST_FOR_INTERVAL,
    LEVEL,
    ONE_CATEGORY,
    TOO_FEW_CASES,
    TOO_FEW_FOR_INTERVAL,
    Estimate,
    FloatArray,
    between,
)
from carpet.core.errors import NotMeasurable, ProtocolError

Weights = Literal["none", "linear", "quadratic"]


def cohen_kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    *,
    categories: Sequence[Hashable],
    weights: Weights = "none",
    level: float = LEVEL,
) -> Estimate:
    """κ of the same cases by two readers; categories: all there are, in order, used or not (the weights count from end to end).

    Weights: linear 1 − |i−j|/(c−1), quadratic 1 − (i−j)²/(c−1)². The interval is by the large-sample error; none below 10 cases, and
    none where both agree on all (NO_SPREAD). Raises
    NotMeasurable for fewer than two cases, and where both readers used one category only (ONE_CATEGORY). Source: Cohen 1968 Psychol Bull
    70:213; Fleiss, Cohen & Everitt 1969 Psychol Bull 72:323.
    """
    table = crossed(first, second, categories=categories)
    n = int(table.sum())
    if n < 2:
        raise NotMeasurable(TOO_FEW_CASES)
    p, w = table / n, _weights(len(categories), weights)
    rows, across = p.sum(axis=1), p.sum(axis=0)
    observed, chance = float((w * p).sum()), float((w * np.outer(rows, across)).sum())
    if 1.0 - chance < 1e-12:
        raise NotMeasurable(ONE_CATEGORY)
    kappa = (observed - chance) / (1.0 - chance)
    of_pair = (w @ across)[:, None] + (rows @ w)[None, :]
    spread = float((p * (w - of_pair * (1.0 - kappa)) ** 2).sum()) - (kappa - chance * (1.0 - kappa)) ** 2
    if n < LEAST_FOR_INTERVAL:
        return Estimate(kappa, None, None, n, TOO_FEW_FOR_INTERVAL)
    return between(kappa, sqrt(max(spread, 0.0) / n) / (1.0 - chance), float(ndtri(0.5 + level / 2.0)), n=n)


def crossed(first: Sequence[Hashable], second: Sequence[Hashable], *, categories: Sequence[Hashable]) -> FloatArray:
    """How many cases the first reader called i and the second j (c, c); ProtocolError for unequal lengths or a category not listed."""
    place = {one: index for index, one in enumerate(categories)}
    unknown = sorted({str(one) for one in (*first, *second) if one not in place})
    if unknown:
        raise ProtocolError(f"no category is called {', '.join(unknown)}. There are: {', '.join(str(one) for one in categories)}.")
    table = np.zeros((len(categories), len(categories)))
    for one, other in zip(first, second, strict=True):
        table[place[one], place[other]] += 1.0
    return table


def _weights(number: int, kind: Weights) -> FloatArray:
    if kind == "none" or number == 1:
        return np.eye(number)
    apart = np.abs(np.subtract.outer(np.arange(number), np.arange(number))) / (number - 1)
    return np.asarray(1.0 - (apart if kind == "linear" else apart**2), dtype=np.float64)
