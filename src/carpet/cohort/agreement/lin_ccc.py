"""Concordance correlation (Lin's CCC): how close two readers' numbers lie to the line on which both are equal."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from carpet.cohort.agreement.estimate import LEVEL, NO_SPREAD, SUBJECTS_ALIKE, TOO_FEW_FOR_INTERVAL, Estimate, columns
from carpet.core.errors import NotMeasurable

LEAST_FOR_INTERVAL = 3


def lin_ccc(first: ArrayLike, second: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """2·cov/(var + var + (difference of means)²), moments over n; the interval by Fisher's z.

    Without an interval below three cases, and for values that lie on a line. Raises NotMeasurable for fewer than two cases, and where a
    reader gave all cases one value (SUBJECTS_ALIKE). Source: Lin 1989 Biometrics 45:255, its variance as corrected in 2000, 56:324.
    """
    table = columns(np.column_stack([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)]))
    n, means, spread = len(table), table.mean(axis=0), table.var(axis=0)
    if (spread == 0.0).any():
        raise NotMeasurable(SUBJECTS_ALIKE)
    shared = float(((table[:, 0] - means[0]) * (table[:, 1] - means[1])).mean())
    ccc = 2.0 * shared / float(spread.sum() + (means[0] - means[1]) ** 2)
    r = shared / sqrt(float(spread[0] * spread[1]))
    if n < LEAST_FOR_INTERVAL or shared == 0.0 or 1.0 - r * r < 1e-12:
        return Estimate(ccc, None, None, n, TOO_FEW_FOR_INTERVAL if n < LEAST_FOR_INTERVAL else NO_SPREAD)
    u2 = float((means[0] - means[1]) ** 2) / sqrt(float(spread[0] * spread[1]))
    rest = 1.0 - ccc * ccc
    variance = (
        (1.0 - r * r) * ccc**2 / (rest * r * r) + 2.0 * ccc**3 * (1.0 - ccc) * u2 / (r * rest**2) - ccc**4 * u2**2 / (2.0 * r * r * rest**2)
    ) / (n - 2)
    reach = float(ndtri(0.5 + level / 2.0)) * sqrt(variance)
    z = np.arctanh(ccc)
    return Estimate(ccc, float(np.tanh(z - reach)), float(np.tanh(z + reach)), n)
