"""Cumulative incidence of one cause among competing ones (Aalen–Johansen), with error and interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.at_risk import number_at_risk
from carpet.cohort.intervals import Scale, interval
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.core.errors import ProtocolError

ROUNDING = 1e-12  # a sum of chances that should be 1 may miss it by this much, and no interval is left then


@dataclass(frozen=True, eq=False)
class Incidence:
    """Arrays (d,) over the days with an event of any cause: at risk, events of this cause, probability to have had it by that day,
    its standard error, low and high; where the error is 0 (probability 0 or 1) the limits are the probability itself."""

    cause: str
    days: IntArray
    at_risk: IntArray
    events: IntArray
    incidence: FloatArray
    std_error: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


def cumulative_incidence(survival: Survival, *, cause: int = 1, level: float = 0.95, scale: Scale = "log-log") -> Incidence:
    """F(t) = Σ S(tᵢ₋)·dᵢ/nᵢ, S the freedom from all causes; 1 − Kaplan–Meier of one cause would overstate it.

    Error as Gray's cmprsk (martingale form, ties corrected); interval on log(−log F). Source: Aalen & Johansen 1978; METHODS G.2.
    """
    if not 1 <= cause <= len(survival.causes):
        raise ProtocolError(f"cause {cause} is none of 1 … {len(survival.causes)}")
    days = np.unique(survival.days[survival.event > 0])
    if survival.entry is not None:
        raise ProtocolError("cumulative incidence with delayed entry is not offered")
    place = np.searchsorted(days, survival.days)
    mine = np.bincount(place[survival.event == cause], minlength=days.size).astype(np.float64)
    other = np.bincount(place[(survival.event > 0) & (survival.event != cause)], minlength=days.size).astype(np.float64)
    risk = number_at_risk(survival, days).astype(np.float64)
    free = np.cumprod(1.0 - (mine + other) / risk).astype(np.float64)
    before = np.concatenate([[1.0], free])[:-1]
    value = np.cumsum(before * mine / risk)
    certain = value > 1.0 - ROUNDING
    value = np.where(certain, 1.0, value)
    error = np.where(certain, 0.0, np.sqrt(np.maximum(_variance(value, free, before, risk, mine, other), 0.0)))
    with np.errstate(invalid="ignore"):
        low, high = interval(value, error, level=level, scale=scale)
    return Incidence(survival.causes[cause - 1], days, risk.astype(np.int64), mine.astype(np.int64), value, error, low, high, level)


def _variance(value: FloatArray, free: FloatArray, before: FloatArray, risk: FloatArray, mine: FloatArray, other: FloatArray) -> FloatArray:
    """Var F(t): the squared effect on F(t) of events at s ≤ t, 1 − (F(t) − F(s))/S(s) for this cause, −(F(t) − F(s))/S(s) for others."""
    inverse = np.divide(1.0, free, out=np.zeros_like(free), where=free > 0.0)

    def part(events: FloatArray) -> FloatArray:
        ties = 1.0 - np.maximum(events - 1.0, 0.0) / np.maximum(risk - 1.0, 1.0)
        found: FloatArray = before**2 * ties * events / risk**2
        return found

    mine_part, other_part = part(mine), part(np.where(free > 0.0, other, 0.0))
    own, foreign = 1.0 + value * inverse, value * inverse
    square = np.cumsum(own**2 * mine_part + foreign**2 * other_part)
    cross = np.cumsum(inverse * (own * mine_part + foreign * other_part))
    slope = np.cumsum(inverse**2 * (mine_part + other_part))
    return np.asarray(square + value**2 * slope - 2.0 * value * cross, dtype=np.float64)
