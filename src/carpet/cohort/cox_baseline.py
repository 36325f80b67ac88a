"""What a Cox model says of one patient or of many: the cumulative hazard, survival after each day, and its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort.at_risk import step
from carpet.cohort.cox import Cox
from carpet.cohort.intervals import Scale, interval
from carpet.cohort.survival import FloatArray, IntArray
from carpet.core.errors import ProtocolError


@dataclass(frozen=True, eq=False)
class Baseline:
    """Arrays (d,) over the days with events in one stratum: the cumulative hazard of a patient at the mean of every covariate."""

    days: IntArray
    hazard: FloatArray
    stratum: str


@dataclass(frozen=True, eq=False)
class Predicted:
    """Survival of one patient after each day (d,) with an event in the stratum, standard error of its logarithm, and interval."""

    days: IntArray
    survival: FloatArray
    std_error_log: FloatArray
    low: FloatArray
    high: FloatArray


def baseline(model: Cox, *, stratum: str | None = None) -> Baseline:
    """Breslow's estimate, its ties as the model's; `stratum` by name where there are several. Source: survival 3.5, survfit.coxph."""
    days, steps, _, name = _steps(model, stratum)
    last = np.append(days[1:] != days[:-1], True)
    return Baseline(days[last], np.cumsum(steps)[last], name)


def predicted_survival(model: Cox, covariates: Mapping[str, ArrayLike], days: ArrayLike, *, stratum: str | None = None) -> FloatArray:
    """Probability (n, m) of n patients, covariates by name, to be free of the event after each of m days."""
    found = baseline(model, stratum=stratum)
    hazard = step(found.days, found.hazard, np.atleast_1d(np.asarray(days)), before=0.0)
    return np.exp(-np.exp(model.linear_predictor(covariates))[:, None] * hazard)


def predicted_curve(
    model: Cox, covariates: Mapping[str, float], *, level: float = 0.95, scale: Scale = "log-log", stratum: str | None = None
) -> Predicted:
    """The curve of one patient, with an interval for the error of baseline and coefficients together (Tsiatis 1981)."""
    days, steps, mean, _ = _steps(model, stratum)
    score = float(model.linear_predictor({name: np.array([value]) for name, value in covariates.items()})[0])
    point = (np.array([covariates[name] for name in model.names]) - model.fitted.design.mean) / model.fitted.design.scale
    drift = np.cumsum((mean - point) * steps[:, None], axis=0)
    covariance = np.linalg.inv(model.fitted.found.there.information[0])
    variance = np.exp(2.0 * score) * (np.cumsum(steps**2) + np.einsum("mi,ij,mj->m", drift, covariance, drift))
    last = np.append(days[1:] != days[:-1], True)
    value, error = np.exp(-np.exp(score) * np.cumsum(steps))[last], np.sqrt(variance)[last]
    low, high = interval(value, value * error, level=level, scale=scale)
    return Predicted(days[last], value, error, low, high)


def _steps(model: Cox, stratum: str | None) -> tuple[IntArray, FloatArray, FloatArray, str]:
    """Per death of the stratum, by day: day, step of the hazard, mean at risk (m, p); the stratum's name."""
    fitted = model.fitted
    if (len(fitted.strata) > 1) if stratum is None else (stratum not in fitted.strata):
        raise ProtocolError(f"stratum {stratum!r}: the model has {', '.join(fitted.strata)}")
    index = 0 if stratum is None else fitted.strata.index(stratum)
    inside = fitted.data.stratum[fitted.rows.at] == index
    days = fitted.survival.days[fitted.data.order][fitted.rows.at][inside]
    there = fitted.found.there
    return days, 1.0 / there.risk[inside], there.mean[inside], fitted.strata[index]
