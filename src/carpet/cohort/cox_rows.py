"""The rows of one or many Cox models in the order their likelihood is summed: by stratum and day, deaths first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival
from carpet.core.errors import ProtocolError

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, eq=False)
class Ordered:
    """The patients of one data set, sorted. key (n,): rank of (stratum, day), what is tied shares it; `late` likewise of (stratum, entry),
    counted in keys: rows with key > late are at risk after entry. stratum (n,); event (n,); x (n, p); order (n,) rows as given."""

    x: FloatArray
    event: BoolArray
    key: IntArray
    late: IntArray | None
    stratum: IntArray
    order: IntArray


@dataclass(frozen=True, eq=False)
class Batch:
    """B samples of n rows, each sorted; positions in a sample are 0 … n.

    x (B, p, n), event (B, n), event_sum (B, p) of x over deaths. Per row (B, n): tied_end (one past its ties), stratum_start, entered
    (rows whose day is not after its entry; None: all at risk from the start). Per death (m,): at, its place in the flattened (B, n);
    sample; in sums flattened over (B, n + 1): first and dead_end of its ties, stratum_end, waiting_from and waiting_end (rows,
    ordered by entry_order, that have not entered); fraction: of its tied deaths' risk that Efron takes away.
    """

    x: FloatArray
    event: BoolArray
    event_sum: FloatArray
    tied_end: IntArray
    stratum_start: IntArray
    entered: IntArray | None
    at: IntArray
    sample: IntArray
    first: IntArray
    dead_end: IntArray
    stratum_end: IntArray
    fraction: FloatArray
    entry_order: IntArray | None
    waiting_from: IntArray | None
    waiting_end: IntArray | None


def ordered(survival: Survival, x: FloatArray, *, strata: IntArray) -> Ordered:
    """Rows sorted by stratum, day, deaths first; x (n, p), strata (n,) indices from 0."""
    event = survival.event > 0
    order = np.lexsort((~event, survival.days, strata))
    days, stratum = survival.days[order], strata[order]
    span = int(days.max()) + 2
    place = stratum * span + days + 1
    places, key = np.unique(place, return_inverse=True)
    late = None
    if survival.entry is not None:
        entry = np.clip(survival.entry[order], -1, span - 2)
        late = (np.searchsorted(places, stratum * span + entry + 1, side="right") - 1).astype(np.int64)
    return Ordered(x[order], event[order], key.astype(np.int64), late, stratum, order)


def batch(data: Ordered, rows: IntArray, *, ties: Ties) -> Batch:
    """Samples of `data`: rows (B, n) are sorted indices into it, repeated where a patient was drawn more than once."""
    if ties not in ("efron", "breslow"):
        raise ProtocolError(f"no ties are called {ties!r}. There are: efron, breslow.")
    size = rows.shape[1]
    key, event, stratum = data.key[rows], data.event[rows], data.stratum[rows]
    first, tied_end = _bounds(key)
    stratum_start, stratum_end = _bounds(stratum)
    deaths = _prefix(event.astype(np.int64))
    before, after = np.take_along_axis(deaths, first, 1), np.take_along_axis(deaths, tied_end, 1)
    at = np.flatnonzero(event)
    sample = at // size
    shift = sample * (size + 1)
    tied = (after - before).reshape(-1)[at]
    rank = deaths[:, :-1].reshape(-1)[at] - before.reshape(-1)[at]
    fraction = rank / tied if ties == "efron" else np.zeros(at.size)
    flat_first = first.reshape(-1)[at]
    entry = _entries(data, rows, key, at) if data.late is not None else (None, None, None, None)
    x = np.ascontiguousarray(data.x[rows].transpose(0, 2, 1))
    return Batch(
        x,
        event,
        np.matmul(x, event[:, :, None].astype(np.float64))[:, :, 0],
        tied_end,
        stratum_start,
        entry[0],
        at,
        sample,
        flat_first + shift,
        flat_first + tied + shift,
        stratum_end.reshape(-1)[at] + shift,
        fraction,
        entry[1],
        entry[2],
        entry[3],
    )


def _entries(data: Ordered, rows: IntArray, key: IntArray, at: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """entered, entry_order, waiting_from and waiting_end of a batch with delayed entry."""
    assert data.late is not None
    samples, size = rows.shape
    late, stratum = data.late[rows], data.stratum[rows]
    span = int(max(data.key.max(), data.late.max())) + 2
    lift = np.arange(samples)[:, None] * span
    entry_order = np.lexsort((late, stratum), axis=1)
    keys, lates = (key + lift).reshape(-1), np.take_along_axis(late, entry_order, 1)
    entered = np.searchsorted(keys, (late + lift).reshape(-1), side="right").reshape(samples, size) - np.arange(samples)[:, None] * size
    start, end = _bounds(stratum)
    entered = np.maximum(entered, start)
    # `late` rises within a stratum and from stratum to stratum, but for rows there from the start, whose key lies in the one before
    lates = np.maximum(lates, np.take_along_axis(key, start, 1) - 1)
    sample = at // size
    found = np.searchsorted((lates + lift).reshape(-1), keys[at], side="left") - sample * size
    shift = sample * (size + 1)
    return entered, entry_order, np.maximum(found, start.reshape(-1)[at]) + shift, end.reshape(-1)[at] + shift


def _bounds(values: IntArray) -> tuple[IntArray, IntArray]:
    """Per row of a table (B, n) that rises along n: where its run of equal values starts, and one past its end."""
    samples, size = values.shape
    place = np.broadcast_to(np.arange(size), values.shape)
    changes = values[:, 1:] != values[:, :-1]
    edge = np.ones((samples, 1), dtype=np.bool_)
    first = np.maximum.accumulate(np.where(np.hstack([edge, changes]), place, 0), axis=1)
    last = np.where(np.hstack([changes, edge]), place + 1, size)
    return first, np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]


def _prefix(values: IntArray) -> IntArray:
    """Sums (B, n + 1) of what stands before each position of (B, n)."""
    out = np.zeros((values.shape[0], values.shape[1] + 1), dtype=np.int64)
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out
