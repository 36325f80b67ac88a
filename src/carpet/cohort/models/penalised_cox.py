"""Cox models with ridge, lasso or elastic-net penalties, many samples at once, and the choice of the penalty by cross-validation.

The objective, per sample of m patients: log partial likelihood / m − λ (α Σ|β| + ½ (1 − α) Σ β²), covariates standardised (Simon 2011
J Stat Softw 39(5); there the likelihood counts twice). Newton's quadratic with the exact information, solved by coordinate descent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.cox_likelihood import Likelihood, likelihood
from carpet.cohort.cox_rows import Batch
from carpet.cohort.models.samples import Samples, part_of
from carpet.cohort.survival import BoolArray, FloatArray, IntArray

MOST_STEPS = 60
SMALL_STEP = 1e-7  # standard deviations; near the end each step is about the square of the one before
NOTHING_LEFT = 1e-9  # log-likelihood a patient that a further step could gain
STILL_MOVING = 0.01  # standard deviations; with nothing left to gain: a ratio on its way to infinity
SWEEPS = 4  # of coordinate descent between two looks at the exact place
MOST_ROUNDS = 100
LEEWAY = 1e-9  # of a penalty, relative: rounding of the slope it holds
LARGEST_STEP = 2.0  # standard deviations at once
MOST_HALVINGS = 15
ROUNDING = 1e-11  # of the objective, relative: less is no loss
JITTER = 1e-10  # of the information: a step where columns follow from each other; it moves no maximum
SMALLEST = 1e-300  # of an information that is 0: no division by it
EXCLUDED = np.inf  # the l1 penalty of a column that is not in a sample's model
NO_SLOPE = 1e-12  # of the likelihood a patient: columns that say nothing
LASSO_PATH = np.geomspace(1.0, 0.03, 12)  # [P] of the smallest penalty that leaves nothing
RIDGE_PATH = np.geomspace(30.0, 0.01, 10)  # [P] of the steepest slope at 0
TRYING = 1e-3  # standard deviations: a step so small is small enough where penalties are compared


@dataclass(frozen=True, eq=False)
class Penalty:
    """l1 and l2 (S, p), in the objective's units: λα and λ(1 − α); l1 = EXCLUDED keeps a column out."""

    l1: FloatArray
    l2: FloatArray

    @property
    def smooth(self) -> bool:
        return bool(((self.l1 == 0.0) | (self.l1 == EXCLUDED)).all())

    def take(self, some: BoolArray | IntArray) -> Penalty:
        """That of some of the samples."""
        return Penalty(self.l1[some], self.l2[some])


@dataclass(frozen=True, eq=False)
class Fit:
    """beta (S, p); log partial likelihood (S,) there; separated (S,): on the way to infinity when nothing was left to gain; done (S,)."""

    beta: FloatArray
    value: FloatArray
    separated: BoolArray
    done: BoolArray


def penalised(rows: Batch, size: FloatArray, penalty: Penalty, *, start: FloatArray | None = None, small: float = SMALL_STEP) -> Fit:
    """The maximum of the objective in every sample; `size` (S,) its patients. Source: proximal Newton, Lee 2014 SIAM J Optim 24:1420."""
    number, terms, _ = rows.x.shape
    beta = np.zeros((number, terms)) if start is None else np.where(penalty.l1 == EXCLUDED, 0.0, start)
    value, separated, done = np.zeros(number), np.zeros(number, dtype=np.bool_), np.zeros(number, dtype=np.bool_)
    left, here, now = np.arange(number), beta, likelihood(rows, beta)
    for _ in range(MOST_STEPS):
        step, gain = _step(now, here, size, penalty)
        moved = np.abs(step).max(axis=1, initial=0.0)
        lost = (gain < NOTHING_LEFT) & (moved > STILL_MOVING)
        over = lost | (moved < small)
        beta[left], value[left], separated[left], done[left] = here, now.value, lost, over
        if over.all():
            break
        if over.any():  # what is found is set aside, so that the slowest samples go on alone
            stay = np.flatnonzero(~over)
            left, here, step, moved, size, penalty = left[stay], here[stay], step[stay], moved[stay], size[stay], penalty.take(stay)
            rows, now = part_of(rows, stay), _of_samples(now, stay)
        step = step * np.minimum(1.0, LARGEST_STEP / np.maximum(moved, 1e-300))[:, None]
        here, now = _moved(rows, here, now, step, size, penalty)
    return Fit(beta, value, separated, done)


