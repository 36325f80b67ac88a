"""P values of a cut that was searched for: naive, and corrected by the approximations and the permutations that allow for the search."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from carpet.cohort.maximal_log_rank import Cuts, cuts_of_scores, permuted_maxima
from carpet.cohort.survival import BoolArray, FloatArray, IntArray
from carpet.core.errors import ProtocolError

NODES_PER_STEP = 5.0  # of the quadrature, over the narrowest step from cut to cut: its error is then below 1e-9
LEAST_NODES = 64
MOST_GAUSSIAN = 1_000  # patients: above, the quadrature takes seconds
MOST_EXACT = 200  # patients: above, the table of all sums grows too large, and approximations are good
EQUAL = 1e-9  # statistics this close are the same


def p_naive(maximum: float) -> float:
    """2(1 − Φ(M)): as if the cut had been fixed beforehand. Too small; shown only beside a corrected one."""
    return float(2.0 * ndtr(-maximum))


def p_miller_siegmund(maximum: float, *, lowest: float = 0.1, highest: float = 0.9) -> float:
    """4φ(M)/M + φ(M)(M − 1/M)·ln[ε₂(1 − ε₁)/((1 − ε₂)ε₁)], 1 for M < 1.

    Source: Miller & Siegmund 1982 Biometrics 38:1011; Lausen & Schumacher 1992 Biometrics 48:73.
    """
    if not 0.0 < lowest < highest < 1.0:
        raise ProtocolError("the limiting distribution needs 0 < lowest < highest < 1")
    if maximum < 1.0:
        return 1.0
    density = math.exp(-(maximum**2) / 2.0) / math.sqrt(2.0 * math.pi)
    span = math.log(highest * (1.0 - lowest) / ((1.0 - highest) * lowest))
    return min(1.0, max(0.0, 4.0 * density / maximum + density * (maximum - 1.0 / maximum) * span))


def p_lausen_1994(maximum: float, low: IntArray, patients: int) -> float:
    """The improved Bonferroni bound over the usable cuts (low (c,): patients at or below each).

    Source: Worsley 1982 Biometrika 69:297; Lausen, Sauerbrei & Schumacher 1994.
    """
    here, after = low[:-1].astype(np.float64), low[1:].astype(np.float64)
    gap = np.sqrt(1.0 - here * (patients - after) / ((patients - here) * after))
    extra = np.exp(-(maximum**2) / 2.0) / np.pi * (gap - (maximum**2 / 4.0 - 1.0) * gap**3 / 6.0)
    return float(min(1.0, p_naive(maximum) + extra.sum()))


def p_altman(smallest: float, *, left_out: float = 0.1) -> float | None:
    """The shortcut from the smallest naive P when 10 % (or 5 %) were left out at each end; None outside 0.0001 < P < 0.1.

    Source: Altman 1994 JNCI 86:829.
    """
    factors = {0.1: (-1.63, 2.35), 0.05: (-3.13, 1.65)}
    if left_out not in factors:
        raise ProtocolError("Altman's shortcut is for 10 % or 5 % left out at each end")
    if not 1e-4 < smallest < 0.1:
        return None
    outer, inner = factors[left_out]
    return outer * smallest * (1.0 + inner * math.log(smallest))


def p_gaussian(maximum: float, low: IntArray, patients: int) -> float | None:
    """1 − P(all |Z| ≤ M), the statistics of the cuts jointly normal: step by step from cut to cut, since each depends on the last alone.

    None above 1,000 patients. The same model as maxstat's exactGauss, by quadrature instead of simulation.
    Source: Hothorn & Lausen 2003 CSDA 43:121.
    """
    if patients > MOST_GAUSSIAN:
        return None
    if maximum <= 0.0:
        return 1.0
    here, after = low[:-1].astype(np.float64), low[1:].astype(np.float64)
    correlations = np.sqrt(here * (patients - after) / (after * (patients - here)))
    narrowest = float(np.sqrt(1.0 - correlations.max() ** 2)) if correlations.size else maximum
    node, share = np.polynomial.legendre.leggauss(max(LEAST_NODES, math.ceil(NODES_PER_STEP * maximum / narrowest)))
    place, share = node * maximum, share * maximum
    density = np.exp(-(place**2) / 2.0) / math.sqrt(2.0 * math.pi)
    for correlation in correlations.tolist():
        spread = math.sqrt(1.0 - correlation**2)
        kernel = np.exp(-(((place[:, None] - correlation * place) / spread) ** 2) / 2.0) / (spread * math.sqrt(2.0 * math.pi))
        density = kernel @ (density * share)
    return float(min(1.0, max(0.0, 1.0 - (density * share).sum())))


def p_permutation(cuts: Cuts, *, samples: int = 10_000, seed: int) -> float:
    """(1 + times a random deal reaches M)/(1 + samples). Source: Hothorn & Lausen 2003; + 1 as Phipson & Smyth 2010."""
    reached = int((permuted_maxima(cuts, samples=samples, seed=seed) >= cuts.maximum - EQUAL).sum())
    return (1 + reached) / (1 + samples)


def whole_scores(scores: FloatArray) -> IntArray:
    """Scores moved and rounded to whole numbers 0 … N, as the exact distribution needs (maxstat's iscores)."""
    above = scores - scores.min()
    return np.asarray(np.round(above * scores.size / above.max()), dtype=np.int64)


def p_hothorn_lausen(
    cuts: Cuts, marker: FloatArray, *, lowest: float = 0.1, highest: float = 0.9, as_maxstat: bool = False
) -> float | None:
    """An upper bound from the exact distribution of whole-number scores at each cut, less what a cut shares with the one before.

    None above 200 patients. maxstat's HL leaves out low groups in which every score is the smallest, so its P is a little too small;
    `as_maxstat` does so too (equal to it where the marker has no ties).
    Source: Hothorn & Lausen 2003 CSDA 43:121.
    """
    if cuts.scores.size > MOST_EXACT:
        return None
    whole = whole_scores(cuts.scores)
    limit = cuts_of_scores(whole.astype(np.float64), marker, lowest=lowest, highest=highest).maximum
    chance, statistic = _sums(whole)
    if as_maxstat:
        chance[:, 0] = 0.0
    beyond = np.where(chance > 0.0, np.abs(statistic), 0.0) > limit
    usable = set(cuts.low.tolist())
    total = 0.0
    for low in cuts.low.tolist():
        total += float(chance[low, beyond[low]].sum())
        if low - 1 in usable:
            total -= _surely_both(chance, statistic, beyond, low - 1, int(whole.max()))
    return min(1.0, total)


def _sums(scores: IntArray) -> tuple[FloatArray, FloatArray]:
    """For m of N scores drawn at random and each sum: its chance (N + 1, s), and the sum standardised."""
    size, total = scores.size, int(scores.sum())
    ways = np.zeros((size + 1, total + 1))
    ways[0, 0] = 1.0
    for score in scores.tolist():
        more = ways.copy()
        more[1:, score:] += ways[:-1, : total + 1 - score]
        ways = more
    drawn = np.arange(size + 1)[:, None]
    variance = drawn * (size - drawn) / (size**2 * (size - 1.0)) * (size * (scores.astype(np.float64) ** 2).sum() - total**2)
    statistic = (np.arange(total + 1) - drawn / size * total) / np.sqrt(np.maximum(variance, 1e-300))
    return ways / ways.sum(axis=1, keepdims=True), statistic


def _surely_both(chance: FloatArray, statistic: FloatArray, beyond: BoolArray, low: int, most: int) -> float:
    """The chance to be beyond the limit at m = low whatever score is added next, so at m + 1 too."""
    sums = np.flatnonzero(beyond[low])
    under, over = sums[statistic[low, sums] < 0.0], sums[statistic[low, sums] > 0.0]
    under = under[under + most < chance.shape[1]]
    stay = np.concatenate([under[beyond[low + 1, under + most]], over[beyond[low + 1, over]]])
    return float(chance[low, stay].sum())
