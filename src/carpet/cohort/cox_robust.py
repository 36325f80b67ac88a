"""The robust covariance of a Cox model, from each patient's influence: right where rows of one patient hang together."""

from __future__ import annotations

import numpy as np

from carpet.cohort.cox import Cox
from carpet.cohort.cox_likelihood import cumulated
from carpet.cohort.survival import FloatArray, IntArray


def influence(model: Cox) -> FloatArray:
    """How far each row (n, p), as given, moves the coefficients: score residuals times the covariance (R's dfbeta)."""
    fitted, there = model.fitted, model.fitted.found.there
    rows = fitted.rows
    x = rows.x[0].T
    _, tie = np.unique(rows.first, return_inverse=True)
    count = np.bincount(tie)
    weight = np.exp(x @ fitted.found.beta[0])
    score: FloatArray = -x * there.expected[0][:, None]
    for term in range(x.shape[1]):
        mean = there.mean[:, term]
        score[:, term] += weight * cumulated(rows, mean / there.risk)[0]
        score[rows.at, term] += x[rows.at, term] - (np.bincount(tie, mean) / count)[tie]
    moved = np.empty_like(score)
    moved[fitted.data.order] = score @ np.linalg.inv(there.information[0]) / fitted.design.scale
    return moved


def robust_covariance(model: Cox, *, cluster: IntArray | None = None) -> FloatArray:
    """The covariance (p, p) summed over patients, or over `cluster` (n,). Source: Lin & Wei 1989 JASA 84:1074; R's coxph(cluster = id)."""
    _, whose = np.unique(model.fitted.patient if cluster is None else cluster, return_inverse=True)
    moved = influence(model)
    summed = np.column_stack([np.bincount(whose, column) for column in moved.T]).astype(np.float64)
    return summed.T @ summed
