"""Samples of patients as weights, how often each patient is in, and their Cox likelihoods, many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort.cox_rows import Batch, Ordered, Ties, batch, ordered
from carpet.cohort.survival import FloatArray, IntArray, Survival


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows of S samples, ready for covariates: `rows` without any, and whose row each is, patients (S, m), n for an empty place.

    Empty places stand before everybody and are at risk of nothing, so that samples of any size fit one table. size (S,): the patients,
    1 for nobody (a fold that was the whole sample): what is then divided by it is 0.
    """

    rows: Batch
    patients: IntArray
    size: FloatArray

    def take(self, values: FloatArray) -> Batch:
        """The rows with covariates (S, n, p) of every patient in every sample."""
        empty = np.zeros((values.shape[0], 1, values.shape[2]))
        x = np.take_along_axis(np.concatenate([values, empty], axis=1), self.patients[:, :, None], 1)
        x = np.ascontiguousarray(x.transpose(0, 2, 1))
        return replace(self.rows, x=x, event_sum=np.matmul(x, self.rows.event[:, :, None].astype(np.float64))[:, :, 0])

    def days(self, survival: Survival) -> IntArray:
        """The day of each death, in the order of the likelihood's deaths."""
        return survival.days[self.patients.reshape(-1)[self.rows.at]]


def samples(survival: Survival, weight: IntArray, *, ties: Ties, strata: IntArray | None = None) -> Samples:
    """Samples by weight (S, n): how often each patient is in each, 0 for not at all; every sample needs an event."""
    size = survival.rows
    data = ordered(survival, np.zeros((size, 1)), strata=np.zeros(size, dtype=np.int64) if strata is None else strata)
    with_empty = Ordered(
        np.zeros((size + 1, 1)),
        np.concatenate([[False], data.event]),
        np.concatenate([[0], data.key + 1]),
        None,
        np.concatenate([data.stratum[:1], data.stratum]),
        np.concatenate([[size], data.order]),
    )
    drawn = weight[:, data.order]
    count = drawn.sum(axis=1)
    rows = np.zeros((weight.shape[0], int(count.max())), dtype=np.int64)
    filled = np.arange(rows.shape[1]) >= (rows.shape[1] - count)[:, None]
    rows[filled] = np.repeat(np.tile(np.arange(1, size + 1), weight.shape[0]), drawn.reshape(-1))
    return Samples(batch(with_empty, rows, ties=ties), with_empty.order[rows], np.maximum(count, 1).astype(np.float64))


def part_of(rows: Batch, some: IntArray) -> Batch:
    """Some of the samples (rising indices) of rows without delayed entry."""
    size = rows.event.shape[1]
    place = np.full(rows.event.shape[0], -1, dtype=np.int64)
    place[some] = np.arange(some.size)
    inside = place[rows.sample] >= 0
    old, sample = rows.sample[inside], place[rows.sample[inside]]
    back = (sample - old) * (size + 1)
    return Batch(
        rows.x[some],
        rows.event[some],
        rows.event_sum[some],
        rows.tied_end[some],
        rows.stratum_start[some],
        None,
        rows.at[inside] + (sample - old) * size,
        sample,
        rows.first[inside] + back,
        rows.dead_end[inside] + back,
        rows.stratum_end[inside] + back,
        rows.fraction[inside],
        None,
        None,
        None,
    )


def drawn_weights(patients: int, number: int, *, seed: int) -> IntArray:
    """Weights (number, patients) of bootstrap samples, the same for the same seed."""
    rows = np.random.default_rng(seed).integers(0, patients, size=(number, patients))
    return np.bincount((rows + np.arange(number)[:, None] * patients).reshape(-1), minlength=number * patients).reshape(number, patients)


def dealt_folds(event: IntArray, folds: int, *, seed: int) -> IntArray:
    """A fold (n,) for each patient, events and censored dealt apart so that each fold has its share of both."""
    rng = np.random.default_rng(seed)
    fold = np.empty(event.size, dtype=np.int64)
    start = 0
    for kind in (event > 0, event == 0):
        some = np.flatnonzero(kind)
        fold[rng.permutation(some)] = (start + np.arange(some.size)) % folds
        start += some.size
    return fold
