"""A search for a cut repeated in resampled patients, all hazard ratios in one pass: how far the cut moves, how much the search adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort.cox_newton import maximum
from carpet.cohort.cox_refits import AT_ONCE
from carpet.cohort.cox_rows import batch, ordered
from carpet.cohort.cut_bootstrap import shrunken
from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival
from carpet.core.errors import Refused

FEWEST = 0.5  # [P] share of the samples that must have a cut (or a ratio) for its interval to be given


@dataclass(frozen=True, slots=True)
class ResampledCut:
    """low, high: percentile interval of the cut. optimism: what the search adds to |log hazard ratio|; ratio_low, ratio_high: percentiles
    of the ratio with it taken off, a spread and no confidence interval. None where fewer than half of the
    samples have one. samples: those with a cut."""

    low: float | None
    high: float | None
    optimism: float | None
    ratio_low: float | None
    ratio_high: float | None
    samples: int


def resampled_cut(
    survival: Survival,
    marker: FloatArray,
    *,
    search: Callable[[Survival, FloatArray], float],
    samples: int,
    seed: int,
    level: float = 0.95,
) -> ResampledCut:
    """`search` (follow-up, marker → cut, or Refused) in `samples` draws of patients with replacement; a row a patient.

    Optimism: mean over samples of log HR (sample, its cut) − log HR (all patients, that cut), in the sample's direction, as cut_bootstrap.
    Source: Harrell 1996 Stat Med 15:361; METHODS G.5.
    """
    drawn = np.random.default_rng(seed).integers(0, survival.rows, size=(samples, survival.rows))
    kept, cuts = [], []
    for i, rows in enumerate(drawn):
        try:
            cuts.append(search(survival.take(rows), marker[rows]))
            kept.append(i)
        except Refused:
            continue
    found, tails = np.array(cuts), [0.5 - level / 2.0, 0.5 + level / 2.0]
    if len(kept) < FEWEST * samples:
        return ResampledCut(None, None, None, None, None, len(kept))
    low, high = (float(limit) for limit in np.quantile(found, tails))
    inside = log_ratios(survival, marker, drawn[kept], found)
    distinct, which = np.unique(found, return_inverse=True)
    everybody = np.broadcast_to(np.arange(survival.rows), (distinct.size, survival.rows))
    outside = log_ratios(survival, marker, everybody, distinct)[which]
    both = np.isfinite(inside) & np.isfinite(outside)
    if both.sum() < FEWEST * samples:
        return ResampledCut(low, high, None, None, None, len(kept))
    way = np.sign(inside[both])
    optimism = float((way * (inside[both] - outside[both])).mean())
    ratios = np.exp(np.quantile(shrunken(inside[both], optimism), tails))
    return ResampledCut(low, high, optimism, float(ratios[0]), float(ratios[1]), len(kept))


def log_ratios(survival: Survival, marker: FloatArray, drawn: IntArray, cuts: FloatArray) -> FloatArray:
    """log hazard ratio (B,) of marker > cut (B,) in each sample of rows (B, n), as cox; NaN where it has none (no event on one side)."""
    data = ordered(survival, np.zeros((survival.rows, 1)), strata=np.zeros(survival.rows, dtype=np.int64))
    rank = np.empty_like(data.order)
    rank[data.order] = np.arange(rank.size)
    rows = np.sort(rank[drawn], axis=1)
    above: BoolArray = marker[data.order][rows] > cuts[:, None]
    event = data.event[rows]
    found = np.full(cuts.size, np.nan)
    usable = np.flatnonzero((event & above).any(axis=1) & (event & ~above).any(axis=1))
    step = max(1, AT_ONCE // survival.rows)
    for start in range(0, usable.size, step):
        part = usable[start : start + step]
        high = above[part].astype(np.float64)
        scale = high.std(axis=1)
        x = (high / scale[:, None])[:, None, :]
        sums = (x * event[part][:, None, :]).sum(axis=2)
        fit = maximum(replace(batch(data, rows[part], ties="efron"), x=x, event_sum=sums))
        right = np.array([not reason for reason in fit.reason])
        found[part[right]] = fit.beta[right, 0] / scale[right]
    return found
