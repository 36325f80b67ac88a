"""Optimism: how much better a pipeline looks in its own patients than in others, by refitting all of it to resampled patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.fitting import Fits, fits
from carpet.cohort.models.measures import Times, measured
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.survival import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Optimism:
    """Measures (5,) of a model as it looks; inside and outside (B, 5): of the pipeline refitted to each sample, there and in all patients.

    NaN where a sample has no such measure. whole: the model of all patients; refitted: those of the samples.
    """

    apparent: FloatArray
    inside: FloatArray
    outside: FloatArray
    whole: Fits
    refitted: Fits


@dataclass(frozen=True, slots=True)
class Corrected:
    """One number with its optimism taken off, its interval, and the samples it rests on; None where there is no such number."""

    apparent: float | None
    optimism: float | None
    corrected: float | None
    low: float | None
    high: float | None
    samples: int


def optimism(pipeline: Pipeline, table: Candidates, at: Times, weight: IntArray, *, seed: int) -> Optimism:
    """The bootstrap of Harrell; weight (B, n): how often each patient is in each sample. Raises Refused as `fits`.

    Source: Harrell 1996 Stat Med 15:361; METHODS G.5.
    """
    everybody = np.ones((1, table.patients), dtype=np.int64)
    whole = fits(pipeline, table, everybody, day=at.day, seed=seed)
    again = fits(pipeline, table, weight, day=at.day, seed=seed + 1)
    inside = measured(at, weight, again.risk, again.free)
    outside = measured(at, np.ones_like(weight), again.risk, again.free)
    return Optimism(measured(at, everybody, whole.risk, whole.free)[0], inside, outside, whole, again)


def corrected(apparent: float, inside: FloatArray, outside: FloatArray, *, level: float = 0.95) -> Corrected:
    """apparent − mean(inside − outside); the interval is the spread of `inside` around its mean, moved to the corrected value.

    That is the location-shifted bootstrap (Noma 2021 Stat Med 40:5691), moved by the bootstrap's own mean, not by the optimism alone:
    `inside` is optimistic twice. It takes the uncertainty of the patients, not that of the optimism's estimate:
    in 400 made cohorts of 60 patients with 5 columns it held the model's true C in 88 %, not in 95 %.
    """
    kept = np.isfinite(inside) & np.isfinite(outside)
    if not np.isfinite(apparent) or not kept.any():
        return Corrected(float(apparent) if np.isfinite(apparent) else None, None, None, None, None, int(kept.sum()))
    excess = float((inside[kept] - outside[kept]).mean())
    away = np.quantile(inside[kept], [0.5 - level / 2.0, 0.5 + level / 2.0]) - inside[kept].mean()
    return _shifted(float(apparent), excess, away, int(kept.sum()))


def corrected_slope(apparent: float, inside: FloatArray, outside: FloatArray, *, level: float = 0.95) -> Corrected:
    """The same of a calibration slope: medians, since a slope is a quotient and some samples may be far off, and the spread of `outside`,
    since in its own patients an unpenalised model always has slope 1."""
    kept = np.isfinite(inside) & np.isfinite(outside)
    if not np.isfinite(apparent) or not kept.any():
        return Corrected(float(apparent) if np.isfinite(apparent) else None, None, None, None, None, int(kept.sum()))
    excess = float(np.median(inside[kept] - outside[kept]))
    away = np.quantile(outside[kept], [0.5 - level / 2.0, 0.5 + level / 2.0]) - np.median(outside[kept])
    return _shifted(float(apparent), excess, away, int(kept.sum()))


def _shifted(apparent: float, excess: float, away: FloatArray, samples: int) -> Corrected:
    value = apparent - excess
    return Corrected(apparent, excess, value, value + float(away[0]), value + float(away[1]), samples)
