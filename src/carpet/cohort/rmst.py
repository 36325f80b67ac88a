"""Restricted mean survival time: the mean days free of the event up to a horizon, and its difference and ratio between two groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from carpet.cohort import notices
from carpet.cohort.intervals import normal_quantile
from carpet.cohort.kaplan_meier import kaplan_meier
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error, interval and, for a comparison, two-sided P."""

    value: float
    std_error: float
    low: float
    high: float
    p: float | None = None


@dataclass(frozen=True, slots=True)
class RestrictedMeans:
    """Days free of the event up to the horizon in two groups; second minus first, second over first (its error is of the logarithm)."""

    horizon: int
    first: Estimate
    second: Estimate
    difference: Estimate
    ratio: Estimate


def restricted_mean(survival: Survival, *, horizon: int, level: float = 0.95) -> Estimate:
    """Days under the Kaplan–Meier curve up to `horizon`; Refused(DAY_TOO_LATE) where nobody is followed so long and some are still free.

    Variance Σ (area after tᵢ)² dᵢ/(nᵢ(nᵢ − dᵢ)). Source: Irwin 1949; Royston & Parmar 2013 BMC Med Res Methodol 13:152; R's survfit rmean.
    """
    curve = kaplan_meier(survival)
    if horizon <= 0 or (horizon > curve.days[-1] and curve.survival[-1] > 0.0):
        raise Refused(notices.DAY_TOO_LATE.at(f"horizon {horizon}", f"followed up to day {int(curve.days[-1])}"))
    inside = curve.days < horizon
    days, risk, events = curve.days[inside], curve.at_risk[inside], curve.events[inside]
    edges = np.concatenate([[0], days, [horizon]]).astype(np.float64)
    area = np.concatenate([[1.0], curve.survival[inside]]) * np.diff(edges)
    after = np.cumsum(area[::-1])[::-1][1:]
    left = np.maximum(risk * (risk - events), 1).astype(np.float64)  # where all have the event, nothing is left after it
    error = float(np.sqrt((after**2 * events / left).sum()))
    value, z = float(area.sum()), normal_quantile(level)
    return Estimate(value, error, value - z * error, value + z * error)


def compare_restricted_means(first: Survival, second: Survival, *, horizon: int, level: float = 0.95) -> RestrictedMeans:
    """Two groups to one horizon, which both must reach. Source: Uno 2014 J Clin Oncol 32:2380; survRM2."""
    one, two = restricted_mean(first, horizon=horizon, level=level), restricted_mean(second, horizon=horizon, level=level)
    error = float(np.hypot(one.std_error, two.std_error))
    log_error = float(np.hypot(one.std_error / one.value, two.std_error / two.value))
    change, log_ratio, z = two.value - one.value, float(np.log(two.value / one.value)), normal_quantile(level)
    difference = Estimate(change, error, change - z * error, change + z * error, _p(change, error))
    limits = float(np.exp(log_ratio - z * log_error)), float(np.exp(log_ratio + z * log_error))
    ratio = Estimate(float(np.exp(log_ratio)), log_error, *limits, _p(log_ratio, log_error))
    return RestrictedMeans(horizon, one, two, difference, ratio)


def _p(value: float, error: float) -> float:
    return 1.0 if error == 0.0 and value == 0.0 else float(2.0 * ndtr(-abs(value) / error)) if error > 0.0 else 0.0