def _of_samples(now: Likelihood, some: IntArray) -> Likelihood:
    """What a step needs of some of the samples."""
    return Likelihood(now.value[some], now.slope[some], now.information[some], now.expected[some], now.risk[:0], now.mean[:0])


def _step(now: Likelihood, beta: FloatArray, size: FloatArray, penalty: Penalty) -> tuple[FloatArray, FloatArray]:
    """To the top of the penalised quadratic (S, p), and what it should gain (S,), per patient."""
    slope = now.slope / size[:, None] - penalty.l2 * beta
    slope = np.where(np.abs(slope) < NO_SLOPE, 0.0, slope)  # rounding: over an information of 0 it would be a step without end
    bend = now.information / size[:, None, None]
    diagonal = np.einsum("spp->sp", bend)
    firm = penalty.l2 + JITTER * diagonal.max(axis=1, keepdims=True, initial=0.0) + SMALLEST
    bend = bend + firm[:, :, None] * np.eye(beta.shape[1])
    out = penalty.l1 == EXCLUDED
    if penalty.smooth:
        slope = np.where(out, 0.0, slope)
        bend = np.where(out[:, :, None] | out[:, None, :], np.eye(beta.shape[1]), bend)
        step = np.linalg.solve(bend, slope[:, :, None])[:, :, 0].astype(np.float64)
        return step, 0.5 * (step * slope).sum(axis=1)
    step = _descended(slope, bend, beta, penalty.l1) - beta
    kept = np.where(out, 0.0, penalty.l1)
    shrunk = (kept * (np.abs(beta) - np.abs(beta + step))).sum(axis=1)
    return step, (step * slope).sum(axis=1) - 0.5 * np.einsum("sp,spq,sq->s", step, bend, step) + shrunk


def _descended(slope: FloatArray, bend: FloatArray, beta: FloatArray, l1: FloatArray) -> FloatArray:
    """The lasso of a quadratic: slope and bend at beta, all samples abreast.

    Some sweeps of coordinate descent find which columns are in and with which sign; the equations of those columns then give their place
    exactly, and it is taken where signs and slopes agree with it.
    """
    found, place = beta.copy(), beta.copy()
    pull = slope + np.einsum("spq,sq->sp", bend, beta)
    open_ = np.arange(beta.shape[0])
    for _ in range(MOST_ROUNDS):
        place = _swept(pull, bend, place, l1)
        exact, right = _solved(pull, bend, place, l1)
        found[open_] = np.where(right[:, None], exact, place)
        stay = ~right
        if not stay.any():
            break
        open_, pull, bend, place, l1 = open_[stay], pull[stay], bend[stay], place[stay], l1[stay]
    return found


def _swept(pull: FloatArray, bend: FloatArray, place: FloatArray, l1: FloatArray) -> FloatArray:
    """Sweeps of coordinate descent from a place (S, p); pull is the slope at 0."""
    place = place.copy()
    left = pull - np.einsum("spq,sq->sp", bend, place)
    for _ in range(SWEEPS):
        for term in range(place.shape[1]):
            own = bend[:, term, term]
            reach = own * place[:, term] + left[:, term]
            there = np.sign(reach) * np.maximum(np.abs(reach) - l1[:, term], 0.0) / own
            left -= bend[:, :, term] * (there - place[:, term])[:, None]
            place[:, term] = there
    return place


