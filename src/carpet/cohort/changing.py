"""Covariates that change during follow-up: one row for each stretch of days in which a patient's value stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort.survival import FloatArray, IntArray, Survival, numbers
from carpet.core.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Change:
    """From the day after `day` on, the patient (index of the row as given) has this value."""

    row: int
    day: int
    value: float


@dataclass(frozen=True, eq=False)
class Stretches:
    """Follow-up in stretches (m rows), the covariate's value in each, and which row as given each comes from (for the other covariates)."""

    survival: Survival
    value: FloatArray
    source: IntArray


def stretches(survival: Survival, start: ArrayLike, changes: Sequence[Change]) -> Stretches:
    """Rows cut at the changes: `start` (n,) holds until the first. A value is known from the day after its own: no event tells itself.

    A change on or before entry replaces the start value; one on or after the last day says nothing. Two on one day: ProtocolError.
    Source: counting process, Andersen & Gill 1982; R's tmerge.
    """
    if not survival.one_row_each:
        raise ProtocolError("give one row a patient; all changes of one covariate at once")
    first = numbers(start, survival.rows, "start")
    if len({(one.row, one.day) for one in changes}) != len(changes):
        raise ProtocolError("two values of one patient on one day")
    if any(not 0 <= one.row < survival.rows for one in changes):
        raise ProtocolError(f"a change of a row that is none of the {survival.rows}")
    values = numbers([one.value for one in changes], len(changes), "changes")
    entry = np.zeros(survival.rows, dtype=np.int64) if survival.entry is None else survival.entry
    from_day = np.array([max(one.day, int(entry[one.row])) for one in changes], dtype=np.int64)
    row = np.concatenate([np.arange(survival.rows), np.array([one.row for one in changes], dtype=np.int64)])
    since = np.concatenate([entry, from_day])
    value = np.concatenate([first, values])
    dated = np.concatenate([np.full(survival.rows, np.iinfo(np.int64).min), np.array([one.day for one in changes], dtype=np.int64)])
    order = np.lexsort((dated, row))
    row, since, value = row[order], since[order], value[order]
    ends = np.append(row[1:] != row[:-1], True)
    until = np.where(ends, survival.days[row], np.minimum(np.append(since[1:], 0), survival.days[row]))
    kept = since < until
    row, since, until = row[kept], since[kept], until[kept]
    closes = until == survival.days[row]
    event = np.where(closes, survival.event[row], 0)
    cut = Survival.of(until, event, causes=survival.causes, entry=since, patient=survival.patient[row])
    return Stretches(cut, value[kept], row)
