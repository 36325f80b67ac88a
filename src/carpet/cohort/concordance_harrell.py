"""Harrell's C: among pairs whose order is known, the share in which the patient at higher risk had the event first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.intervals import normal_quantile
from carpet.cohort.survival import FloatArray, Survival, numbers
from carpet.core.errors import ProtocolError, Refused

BLOCK = 4_000_000  # pairs compared at once


@dataclass(frozen=True, slots=True)
class Concordance:
    """C with its standard error and interval (within 0 … 1), and the pairs it rests on; `before`: events from that day on do not count."""

    value: float
    std_error: float
    low: float
    high: float
    pairs: int
    before: int | None = None


def concordance_harrell(survival: Survival, risk: ArrayLike, *, level: float = 0.95) -> Concordance:
    """risk (n,): higher is worse; a tie of risks counts half. A patient censored on the day of another's event outlived it.

    Raises Refused(NO_EVENTS) where no pair can be ordered. Source: Harrell 1996 Stat Med 15:361; error by the infinitesimal jackknife,
    as R's survival (concordance).
    """
    return concordance(survival, numbers(risk, survival.rows, "risk"), np.ones(survival.rows), level=level, before=None)


def concordance(survival: Survival, risk: FloatArray, weight: FloatArray, *, level: float, before: int | None) -> Concordance:
    """C in which each pair counts as much as the patient with the earlier event: weight (n,). Shared by Harrell's and Uno's."""
    if survival.entry is not None or not survival.one_row_each:
        raise ProtocolError("concordance takes one row a patient and no delayed entry")
    had = survival.event > 0
    first = np.flatnonzero(had & (weight > 0.0))
    agree, total, pairs = np.zeros(risk.size), np.zeros(risk.size), 0
    step = max(1, BLOCK // risk.size)
    for start in range(0, first.size, step):
        some = first[start : start + step]
        later = (survival.days > survival.days[some][:, None]) | ((survival.days == survival.days[some][:, None]) & ~had)
        right = np.where(later, 0.5 * (np.sign(risk[some][:, None] - risk) + 1.0), 0.0)
        w = weight[some]
        agree[some] += w * right.sum(axis=1)
        total[some] += w * later.sum(axis=1)
        agree += w @ right
        total += w @ later
        pairs += int(later.sum())
    if not pairs:
        raise Refused(notices.NO_EVENTS.at("event", "no pair whose order is known"))
    whole = total.sum() / 2.0
    value = float(agree.sum() / 2.0 / whole)
    error = float(np.sqrt((((agree - value * total) / whole) ** 2).sum()))
    z = normal_quantile(level)
    return Concordance(value, error, max(0.0, value - z * error), min(1.0, value + z * error), pairs, before)
