"""Fine and Gray's model: how covariates act on the cumulative incidence of one cause (subdistribution hazard ratios), for prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from carpet.cohort import notices
from carpet.cohort.at_risk import step
from carpet.cohort.covariates import Design, design
from carpet.cohort.cox import HazardRatio
from carpet.cohort.cox_newton import SINGULAR
from carpet.cohort.intervals import normal_quantile
from carpet.cohort.kaplan_meier import kaplan_meier
from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival
from carpet.core.errors import ProtocolError, Refused

MOST_STEPS = 50
SMALL_STEP = 1e-9  # in standard deviations of the covariate
NOTHING_LEFT, STILL_MOVING = 1e-8, 0.01  # as in cox_newton


@dataclass(frozen=True, eq=False)
class FineGray:
    """A fitted model: coefficients (p,) per unit, their robust covariance, log pseudo-likelihood at 0 and there, events of the cause."""

    names: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood_null: float
    log_likelihood: float
    cause: str
    events: int
    patients: int


@dataclass(frozen=True, eq=False)
class _Patients:
    """Sorted by day: x (n, p), days (n,), mine and other causes (n,), kept (n,) = G(T−); per distinct day of the cause (d,): when, deaths,
    left = G(t−), and of each patient the number of such days before (`earlier`) and up to its own (`upto`)."""

    x: FloatArray
    mine: BoolArray
    other: BoolArray
    lost: BoolArray
    days: IntArray
    kept: FloatArray
    when: IntArray
    deaths: FloatArray
    left: FloatArray
    upto: IntArray


@dataclass(frozen=True, eq=False)
class _Fit:
    value: float
    slope: FloatArray
    information: FloatArray
    weight: FloatArray
    mean: FloatArray
    hazard: FloatArray


def fine_gray(survival: Survival, covariates: Mapping[str, ArrayLike], *, cause: int = 1) -> FineGray:
    """The model of one cause; patients with another event stay at risk with the chance not to have been censored, G(t−)/G(T−).

    Raises Refused as `cox`; ProtocolError for delayed entry or several rows a patient.
    Source: Fine & Gray 1999 JASA 94:496, with their variance that counts the estimate of G; equals cmprsk's crr (Breslow's ties).
    """
    if survival.entry is not None or not survival.one_row_each:
        raise ProtocolError("Fine and Gray's model takes one row a patient and no delayed entry")
    table = design(covariates, survival.rows)
    if not (survival.event == cause).any():
        raise Refused(notices.NO_EVENTS.at("event", f"cause {cause}"))
    patients = _patients(survival, table.standard, cause)
    beta, fit, null = _maximum(patients, table)
    bread = np.linalg.inv(fit.information)
    parts = _influence(patients, fit)
    covariance = bread @ (parts.T @ parts) @ bread / np.outer(table.scale, table.scale)
    events = int(patients.mine.sum())
    return FineGray(table.names, beta / table.scale, covariance, null, fit.value, survival.causes[cause - 1], events, survival.rows)


def subdistribution_ratios(model: FineGray, *, level: float = 0.95) -> tuple[HazardRatio, ...]:
    """Every covariate's subdistribution hazard ratio with Wald interval and P."""
    z, errors = normal_quantile(level), np.sqrt(np.diag(model.covariance))
    return tuple(
        HazardRatio(
            name, float(np.exp(b)), float(np.exp(b - z * e)), float(np.exp(b + z * e)), float(b), float(e), float(2.0 * ndtr(-abs(b / e)))
        )
        for name, b, e in zip(model.names, model.coefficients, errors, strict=True)
    )


def _patients(survival: Survival, x: FloatArray, cause: int) -> _Patients:
    order = np.argsort(survival.days, kind="stable")
    days, event = survival.days[order], survival.event[order]
    mine = event == cause
    when, deaths = np.unique(days[mine], return_counts=True)
    staying = kaplan_meier(survival.turned())
    kept, left = (step(staying.days, staying.survival, at, before=1.0, strictly=True) for at in (days, when))
    upto = np.searchsorted(when, days, side="right").astype(np.int64)
    return _Patients(x[order], mine, (event > 0) & ~mine, event == 0, days, kept, when, deaths.astype(np.float64), left, upto)


