"""How stable a searched cut is, and how much of its hazard ratio the search made: the search repeated in resampled patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.cox import cox
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.survival import BoolArray, FloatArray, Survival, numbers
from carpet.core.errors import Refused


@dataclass(frozen=True, eq=False)
class CutBootstrap:
    """cuts (b,) found in the samples that had one; the percentile interval of the cut; the hazard ratio high against low, as found and with
    the optimism of the search taken off its logarithm, and the percentiles of that, a spread and no confidence interval; `left_out`:
    samples without cut or ratio."""

    cuts: FloatArray
    low: float
    high: float
    ratio: float
    ratio_corrected: float
    ratio_low: float
    ratio_high: float
    left_out: int


def cut_bootstrap(
    survival: Survival, marker: ArrayLike, *, samples: int, seed: int, lowest: float = 0.1, highest: float = 0.9, level: float = 0.95
) -> CutBootstrap:
    """The maximally selected cut in `samples` draws of patients with replacement.

    Optimism: mean over samples of log HR (sample, its cut) − log HR (all patients, that cut), in the sample's direction; the percentiles
    are of the samples' log HR less it (see `shrunken`). Raises Refused as maximal_log_rank, and SEPARATION where one side of
    the cut has no event.
    Source: Harrell 1996 Stat Med 15:361; METHODS G.5.
    """
    values = numbers(marker, survival.rows, "marker")
    best = maximal_log_rank(survival, values, lowest=lowest, highest=highest)
    apparent = _log_ratio(survival, values > best.values[best.best])
    found: list[tuple[float, float, float]] = []
    for rows in np.random.default_rng(seed).integers(0, survival.rows, size=(samples, survival.rows)):
        drawn = survival.take(rows)
        try:
            there = maximal_log_rank(drawn, values[rows], lowest=lowest, highest=highest)
            cut = float(there.values[there.best])
            found.append((cut, _log_ratio(drawn, values[rows] > cut), _log_ratio(survival, values > cut)))
        except Refused:
            continue
    if not found:
        raise Refused(notices.NO_CUT.at("bootstrap", f"in none of {samples} samples"))
    cuts, inside, outside = (np.array(column) for column in zip(*found, strict=True))
    way = np.sign(inside)
    optimism = float((way * (inside - outside)).mean())
    tails = [0.5 - level / 2.0, 0.5 + level / 2.0]
    low, high = np.quantile(cuts, tails)
    ratio_low, ratio_high = np.exp(np.quantile(shrunken(inside, optimism), tails))
    ratios = float(np.exp(apparent)), float(np.exp(shrunken(apparent, optimism))), float(ratio_low), float(ratio_high)
    return CutBootstrap(cuts, float(low), float(high), *ratios, samples - len(found))


def shrunken(log_ratio: ArrayLike, optimism: float) -> FloatArray:
    """log ratios with the optimism taken off towards 0, and no further: what the search adds cannot turn an effect round."""
    found = np.asarray(log_ratio, dtype=np.float64)
    return np.sign(found) * np.maximum(np.abs(found) - optimism, 0.0)


def _log_ratio(survival: Survival, above: BoolArray) -> float:
    """log hazard ratio of patients above the cut against the others."""
    return float(cox(survival, {"above": above}).coefficients[0])
