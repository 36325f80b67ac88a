"""Decision curve: the net benefit of acting on a predicted risk, against treating all and none, with censored follow-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.kaplan_meier import kaplan_meier, survival_at
from carpet.cohort.survival import BoolArray, FloatArray, Survival, numbers
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Per threshold probability (m,): net benefit (true positives a patient) of the model and of treating all; of treating none it is 0.

    flagged: patients with a risk at or above the threshold. NaN: nobody of the flagged is followed to the day.
    """

    day: int
    thresholds: FloatArray
    model: FloatArray
    treat_all: FloatArray
    flagged: FloatArray


def decision_curve(survival: Survival, risk: ArrayLike, *, day: int, thresholds: ArrayLike) -> DecisionCurve:
    """Net benefit = TP/N − FP/N · p/(1 − p), the flagged patients' events by `day` from their Kaplan–Meier curve.

    risk (n,): probability of the event by the day. Raises Refused(PROBABILITY_RANGE, DAY_TOO_LATE).
    Source: Vickers 2008 BMC Med Inform Decis Mak 8:53; METHODS G.4.
    """
    chance = numbers(risk, survival.rows, "risk")
    if not ((chance >= 0.0) & (chance <= 1.0)).all():
        raise Refused(notices.PROBABILITY_RANGE.at("risk"))
    levels = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if not ((levels > 0.0) & (levels < 1.0)).all():
        raise ProtocolError("thresholds lie between 0 and 1")
    whole = survival_at(kaplan_meier(survival), [day])[0].survival
    if whole is None:
        raise Refused(notices.DAY_TOO_LATE.at(f"day {day}", f"followed up to day {int(survival.days.max())}"))
    odds = levels / (1.0 - levels)
    flagged = np.array([(chance >= level).sum() for level in levels], dtype=np.float64)
    model = np.array([_benefit(survival, chance >= level, day, weight) for level, weight in zip(levels, odds, strict=True)])
    return DecisionCurve(day, levels, model, (1.0 - whole) - whole * odds, flagged)


def _benefit(survival: Survival, flagged: BoolArray, day: int, odds: float) -> float:
    if not flagged.any():
        return 0.0
    free = survival_at(kaplan_meier(survival.take(flagged)), [day])[0].survival
    return float("nan") if free is None else float(flagged.mean() * ((1.0 - free) - free * odds))
