"""How well a risk tells patients with the event by a day from those without it then: ROC curve and its area, weighted for censoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.censoring import still_followed
from carpet.cohort.intervals import normal_quantile
from carpet.cohort.survival import FloatArray, Survival, numbers
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, eq=False)
class Roc:
    """Cumulative cases against dynamic controls on one day; by observed value (v,), rising, sensitivity and specificity of risk > value."""

    day: int
    values: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray
    auc: float
    cases: int
    controls: int


@dataclass(frozen=True, slots=True)
class AucInterval:
    """The area on one day with its percentile bootstrap interval, from as many samples as had cases and controls."""

    day: int
    auc: float
    low: float
    high: float
    samples: int


def case_control_weights(survival: Survival, day: int) -> tuple[FloatArray, FloatArray]:
    """Weights (n,) of cases, event on a day ≤ `day`: 1/G(T−), and of controls, days > `day`: 1/G(day); the others weigh nothing.

    Raises Refused(DAY_WITHOUT_EVENTS) without a case or a control.
    """
    if survival.entry is not None or not survival.one_row_each:
        raise ProtocolError("measures of prediction take one row a patient and no delayed entry")
    case, control = (survival.days <= day) & (survival.event > 0), survival.days > day
    if not case.any() or not control.any():
        raise Refused(notices.DAY_WITHOUT_EVENTS.at(f"day {day}", f"{int(case.sum())} with the event, {int(control.sum())} without"))
    left = still_followed(survival, survival.days, strictly=True)
    then = float(still_followed(survival, [day])[0])
    return np.where(case, 1.0 / np.where(case, left, 1.0), 0.0), np.where(control, 1.0 / then, 0.0)


def roc(survival: Survival, risk: ArrayLike, *, day: int) -> Roc:
    """The curve and area by inverse probability of censoring weights; risk (n,), higher is worse, ties half.

    Source: Uno 2007 JASA 102:527; Hung & Chiang 2010 Can J Stat 38:8; R's timeROC (marginal weights), riskRegression's Score.
    """
    score = numbers(risk, survival.rows, "risk")
    case, control = case_control_weights(survival, day)
    values, index = np.unique(score, return_inverse=True)
    cases, controls = np.bincount(index, case), np.bincount(index, control)
    sensitivity = 1.0 - np.cumsum(cases) / cases.sum()
    specificity = np.cumsum(controls) / controls.sum()
    lower = specificity - controls / controls.sum()
    auc = float((cases * (lower + 0.5 * controls / controls.sum())).sum() / cases.sum())
    return Roc(day, values, np.clip(sensitivity, 0.0, 1.0), specificity, auc, int((case > 0).sum()), int((control > 0).sum()))


def auc_interval(survival: Survival, risk: ArrayLike, *, day: int, samples: int, seed: int, level: float = 0.95) -> AucInterval:
    """The area with an interval from patients drawn with replacement, G estimated anew in each sample."""
    normal_quantile(level)
    score = numbers(risk, survival.rows, "risk")
    areas = []
    for rows in np.random.default_rng(seed).integers(0, survival.rows, size=(samples, survival.rows)):
        drawn = survival.take(rows)
        if ((drawn.days <= day) & (drawn.event > 0)).any() and (drawn.days > day).any():
            areas.append(roc(drawn, score[rows], day=day).auc)
    if not areas:
        raise Refused(notices.DAY_WITHOUT_EVENTS.at(f"day {day}", f"in none of {samples} samples"))
    low, high = np.quantile(areas, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return AucInterval(day, roc(survival, score, day=day).auc, float(low), float(high), len(areas))
