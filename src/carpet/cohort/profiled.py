"""The maximum of a concave likelihood, with any coefficient held, and the interval within which it has not fallen too far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from carpet.cohort import notices
from carpet.cohort.survival import FloatArray
from carpet.core.errors import Refused

MOST_STEPS = 200
SMALL_STEP = 1e-9  # in standard deviations of the covariate
LARGEST_STEP = 5.0  # standard deviations at once
NOTHING_LEFT = 1e-9  # log-likelihood a further step could gain
STILL_MOVING = 0.01  # standard deviations; with nothing left to gain: a ratio on its way to infinity
FURTHEST = 60.0  # standard deviations within which a limit is sought
ROUNDING = 1e-10  # of a log-likelihood, relative: less is no loss
SHARE_GAINED = 1e-4  # of what the slope promises that a step must gain, else it is halved (Armijo 1966 Pac J Math 16:1)


@dataclass(frozen=True, eq=False)
class Hill:
    """A log-likelihood at one place: its value (−∞ outside its domain), slope (p,), and information (p, p), positive definite."""

    value: float
    slope: FloatArray
    information: FloatArray


Climb = Callable[[FloatArray], Hill]


@dataclass(frozen=True, slots=True)
class Profile:
    """One coefficient: limits of its profile interval (None where it has none on that side), and the P of its likelihood ratio test."""

    low: float | None
    high: float | None
    p: float


def highest(climb: Climb, start: FloatArray, *, held: tuple[int, ...] = ()) -> tuple[FloatArray, float]:
    """Place (p,) and value of the maximum over all but the held coefficients, by Newton's steps, halved while they gain too little.

    Raises Refused(NO_CONVERGENCE); with none held SEPARATION where it lies at infinity. With one held the value is the least upper bound.
    """
    free = [term for term in range(start.size) if term not in held]
    place, now = start.copy(), climb(start)
    for _ in range(MOST_STEPS if free else 0):
        step = np.zeros_like(place)
        step[free] = _newton(now.information[np.ix_(free, free)], now.slope[free])
        gain, size = float(step @ now.slope), float(np.abs(step).max())
        if gain < NOTHING_LEFT and size > STILL_MOVING:
            if held:
                return place, now.value
            raise Refused(notices.SEPARATION.at("covariates"))
        if size < SMALL_STEP:
            return place, now.value
        step *= min(1.0, LARGEST_STEP / size)
        place, now, moved = _climbed(climb, place, now, step)
        if not moved:
            return place, now.value
    if not free:
        return place, now.value
    raise Refused(notices.NO_CONVERGENCE.at("the likelihood"))


def _newton(information: FloatArray, slope: FloatArray) -> FloatArray:
    """Newton's step; where nothing is known in some direction any more, uphill."""
    try:
        return np.asarray(np.linalg.solve(information, slope), dtype=np.float64)
    except np.linalg.LinAlgError:
        return slope


def _climbed(climb: Climb, place: FloatArray, now: Hill, step: FloatArray) -> tuple[FloatArray, Hill, bool]:
    """A step that gains enough, and whether there was one."""
    for _ in range(40):
        there = climb(place + step)
        wanted = SHARE_GAINED * float(step @ now.slope) - ROUNDING * max(1.0, abs(now.value))
        if there.value >= now.value + wanted:
            return place + step, there, True
        step = step / 2.0
    return place, now, False


def profile(climb: Climb, best: FloatArray, term: int, *, level: float) -> Profile:
    """Where twice the likelihood, the other coefficients at their best, has fallen by the chi-square of `level`; P against 0.

    Source: Venzon & Moolgavkar 1988 Appl Stat 37:87.
    """
    top = climb(best).value
    floor = top - float(chi2.ppf(level, 1)) / 2.0

    def above(value: float) -> float:
        start = best.copy()
        start[term] = value
        return highest(climb, start, held=(term,))[1] - floor

    error = float(np.sqrt(np.linalg.inv(climb(best).information)[term, term]))
    low, high = (_limit(above, float(best[term]), sign * min(error, 2.0)) for sign in (-1.0, 1.0))
    return Profile(low, high, float(chi2.sf(max(0.0, 2.0 * (top - floor - above(0.0))), 1)))


def _limit(above: Callable[[float], float], centre: float, reach: float) -> float | None:
    """Where `above` falls to 0, going from the centre in the direction of `reach`; None where it does not within sight."""
    while above(centre + reach) > 0.0:
        reach *= 1.6
        if abs(reach) > FURTHEST:
            return None
    return float(brentq(above, centre, centre + reach, xtol=1e-10, rtol=1e-12))
