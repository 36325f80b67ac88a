"""Youden's index with censoring: the cut of a marker with the largest sum of sensitivity and specificity for the event by a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carpet.cohort import notices
from carpet.cohort.survival import FloatArray, Survival, numbers
from carpet.cohort.time_dependent_auc import case_control_weights
from carpet.core.errors import Refused

EQUAL = 1e-9  # indices this close are the same


@dataclass(frozen=True, slots=True)
class YoudenCut:
    """The cut, an observed value (high risk: marker > cut), the index J there, sensitivity and specificity for the event by the day, and P:
    how often a random deal of markers to patients reaches J, which allows for the search."""

    day: int
    cut: float
    index: float
    sensitivity: float
    specificity: float
    p: float
    samples: int


def youden(survival: Survival, marker: ArrayLike, *, day: int, samples: int = 10_000, seed: int) -> YoudenCut:
    """The first cut with the largest J = sensitivity + specificity − 1, weighted for censoring; a higher marker is worse.

    Raises Refused(DAY_WITHOUT_EVENTS, NO_CUT). Source: Youden 1950 Cancer 3:32; weights as time_dependent_auc.
    """
    values = numbers(marker, survival.rows, "marker")
    case, control = case_control_weights(survival, day)
    order = np.argsort(values, kind="stable")
    ends = np.flatnonzero(np.diff(values[order]) > 0.0)
    if not ends.size:
        raise Refused(notices.NO_CUT.at("marker", "one value in all patients"))
    gain = control / control.sum() - case / case.sum()
    index = _indices(gain[order], ends)
    best = int(np.argmax(index > index.max() - EQUAL))
    low = order[: ends[best] + 1]
    sensitivity, specificity = 1.0 - float(case[low].sum() / case.sum()), float(control[low].sum() / control.sum())
    rng, reached, done = np.random.default_rng(seed), 0, 0
    while done < samples:
        some = min(2_000, samples - done)
        dealt = rng.permuted(np.tile(gain, (some, 1)), axis=1)
        reached += int((_indices(dealt, ends).max(axis=1) >= index[best] - EQUAL).sum())
        done += some
    cut = float(values[order][ends[best]])
    return YoudenCut(day, cut, float(index[best]), sensitivity, specificity, (1 + reached) / (1 + samples), samples)


def _indices(gain: FloatArray, ends: NDArray[np.intp]) -> FloatArray:
    """J (…, c) at each cut, from gains (…, N) in the order of the marker."""
    found: FloatArray = np.cumsum(gain, axis=-1)[..., ends]
    return found
