"""Missing values filled in, in many samples at once: by chained equations with predictive mean matching, or by the median."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival

ROUNDS = 5  # [P] of the chain
DONORS = 5  # nearest patients of whom one lends its value; van Buuren 2018, ch. 3.4
RIDGE = 1e-3  # [P] of the normal equations, so that few patients allow many columns


@dataclass(frozen=True, eq=False)
class Gaps:
    """values (S, n, p), NaN where missing, of S samples of n patients; of (p,): the term of each column; weight (S, n): who is in it."""

    values: FloatArray
    of: IntArray
    weight: IntArray

    @property
    def terms(self) -> list[IntArray]:
        """The columns of each term that has gaps."""
        open_ = np.isnan(self.values[0]).any(axis=0)
        return [np.flatnonzero(self.of == one) for one in np.unique(self.of[open_]).tolist()]


def nelson_aalen(survival: Survival, weight: IntArray) -> FloatArray:
    """The cumulative hazard (S, n) of each sample, weight (S, n), at the end of each patient's follow-up: the time in an imputation.

    Source: White & Royston 2009 Stat Med 28:1982.
    """
    days, index = np.unique(survival.days, return_inverse=True)
    member = np.zeros((survival.rows, days.size))
    member[np.arange(survival.rows), index] = 1.0
    at_risk = np.cumsum((weight @ member)[:, ::-1], axis=1)[:, ::-1]
    hazard = np.cumsum(((weight * (survival.event > 0)) @ member) / np.maximum(at_risk, 1.0), axis=1)
    return np.asarray(hazard[:, index], dtype=np.float64)


def by_median(gaps: Gaps) -> FloatArray:
    """Values (S, n, p) with the median of the sample (the lower one of an even number), or its commonest level, in every gap."""
    filled = gaps.values.copy()
    for columns in gaps.terms:
        missing = np.isnan(gaps.values[0, :, columns[0]])
        known = gaps.values[:, ~missing][:, :, columns]
        weight = gaps.weight[:, ~missing]
        at = _lower_median(known[:, :, 0], weight) if columns.size == 1 else _commonest(known, weight)
        lent = np.take_along_axis(known, at[:, None, None], 1)
        filled[:, np.flatnonzero(missing)[:, None], columns[None, :]] = lent
    return filled


def _lower_median(values: FloatArray, weight: IntArray) -> IntArray:
    """The place (S,) of the value below which less than half of the weight lies."""
    order = np.argsort(values, axis=1, kind="stable")
    upto = np.cumsum(np.take_along_axis(weight, order, 1), axis=1)
    first = np.argmax(2 * upto >= upto[:, -1:], axis=1)
    return np.take_along_axis(order, first[:, None], 1)[:, 0]


def _commonest(known: FloatArray, weight: IntArray) -> IntArray:
    """The place (S,) of a patient with the level most patients have."""
    level = _index(known)
    most = np.array([np.argmax(np.bincount(row.astype(np.int64), each)) for row, each in zip(level, weight, strict=True)])
    return np.asarray(np.argmax(level == most[:, None], axis=1), dtype=np.int64)


def _index(columns: FloatArray) -> FloatArray:
    """One number for a term (S, n) from its columns: itself, or the index of the level in its order."""
    if columns.shape[2] == 1:
        return columns[:, :, 0]
    return np.asarray(columns @ np.arange(1.0, columns.shape[2] + 1.0), dtype=np.float64)


def by_chained_equations(gaps: Gaps, *, outcome: FloatArray | None, rng: np.random.Generator) -> FloatArray:
    """Values (S, n, p), each gap filled with the value of a patient of the sample whose predicted value is near.

    Each term in turn is regressed on all others and on the outcome (n, q), or of each sample (S, n, q), coefficients drawn from their
    distribution; patients out of the sample lend nothing and are filled too. outcome None: for patients to be predicted, whose outcome
    nobody knows yet.
    Source: van Buuren & Groothuis-Oudshoorn 2011 J Stat Softw 45(3), predictive mean matching type 1.
    """
    filled = by_median(gaps)
    beside = np.zeros((filled.shape[1], 0)) if outcome is None else outcome
    for _ in range(ROUNDS):
        for columns in gaps.terms:
            others = np.setdiff1d(np.arange(filled.shape[2]), columns)
            x = np.concatenate([filled[:, :, others], np.broadcast_to(beside, (filled.shape[0], *beside.shape[-2:]))], axis=2)
            missing = np.flatnonzero(np.isnan(gaps.values[0, :, columns[0]]))
            lender = _lenders(x, _index(filled[:, :, columns]), missing, gaps.weight, rng)
            lent = np.take_along_axis(filled[:, :, columns], lender[:, :, None], 1)
            filled[:, missing[:, None], columns[None, :]] = lent
    return filled


def _lenders(x: FloatArray, y: FloatArray, missing: IntArray, weight: IntArray, rng: np.random.Generator) -> IntArray:
    """For each missing patient (S, m) the patient who lends."""
    lends = weight * ~np.isin(np.arange(weight.shape[1]), missing)
    w = lends.astype(np.float64)
    total = np.maximum(w.sum(axis=1), 1.0)[:, None]
    mean = np.matmul(w[:, None, :], x) / total[:, :, None]
    z = x - mean
    spread = np.sqrt(np.matmul(w[:, None, :], z**2) / total[:, :, None])
    z /= np.where(spread > 0.0, spread, 1.0)
    centre = (w * y).sum(axis=1, keepdims=True) / total
    weighed = (z * w[:, :, None]).transpose(0, 2, 1)
    bend = np.matmul(weighed, z) + RIDGE * total[:, :, None] * np.eye(z.shape[2])
    inverse = np.linalg.inv(bend)
    beta = np.matmul(inverse, np.matmul(weighed, (y - centre)[:, :, None]))
    fitted = np.matmul(z, beta)[:, :, 0]
    left = (w * (y - centre - fitted) ** 2).sum(axis=1)
    sigma = np.sqrt(left / rng.chisquare(np.maximum(total[:, 0] - z.shape[2] - 1.0, 1.0)))
    noise = np.matmul(np.linalg.cholesky(inverse), rng.standard_normal(beta.shape))
    wanted = np.matmul(z[:, missing], beta + sigma[:, None, None] * noise)[:, :, 0]
    return _near(fitted, wanted, lends > 0, rng)


def _near(fitted: FloatArray, wanted: FloatArray, lends: BoolArray, rng: np.random.Generator) -> IntArray:
    """One of the nearest patients (S, m) who may lend, by their fitted value (S, n) and the wanted one (S, m)."""
    order = np.argsort(np.where(lends, fitted, np.inf), axis=1, kind="stable")
    ranked = np.take_along_axis(np.where(lends, fitted, np.inf), order, 1)
    there = lends.sum(axis=1)[:, None]
    place = (ranked[:, None, :] < wanted[:, :, None]).sum(axis=2)
    begin = np.clip(place - DONORS, 0, np.maximum(there - 2 * DONORS, 0))
    window = np.minimum(begin[:, :, None] + np.arange(2 * DONORS), order.shape[1] - 1)
    value = np.take_along_axis(ranked, window.reshape(window.shape[0], -1), 1).reshape(window.shape)
    beyond = begin[:, :, None] + np.arange(2 * DONORS) >= there[:, :, None]
    near = np.argsort(np.where(beyond, np.inf, np.abs(value - wanted[:, :, None])), axis=2, kind="stable")[:, :, :DONORS]
    lent = np.minimum(there, DONORS)
    chosen = np.minimum((rng.random(wanted.shape) * lent).astype(np.int64), np.maximum(lent - 1, 0))
    at = np.take_along_axis(window, np.take_along_axis(near, chosen[:, :, None], 2), 2)[:, :, 0]
    return np.take_along_axis(order, at, 1)