def _maximum(patients: _Patients, table: Design) -> tuple[FloatArray, _Fit, float]:
    beta = np.zeros(len(table.names))
    now = _likelihood(patients, beta)
    null, least = now.value, SINGULAR * max(1.0, float(np.linalg.eigvalsh(now.information)[-1]))
    for steps in range(MOST_STEPS):
        if np.linalg.eigvalsh(now.information)[0] <= least:
            kind = notices.SEPARATION if steps else notices.COVARIATES_COLLINEAR
            raise Refused(kind.at(table.names[int(np.argmax(np.abs(beta)))], f"{int(patients.mine.sum())} events"))
        move = np.linalg.solve(now.information, now.slope)
        if np.abs(move).max() < SMALL_STEP:
            return beta, now, null
        if float(move @ now.slope) < NOTHING_LEFT and np.abs(move).max() > STILL_MOVING:
            raise Refused(notices.SEPARATION.at(table.names[int(np.argmax(np.abs(beta)))], f"{int(patients.mine.sum())} events"))
        there = _likelihood(patients, beta + move)
        while not there.value >= now.value - 1e-9 * abs(now.value):
            move = move / 2.0
            there = _likelihood(patients, beta + move)
        beta, now = beta + move, there
    raise Refused(notices.NO_CONVERGENCE.at(table.names[int(np.argmax(np.abs(beta)))], f"{int(patients.mine.sum())} events"))


def _likelihood(patients: _Patients, beta: FloatArray) -> _Fit:
    """Linear in n: the weight of a patient with another event is its own factor times one of the day."""
    score = patients.x @ beta
    weight = np.exp(score)
    first = np.searchsorted(patients.days, patients.when, side="left")
    carried = np.where(patients.other, weight / np.where(patients.other, patients.kept, 1.0), 0.0)
    risk = _after(weight[:, None], first)[:, 0] + patients.left * _before(carried[:, None], first)[:, 0]
    sums = _after(weight[:, None] * patients.x, first) + patients.left[:, None] * _before(carried[:, None] * patients.x, first)
    mean, hazard = sums / risk[:, None], patients.deaths / risk
    value = float(score[patients.mine].sum() - (patients.deaths * np.log(risk)).sum())
    slope = patients.x[patients.mine].sum(axis=0) - (patients.deaths[:, None] * mean).sum(axis=0)
    expected = weight * _met(patients, hazard[:, None])[:, 0]
    information = (patients.x * expected[:, None]).T @ patients.x - (mean * patients.deaths[:, None]).T @ mean
    return _Fit(value, slope, information, weight, mean, hazard)


def _after(values: FloatArray, first: IntArray) -> FloatArray:
    sums = np.vstack([np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, values.shape[1]))])
    return np.asarray(sums[first], dtype=np.float64)


def _before(values: FloatArray, first: IntArray) -> FloatArray:
    sums = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return np.asarray(sums[first], dtype=np.float64)


def _met(patients: _Patients, steps: FloatArray) -> FloatArray:
    """What each patient (n, k) meets of the days' steps (d, k): all up to its own day, and after another event the rest, weighted."""
    early = np.vstack([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])
    late = _after(steps * patients.left[:, None], np.arange(patients.when.size + 1))
    factor = np.where(patients.other, 1.0 / np.where(patients.other, patients.kept, 1.0), 0.0)
    return np.asarray(early[patients.upto] + factor[:, None] * late[patients.upto], dtype=np.float64)


def _influence(patients: _Patients, fit: _Fit) -> FloatArray:
    """Per patient (n, p): its score, and what it adds through the estimate of G (η + ψ of the paper)."""
    own = np.maximum(patients.upto - 1, 0)
    parts = np.where(patients.mine[:, None], patients.x - fit.mean[own], 0.0)
    parts -= fit.weight[:, None] * (patients.x * _met(patients, fit.hazard[:, None]) - _met(patients, fit.hazard[:, None] * fit.mean))
    ends, number = np.unique(patients.days[patients.lost], return_counts=True)
    first = np.searchsorted(patients.days, ends, side="left")
    carried = np.where(patients.other, fit.weight / np.where(patients.other, patients.kept, 1.0), 0.0)
    late = np.searchsorted(patients.when, ends, side="left")
    weighted = (patients.left * fit.hazard)[:, None]
    tail, tail_mean = _after(weighted, late), _after(weighted * fit.mean, late)
    pull = _before(carried[:, None] * patients.x, first) * tail - _before(carried[:, None], first) * tail_mean
    risk = (patients.days.size - first).astype(np.float64)
    drift = np.vstack([np.zeros((1, pull.shape[1])), np.cumsum(pull * (number / risk**2)[:, None], axis=0)])
    parts -= drift[np.searchsorted(ends, patients.days, side="right")]
    parts[patients.lost] += (pull / risk[:, None])[np.searchsorted(ends, patients.days[patients.lost])]
    return parts
