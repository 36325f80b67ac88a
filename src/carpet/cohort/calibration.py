"""Calibration: do as many patients have the event by a day as the model says, overall, by slope, and by groups of predicted risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.cox import cox
from carpet.cohort.cox_baseline import predicted_survival
from carpet.cohort.intervals import normal_quantile
from carpet.cohort.kaplan_meier import kaplan_meier, survival_at
from carpet.cohort.survival import FloatArray, IntArray, Survival, numbers
from carpet.core.errors import ProtocolError, Refused

EDGE = 1e-9  # risks nearer to 0 or 1 have no log(−log)


@dataclass(frozen=True, slots=True)
class RiskGroup:
    """Patients of similar predicted risk: its mean, and the risk observed (1 − Kaplan–Meier) with interval; None: not followed so long."""

    patients: int
    predicted: float
    observed: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """On one day: observed and mean predicted risk, their ratio; the slope (1 is right, below 1 too extreme) with its interval; the groups;
    ici: mean distance of predicted from smoothed observed risk, e50 and e90: its median and 90th percentile."""

    day: int
    observed: float
    predicted: float
    ratio: float
    slope: float
    slope_low: float
    slope_high: float
    groups: tuple[RiskGroup, ...]
    ici: float
    e50: float
    e90: float


def calibration(survival: Survival, risk: ArrayLike, *, day: int, groups: int = 5, level: float = 0.95) -> Calibration:
    """risk (n,): each patient's predicted probability of the event by `day`, from 0 to 1.

    Slope: Cox model of follow-up cut at the day on log(−log(1 − risk)). Smoothed: Cox model on its restricted cubic spline (knots at
    10, 50 and 90 %). Raises Refused(PROBABILITY_RANGE, DAY_TOO_LATE). Source: Austin 2020 Stat Med 39:2714; METHODS G.4.
    """
    chance = numbers(risk, survival.rows, "risk")
    if not ((chance >= 0.0) & (chance <= 1.0)).all():
        raise Refused(notices.PROBABILITY_RANGE.at("risk"))
    if groups < 1:
        raise ProtocolError("one group or more")
    whole = survival_at(kaplan_meier(survival, level=level), [day])[0].survival
    if whole is None:
        raise Refused(notices.DAY_TOO_LATE.at(f"day {day}", f"followed up to day {int(survival.days.max())}"))
    scale = np.log(-np.log1p(-np.clip(chance, EDGE, 1.0 - EDGE)))
    cut = Survival.of(np.minimum(survival.days, day), np.where(survival.days <= day, survival.event > 0, 0))
    fit = cox(cut, {"predicted": scale})
    slope, error = float(fit.coefficients[0]), normal_quantile(level) * float(fit.covariance[0, 0]) ** 0.5
    columns = _spline(scale)
    smooth = 1.0 - predicted_survival(cox(cut, columns), columns, [day])[:, 0]
    away = np.abs(smooth - chance)
    order = np.argsort(chance, kind="stable")
    rows = tuple(_group(survival, chance, part, day, level) for part in np.array_split(order, groups) if part.size)
    e50, e90 = np.quantile(away, [0.5, 0.9])
    mean = float(chance.mean())
    return Calibration(
        day=day,
        observed=1.0 - whole,
        predicted=mean,
        ratio=(1.0 - whole) / mean,
        slope=slope,
        slope_low=slope - error,
        slope_high=slope + error,
        groups=rows,
        ici=float(away.mean()),
        e50=float(e50),
        e90=float(e90),
    )


def _group(survival: Survival, chance: FloatArray, rows: IntArray, day: int, level: float) -> RiskGroup:
    found = survival_at(kaplan_meier(survival.take(rows), level=level), [day])[0]
    observed, low, high = (None if value is None else 1.0 - value for value in (found.survival, found.high, found.low))
    return RiskGroup(rows.size, float(chance[rows].mean()), observed, low, high)


def _spline(scale: FloatArray) -> dict[str, FloatArray]:
    """The restricted cubic spline of three knots, or the line where they coincide. Source: Harrell 2015, eq. 2.25."""
    low, middle, high = np.quantile(scale, [0.1, 0.5, 0.9])
    if not low < middle < high:
        return {"linear": scale}

    def cube(knot: float) -> FloatArray:
        return np.asarray(np.maximum(scale - knot, 0.0) ** 3)

    bend = cube(low) - cube(middle) * (high - low) / (high - middle) + cube(high) * (middle - low) / (high - middle)
    return {"linear": scale, "bend": bend / (high - low) ** 2}
