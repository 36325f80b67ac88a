"""The partial likelihood of one or many Cox models at once: value, slope, information, in one pass over sorted rows.

No sum of squares is carried along the risk sets: Σ over deaths of S2/S0 equals Σ over rows of x xᵀ times the row's expected events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.cox_rows import Batch
from carpet.cohort.survival import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Likelihood:
    """value (B,), slope (B, p), information (B, p, p); expected (B, n): each row's events expected (its event minus its martingale
    residual). Per death (m,): risk, the sum of exp(x β) at risk as its ties count it, and mean (m, p), the weighted mean of x."""

    value: FloatArray
    slope: FloatArray
    information: FloatArray
    expected: FloatArray
    risk: FloatArray
    mean: FloatArray


def likelihood(rows: Batch, beta: FloatArray) -> Likelihood:
    """The log partial likelihood at beta (B, p), with Efron's or Breslow's ties as the batch was made for. Source: Efron 1977."""
    samples, terms, size = rows.x.shape
    score = np.matmul(beta[:, None, :], rows.x)[:, 0, :]
    weight = np.exp(score)
    flat = _suffix_sums(weight, rows.x)
    begin = np.take(flat, rows.first, axis=1)  # several times quicker than flat[:, …]
    total = begin - np.take(flat, rows.stratum_end, axis=1)
    if rows.entry_order is not None:
        total -= _waiting(rows, weight)
    total -= rows.fraction * (begin - np.take(flat, rows.dead_end, axis=1))
    risk, mean = total[0], total[1:] / total[0]
    full = np.zeros((terms, samples * size))
    full[:, rows.at] = mean
    chosen = np.where(rows.event, score, 0.0).sum(axis=1)
    value = chosen - np.bincount(rows.sample, np.log(risk), samples)
    full = full.reshape(terms, samples, size)
    slope = rows.event_sum - full.sum(axis=2).T
    expected = weight * cumulated(rows, 1.0 / risk)
    information = np.matmul(rows.x * expected[:, None, :], rows.x.transpose(0, 2, 1)) - _squares(full)
    return Likelihood(value, slope, information, expected, risk, mean.T)


def _squares(mean: FloatArray) -> FloatArray:
    """Σ over rows of mean meanᵀ (B, p, p), from (p, B, n). The copy keeps numpy off its slow product of an array with itself."""
    found: FloatArray = np.matmul(mean.transpose(1, 0, 2) * 1.0, mean.transpose(1, 2, 0))
    return found


def cumulated(rows: Batch, steps: FloatArray) -> FloatArray:
    """What each row (B, n) meets of the deaths' steps (m,) while at risk; a death with ties meets what Efron leaves of its own."""
    samples, size = rows.event.shape
    sums = np.zeros((samples, size + 1))
    placed = np.zeros(samples * size)
    placed[rows.at] = steps
    np.cumsum(placed.reshape(samples, size), axis=1, out=sums[:, 1:])
    start = rows.stratum_start if rows.entered is None else rows.entered
    met = np.take_along_axis(sums, rows.tied_end, 1) - np.take_along_axis(sums, start, 1)
    placed[rows.at] = rows.fraction * steps
    np.cumsum(placed.reshape(samples, size), axis=1, out=sums[:, 1:])
    flat = sums.reshape(-1)
    met.reshape(-1)[rows.at] -= flat[rows.dead_end] - flat[rows.first]
    return np.asarray(met, dtype=np.float64)


def _suffix_sums(weight: FloatArray, x: FloatArray) -> FloatArray:
    """Sums of weight (B, n), and of weight times x (B, p, n), over a position and all after it: (1 + p, B · (n + 1)).

    From the end, so that a late risk set is not what remains of early, larger sums.
    """
    samples, terms, size = x.shape
    sums = np.zeros((1 + terms, samples, size + 1))
    np.cumsum(weight[:, ::-1], axis=1, out=sums[0, :, -2::-1])
    for term in range(terms):
        np.cumsum((weight * x[:, term])[:, ::-1], axis=1, out=sums[1 + term, :, -2::-1])
    return sums.reshape(1 + terms, -1)


def _waiting(rows: Batch, weight: FloatArray) -> FloatArray:
    """Per death (1 + p, m): the sums over rows that have not entered yet."""
    assert rows.entry_order is not None
    order: IntArray = rows.entry_order
    flat = _suffix_sums(np.take_along_axis(weight, order, 1), np.take_along_axis(rows.x, order[:, None, :], 2))
    found: FloatArray = flat[:, rows.waiting_from] - flat[:, rows.waiting_end]
    return found
