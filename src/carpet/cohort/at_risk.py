"""Who is at risk, has the event or is censored, day by day: the counts below every curve and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort.survival import FloatArray, IntArray, Survival


@dataclass(frozen=True, eq=False)
class Counts:
    """Arrays (d,) over the days on which a row ends: at risk just before, events of any cause, censored (last rows only)."""

    days: IntArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray


def counts(survival: Survival) -> Counts:
    """The counts on each distinct day; a row is at risk on days after its entry, up to and with its last."""
    days, index = np.unique(survival.days, return_inverse=True)
    lost = (survival.event == 0) & survival.last_row()
    return Counts(
        days,
        number_at_risk(survival, days),
        np.bincount(index, survival.event > 0, days.size).astype(np.int64),
        np.bincount(index, lost, days.size).astype(np.int64),
    )


def number_at_risk(survival: Survival, days: ArrayLike) -> IntArray:
    """How many are at risk just before each day (m,): followed up to it at least, and entered before."""
    when = np.asarray(days)
    still = survival.rows - np.searchsorted(np.sort(survival.days), when, side="left")
    if survival.entry is None:
        return still.astype(np.int64)
    not_yet = survival.rows - np.searchsorted(np.sort(survival.entry), when, side="left")
    return (still - not_yet).astype(np.int64)


def step(days: IntArray, values: FloatArray, at: ArrayLike, *, before: float, strictly: bool = False) -> FloatArray:
    """A right-continuous step function (d,) read at other days (m,); `before` its first step; `strictly`: just before each day."""
    index = np.searchsorted(days, np.asarray(at), side="left" if strictly else "right")
    return np.concatenate([[before], values])[index]
