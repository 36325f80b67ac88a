"""Brier score: the squared distance of predicted survival from what happened, by day and integrated, against knowing nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.at_risk import step
from carpet.cohort.kaplan_meier import kaplan_meier
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.cohort.time_dependent_auc import case_control_weights
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, eq=False)
class Brier:
    """By day (m,): the score, that of the Kaplan–Meier curve of all (knows nothing of covariates), and scaled = 1 − score over it.

    integrated: mean over the days by trapezoid (None for one day); integrated_scaled likewise.
    """

    days: IntArray
    score: FloatArray
    null: FloatArray
    scaled: FloatArray
    integrated: float | None
    integrated_scaled: float | None


def brier(survival: Survival, predicted: ArrayLike, *, days: ArrayLike) -> Brier:
    """predicted (n, m): each patient's probability to be free of the event after each day (m,), rising days.

    BS(t) = N⁻¹ Σ [Ŝ² 1(T ≤ t, event)/G(T−) + (1 − Ŝ)² 1(T > t)/G(t)]. Raises Refused(PROBABILITY_RANGE, DAY_WITHOUT_EVENTS).
    Source: Graf 1999 Stat Med 18:2529; METHODS G.4.
    """
    when = np.atleast_1d(np.asarray(days, dtype=np.int64))
    chance = np.asarray(predicted, dtype=np.float64).reshape(survival.rows, -1)
    if chance.shape[1] != when.size or (np.diff(when) <= 0).any():
        raise ProtocolError("one column of predicted survival for each day, the days rising")
    if not ((chance >= 0.0) & (chance <= 1.0)).all():
        raise Refused(notices.PROBABILITY_RANGE.at("predicted"))
    curve = kaplan_meier(survival)
    marginal = step(curve.days, curve.survival, when, before=1.0)
    score, null = np.zeros(when.size), np.zeros(when.size)
    for i, day in enumerate(when):
        case, control = case_control_weights(survival, int(day))
        score[i] = (case * chance[:, i] ** 2 + control * (1.0 - chance[:, i]) ** 2).mean()
        null[i] = (case * marginal[i] ** 2 + control * (1.0 - marginal[i]) ** 2).mean()
    if when.size == 1:
        return Brier(when, score, null, 1.0 - score / null, None, None)
    span = float(when[-1] - when[0])
    whole, nothing = float(np.trapezoid(score, when)) / span, float(np.trapezoid(null, when)) / span
    return Brier(when, score, null, 1.0 - score / null, whole, 1.0 - whole / nothing)
