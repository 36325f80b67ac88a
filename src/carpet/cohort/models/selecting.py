"""Which terms a model keeps, in many samples at once: by a univariable score test, or by a lasso."""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.cox_rows import Batch
from carpet.cohort.survival import BoolArray, FloatArray, IntArray

SINGULAR = 1e-9  # smallest over largest information of a term's columns


def score_p(rows: Batch, of: IntArray) -> FloatArray:
    """P (S, t) of each term alone, against no effect, by the score test (of two groups without ties: the log-rank test).

    1 where the term says nothing in the sample. Source: Cox 1972.
    """
    at_zero = likelihood(rows, np.zeros(rows.x.shape[:2]))
    found = np.ones((rows.x.shape[0], int(of.max()) + 1))
    for one in range(found.shape[1]):
        columns = np.flatnonzero(of == one)
        slope = at_zero.slope[:, columns]
        bend = at_zero.information[:, columns[:, None], columns[None, :]]
        inverse = np.linalg.pinv(bend, rcond=SINGULAR, hermitian=True)
        statistic = np.einsum("sp,spq,sq->s", slope, inverse, slope)
        found[:, one] = chi2.sf(statistic, columns.size)
    return found


def kept_terms(beta: FloatArray, of: IntArray) -> BoolArray:
    """Which terms (S, t) have a column that a lasso left in."""
    return np.stack([(beta[:, of == one] != 0.0).any(axis=1) for one in range(int(of.max()) + 1)], axis=1)