def _solved(pull: FloatArray, bend: FloatArray, place: FloatArray, l1: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The place at which the columns that are in balance their penalty, and whether it is the maximum: signs kept, no column left out pulls
    harder than its penalty."""
    inside = place != 0.0
    held = np.where(inside, l1, 0.0) * np.sign(place)
    masked = np.where(inside[:, :, None] & inside[:, None, :], bend, np.eye(place.shape[1]))
    exact = np.linalg.solve(masked, np.where(inside, pull - held, 0.0)[:, :, None])[:, :, 0]
    left = np.abs(pull - np.einsum("spq,sq->sp", bend, exact))
    right = np.where(inside, np.sign(exact) == np.sign(place), left <= l1 * (1.0 + LEEWAY)).all(axis=1)
    return exact, right


def objective(value: FloatArray, beta: FloatArray, size: FloatArray, penalty: Penalty) -> FloatArray:
    """What is maximised (S,), from the log partial likelihood."""
    kept = np.where(penalty.l1 == EXCLUDED, 0.0, penalty.l1)
    found: FloatArray = value / size - (kept * np.abs(beta)).sum(axis=1) - 0.5 * (penalty.l2 * beta**2).sum(axis=1)
    return found


def _moved(
    rows: Batch, beta: FloatArray, now: Likelihood, step: FloatArray, size: FloatArray, penalty: Penalty
) -> tuple[FloatArray, Likelihood]:
    """A step that loses nothing: halved, sample by sample, while it would."""
    before = objective(now.value, beta, size, penalty)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for _ in range(MOST_HALVINGS):
            there = likelihood(rows, beta + step)
            worse = ~(objective(there.value, beta + step, size, penalty) >= before - ROUNDING * np.abs(before))
            if not worse.any():
                return beta + step, there
            step = np.where(worse[:, None], step / 2.0, step)
        still = np.where(worse[:, None], beta, beta + step)
        return still, likelihood(rows, still)


def no_penalty(number: int, terms: int, *, excluded: BoolArray | None = None) -> Penalty:
    """The partial likelihood alone; `excluded` (S, p): columns that are not in a sample's model."""
    out = np.zeros((number, terms)) if excluded is None else np.where(excluded, EXCLUDED, 0.0)
    return Penalty(out, np.zeros((number, terms)))


def path(rows: Batch, size: FloatArray, *, mixing: float, excluded: BoolArray) -> FloatArray:
    """Penalties λ (S, L) to try, falling, from one that leaves (nearly) nothing."""
    at_zero = np.abs(likelihood(rows, np.zeros(rows.x.shape[:2])).slope)
    steepest = np.where(excluded, 0.0, at_zero).max(axis=1, initial=0.0) / size
    relative = LASSO_PATH / mixing if mixing > 0.0 else RIDGE_PATH
    found: FloatArray = np.maximum(steepest, NO_SLOPE)[:, None] * relative
    return found


def of_size(lam: FloatArray, *, mixing: float, excluded: BoolArray) -> Penalty:
    """The elastic net of size lam (S,): α = mixing, 1 the lasso, 0 the ridge."""
    whole = np.broadcast_to(lam[:, None], excluded.shape)
    return Penalty(np.where(excluded, EXCLUDED, mixing * whole), (1.0 - mixing) * whole)


def tuned(whole: Samples, parts: tuple[Samples, ...], values: FloatArray, *, mixing: float, excluded: BoolArray) -> tuple[FloatArray, Fit]:
    """λ (S,) with the best cross-validated partial likelihood, and the fit with it; parts: the samples without one fold each.

    Σ over folds of l(β without the fold) − l without the fold(β without the fold), the largest λ of equal ones. Source: Verweij & van
    Houwelingen 1993 Stat Med 12:2305.
    """
    rows = whole.take(values)
    tried = path(rows, whole.size, mixing=mixing, excluded=excluded)
    score = np.zeros(tried.shape)
    for part in parts:
        there, beta = part.take(values), None
        for k in range(tried.shape[1]):
            net = of_size(tried[:, k], mixing=mixing, excluded=excluded)
            fit = penalised(there, part.size, net, start=beta, small=TRYING)
            beta = fit.beta
            score[:, k] += likelihood(rows, beta).value - fit.value
    lam = np.take_along_axis(tried, np.argmax(score, axis=1)[:, None], 1)[:, 0]
    return lam, penalised(rows, whole.size, of_size(lam, mixing=mixing, excluded=excluded))
