"""Kaplan–Meier: the probability to be free of the event, with Greenwood's error, intervals, median, and the table of those at risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort.at_risk import counts, step
from carpet.cohort.intervals import Scale, interval
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.core.errors import ProtocolError

ROUNDING = 1e-12  # a product of fractions that should be 0.5 may miss it by this much


@dataclass(frozen=True, eq=False)
class Curve:
    """A survival curve: arrays (d,) over the days on which follow-up of somebody ends.

    survival: probability to be free of the event after that day; std_error of it; low, high: its interval at `level`. Where nobody is
    left (survival 0), error and interval do not exist and are NaN.
    """

    days: IntArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    survival: FloatArray
    std_error: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


@dataclass(frozen=True, slots=True)
class SurvivalAt:
    """The curve on one day; None where the curve has ended before (nobody followed so long) or has no interval."""

    day: int
    at_risk: int
    survival: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DaysTo:
    """The day by which a share of patients had the event, and its interval; None where the curve, or its limit, never falls so low."""

    days: int | None
    low: int | None
    high: int | None


def kaplan_meier(survival: Survival, *, level: float = 0.95, scale: Scale = "log-log") -> Curve:
    """The curve of freedom from any of the events; events come before censorings of the same day.

    Ŝ(t) = ∏(1 − dᵢ/nᵢ), Greenwood's variance Ŝ² Σ dᵢ/(nᵢ(nᵢ − dᵢ)). Source: Kaplan & Meier 1958; METHODS G.2.
    """
    table = counts(survival)
    risk, events = np.maximum(table.at_risk, 1), table.events  # between late entries nobody may be at risk, and nobody has the event
    value = np.cumprod(1.0 - events / risk).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        std_error = value * np.sqrt(np.cumsum(events / (risk * (risk - events))))
    low, high = interval(value, std_error, level=level, scale=scale)
    return Curve(table.days, table.at_risk, events, table.censored, value, std_error, low, high, level)


def survival_at(curve: Curve, days: ArrayLike) -> tuple[SurvivalAt, ...]:
    """The curve on these days, in their order."""
    when = np.atleast_1d(np.asarray(days, dtype=np.int64))
    value = step(curve.days, curve.survival, when, before=1.0)
    low, high = (step(curve.days, limit, when, before=1.0) for limit in (curve.low, curve.high))
    later = np.searchsorted(curve.days, when, side="left")
    risk = np.append(curve.at_risk, 0)[later]
    known = (when <= curve.days[-1]) | (curve.survival[-1] == 0.0)
    return tuple(
        SurvivalAt(
            int(day),
            int(risk[i]),
            float(value[i]) if known[i] else None,
            float(low[i]) if known[i] and np.isfinite(low[i]) else None,
            float(high[i]) if known[i] and np.isfinite(high[i]) else None,
        )
        for i, day in enumerate(when)
    )


def days_to(curve: Curve, share: float = 0.5) -> DaysTo:
    """The first day on which survival is `1 − share` or less (0.5: the median); limits from those of the curve.

    R takes the middle of a stretch that lies exactly on the level; METHODS G.2 takes its first day, as here.
    """
    if not 0.0 < share < 1.0:
        raise ProtocolError(f"share {share}: between 0 and 1, as 0.5 for the median")

    def first(values: FloatArray) -> int | None:
        reached = np.flatnonzero(values <= 1.0 - share + ROUNDING)
        return int(curve.days[reached[0]]) if reached.size else None

    return DaysTo(first(curve.survival), first(curve.low), first(curve.high))
