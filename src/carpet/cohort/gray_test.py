"""Gray's test: does the cumulative incidence of one cause differ between groups, stratified where asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.cox import ChiSquare, chi_square
from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival, labelled
from carpet.core.errors import ProtocolError, Refused


def gray_test(survival: Survival, groups: ArrayLike, *, cause: int = 1, strata: ArrayLike | None = None) -> ChiSquare:
    """The test with ρ = 0. Raises Refused(ONE_GROUP, NO_EVENTS), ProtocolError for delayed entry.

    Source: Gray 1988 Ann Stat 16:1141; equals cmprsk's cuminc.
    """
    names, group = labelled(groups, survival.rows)
    _, stratum = labelled(np.zeros(survival.rows) if strata is None else strata, survival.rows)
    if survival.entry is not None:
        raise ProtocolError("Gray's test takes no delayed entry")
    if len(names) < 2:
        raise Refused(notices.ONE_GROUP.at("groups", ", ".join(names)))
    if not (survival.event == cause).any():
        raise Refused(notices.NO_EVENTS.at("event", f"cause {cause}"))
    score, variance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    for one in np.unique(stratum):
        inside = stratum == one
        some = _one_stratum(survival.days[inside], survival.event[inside], group[inside], len(names), cause)
        score, variance = score + some[0], variance + some[1]
    kept = variance[:-1, :-1]
    return chi_square(float(score[:-1] @ np.linalg.solve(kept, score[:-1])), len(names) - 1)


def _one_stratum(days: IntArray, event: IntArray, group: IntArray, size: int, cause: int) -> tuple[FloatArray, FloatArray]:
    """Score (g,) and its covariance (g, g). Arrays below are (g, d) over days with events."""
    when = np.unique(days[event > 0])
    if not when.size:
        return np.zeros(size), np.zeros((size, size))

    def table(rows: BoolArray) -> FloatArray:
        place = group[rows] * when.size + np.searchsorted(when, days[rows])
        return np.bincount(place, minlength=size * when.size).reshape(size, when.size).astype(np.float64)

    mine, other = table(event == cause), table((event > 0) & (event != cause))
    still = [(group == k).sum() - np.searchsorted(np.sort(days[group == k]), when, side="left") for k in range(size)]
    risk = np.array(still, dtype=np.float64)
    return _score(mine, other, risk)


def _score(mine: FloatArray, other: FloatArray, risk: FloatArray) -> tuple[FloatArray, FloatArray]:
    alive = risk > 0.0
    some = np.maximum(risk, 1.0)
    free = np.cumprod(np.where(alive, 1.0 - (mine + other) / some, 1.0), axis=1).astype(np.float64)
    before = np.hstack([np.ones((risk.shape[0], 1)), free[:, :-1]])
    own = np.cumsum(before * mine / some, axis=1)
    own_before = np.hstack([np.zeros((risk.shape[0], 1)), own[:, :-1]])
    share: FloatArray = np.divide(risk, before, out=np.zeros_like(risk), where=alive)
    total, subrisk = share.sum(axis=0), share * (1.0 - own_before)
    events = mine.sum(axis=0)
    pooled = np.cumsum(events / total)
    pooled_before = np.concatenate([[0.0], pooled[:-1]])
    score = (mine - events * subrisk / subrisk.sum(axis=0)).sum(axis=1)
    return score, _covariance(share, total, events, pooled, pooled_before, (free, before, some, other, alive))


def _covariance(
    share: FloatArray,
    total: FloatArray,
    events: FloatArray,
    pooled: FloatArray,
    pooled_before: FloatArray,
    groups: tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray],
) -> FloatArray:
    """Σ over groups k and days of the squared effect of an event there on the scores (i, j); the two causes have different effects."""
    free, before, some, other, alive = groups
    size = share.shape[0]
    spread = np.eye(size)[:, :, None] * share[:, None, :] - share[:, None, :] * share[None, :, :] / total  # (i, k, d)
    drift = np.cumsum(spread * (events / (total * (1.0 - pooled_before))), axis=2)
    left = drift[:, :, -1:] - drift
    remains = np.divide(1.0 - pooled, free, out=np.zeros_like(free), where=free > 0.0)  # (k, d)
    ties = np.where(events > 1.0, 1.0 - (events - 1.0) / np.where(events > 1.0, total * before - 1.0, 1.0), 1.0)
    weight = np.where(alive, ties * before * events / (total * some), 0.0)
    effect = spread + (1.0 - remains) * left
    ties_other = 1.0 - np.maximum(other - 1.0, 0.0) / np.maximum(some - 1.0, 1.0)
    weight_other = np.where(alive & (free > 0.0), ties_other * before**2 * other / some**2, 0.0)
    effect_other = remains * left
    found: FloatArray = np.einsum("ikd,jkd,kd->ij", effect, effect, weight)
    found += np.einsum("ikd,jkd,kd->ij", effect_other, effect_other, weight_other)
    return found
