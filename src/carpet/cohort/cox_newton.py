"""Newton's way to the maximum of many Cox likelihoods at once, and the recognition of those that have none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.cox_likelihood import Likelihood, likelihood
from carpet.cohort.cox_rows import Batch
from carpet.cohort.survival import BoolArray, FloatArray

MOST_STEPS = 50
LAST_STEP = 1e-5  # standard deviations: after a step so small the next would be its square
SMALL_STEP = 1e-9  # in standard deviations of the covariate
NOTHING_LEFT = 1e-8  # log-likelihood a further step could gain
STILL_MOVING = 0.01  # standard deviations; with nothing left to gain: a hazard ratio on its way to infinity
# smallest over largest information (or over 1, that of a standard deviation): at the start a covariate that says nothing, later one on its
# way to infinity
SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class Found:
    """beta (B, p); reason (B,): "" where found, else SEPARATION, NO_CONVERGENCE or COVARIATES_COLLINEAR; the likelihood there; at 0: value
    (B,) and score test (B,)."""

    beta: FloatArray
    reason: tuple[str, ...]
    there: Likelihood
    null_value: FloatArray
    score_test: FloatArray


def maximum(rows: Batch, *, start: FloatArray | None = None) -> Found:
    """The coefficients of standardised covariates; every sample needs an event. `start` (B, p) instead of 0 shortens refits.

    With `start`, null_value and score_test are those of the start, and the likelihood that of one step before the last.
    """
    samples, terms, _ = rows.x.shape
    beta = np.zeros((samples, terms)) if start is None else start
    now = likelihood(rows, beta)
    spread = np.linalg.eigvalsh(now.information)
    least = SINGULAR * np.maximum(spread[:, -1], 1.0)
    singular = spread[:, 0] <= least
    null, score_test = now.value, _gain(now, singular)[1]
    small = SMALL_STEP if start is None else LAST_STEP
    separated, done = np.zeros(samples, dtype=np.bool_), singular.copy()
    for _ in range(MOST_STEPS):
        try:
            step, gain = _gain(now, done)
        except np.linalg.LinAlgError:  # so far out that nobody at risk differs any more
            separated = separated | (~done & _vanished(now, least))
            done = done | separated
            step, gain = _gain(now, done)
        moved = np.abs(step).max(axis=1)
        fresh = ~done & (gain < NOTHING_LEFT) & (moved > STILL_MOVING)
        separated |= fresh
        done |= fresh | (moved < small)
        step = np.where(separated[:, None], 0.0, step)
        if done.all():
            beta = beta + step
            break
        beta, now = _stepped(rows, beta, now, step)
    separated = separated | (~singular & _vanished(now, least))
    reason = tuple(
        "COVARIATES_COLLINEAR" if singular[i] else "SEPARATION" if separated[i] else "" if done[i] else "NO_CONVERGENCE"
        for i in range(samples)
    )
    return Found(beta, reason, now, null, score_test)


def _vanished(now: Likelihood, least: FloatArray) -> BoolArray:
    """Samples (B,) whose information has fallen to what counts as nothing, least (B,), in some direction."""
    finite = np.isfinite(now.information).all(axis=(1, 2), keepdims=True)
    spread = np.linalg.eigvalsh(np.where(finite, now.information, 0.0))
    return np.asarray(spread[:, 0] <= least, dtype=np.bool_)


def _gain(now: Likelihood, skip: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Newton's step (B, p), and slope times step (B,), twice what it should gain; both 0 for the samples to skip."""
    information = np.where(skip[:, None, None], np.eye(now.slope.shape[1]), now.information)
    step = np.linalg.solve(information, now.slope[:, :, None])[:, :, 0]
    step = np.where(skip[:, None], 0.0, step)
    return step.astype(np.float64), (step * now.slope).sum(axis=1)


def _stepped(rows: Batch, beta: FloatArray, now: Likelihood, step: FloatArray) -> tuple[FloatArray, Likelihood]:
    """A step that loses nothing: halved, sample by sample, while it would."""
    for _ in range(30):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            there = likelihood(rows, beta + step)
        known = np.isfinite(there.value) & np.isfinite(there.information).all(axis=(1, 2))
        worse = ~(known & (there.value >= now.value - 1e-9 * np.abs(now.value)))
        if not worse.any():
            return beta + step, there
        step = np.where(worse[:, None], step / 2.0, step)
    still = np.where(worse[:, None], beta, beta + step)
    with np.errstate(over="ignore"):  # of sums that no death meets: those of every death are finite, or the step was not taken
        return still, likelihood(rows, still)
