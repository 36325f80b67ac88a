"""Maximally selected log-rank: the cut of a marker whose two groups differ most, all cuts in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.survival import FloatArray, IntArray, Survival, numbers
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, eq=False)
class Cuts:
    """Every usable cut, rising: value (c,), patients at or below it, standardised statistic; and the best, the first maximum.

    low group: marker ≤ cut. N patients; scores (N,) as given, order (N,) by marker.
    """

    values: FloatArray
    low: IntArray
    statistic: FloatArray
    scores: FloatArray
    order: IntArray

    @property
    def best(self) -> int:
        return int(np.argmax(np.abs(self.statistic)))

    @property
    def maximum(self) -> float:
        """M, the largest absolute statistic."""
        return float(np.abs(self.statistic[self.best]))


def log_rank_scores(survival: Survival) -> FloatArray:
    """aᵢ = δᵢ − Σ over events j with tⱼ ≤ tᵢ of 1/(N − γⱼ + 1), γⱼ the number with t ≤ tⱼ. Source: maxstat, METHODS G.3."""
    if survival.entry is not None or not survival.one_row_each:
        raise ProtocolError("cut-points take one row a patient and no delayed entry")
    event = (survival.event > 0).astype(np.float64)
    order = np.argsort(survival.days, kind="stable")
    days = survival.days[order]
    upto = np.searchsorted(days, days, side="right")
    sums = np.cumsum(event[order] / (survival.rows - upto + 1.0))
    scores = np.empty(survival.rows)
    scores[order] = event[order] - sums[upto - 1]
    return scores


def maximal_log_rank(survival: Survival, marker: ArrayLike, *, lowest: float = 0.1, highest: float = 0.9) -> Cuts:
    """All cuts with ⌊N·lowest⌋ … ⌊N·highest⌋ patients (one at least) in the low group. Raises Refused(NO_CUT, NO_EVENTS).

    Source: Lausen & Schumacher 1992 Biometrics 48:73; equals R's maxstat.
    """
    values = numbers(marker, survival.rows, "marker")
    if not (survival.event > 0).any():
        raise Refused(notices.NO_EVENTS.at("event"))
    return cuts_of_scores(log_rank_scores(survival), values, lowest=lowest, highest=highest)


def cuts_of_scores(scores: FloatArray, marker: FloatArray, *, lowest: float, highest: float) -> Cuts:
    """The same from any scores (N,), so that rounded ones can be tested."""
    if not 0.0 <= lowest < highest <= 1.0:
        raise ProtocolError(f"cuts between {lowest} and {highest} of the patients: 0 ≤ lowest < highest ≤ 1")
    total = scores.size
    order = np.argsort(marker, kind="stable").astype(np.int64)
    ends = np.flatnonzero(np.diff(marker[order]) > 0.0) + 1
    low = ends[(ends >= max(1, int(total * lowest))) & (ends <= int(total * highest))].astype(np.int64)
    spread = float(total * (scores**2).sum() - scores.sum() ** 2)
    if not low.size or spread <= 0.0:
        raise Refused(notices.NO_CUT.at("marker", f"{ends.size + 1} values in {total} patients"))
    return Cuts(marker[order][low - 1], low, _standardised(scores[order], low), scores, order)


def _standardised(ranked: FloatArray, low: IntArray) -> FloatArray:
    """(Σ of the low group − E)/√V for scores (…, N) in the order of the marker, at each cut (…, c)."""
    total = ranked.shape[-1]
    whole, squares = ranked.sum(axis=-1, keepdims=True), (ranked**2).sum(axis=-1, keepdims=True)
    variance = low * (total - low) / (total**2 * (total - 1.0)) * (total * squares - whole**2)
    found: FloatArray = (np.cumsum(ranked, axis=-1)[..., low - 1] - low / total * whole) / np.sqrt(variance)
    return found


def permuted_maxima(cuts: Cuts, *, samples: int, seed: int, at_once: int = 2_000) -> FloatArray:
    """The largest absolute statistic (samples,) when scores are dealt to markers at random; the same for the same seed."""
    rng = np.random.default_rng(seed)
    found = []
    for start in range(0, samples, at_once):
        dealt = rng.permuted(np.tile(cuts.scores, (min(at_once, samples - start), 1)), axis=1)
        found.append(np.abs(_standardised(dealt, cuts.low)).max(axis=1))
    return np.concatenate(found)
