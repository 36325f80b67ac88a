"""A cut-point searched for in the data, with everything a reader must see beside it: naive and corrected P, and the word exploratory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort.corrected_p import p_altman, p_gaussian, p_hothorn_lausen, p_lausen_1994, p_miller_siegmund, p_naive, p_permutation
from carpet.cohort.log_rank import log_rank
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.survival import Survival, numbers

PERMUTED_BELOW = 200  # patients: below, the permutations give the P to print; above, the improved Bonferroni bound (METHODS G.3)


@dataclass(frozen=True, slots=True)
class CutPoint:
    """The cut (low group: marker ≤ cut), the groups' sizes, M, the log-rank test at the cut as if fixed, naive P of M, and corrected ones.

    `p` is the one to print: permutation below 200 patients, else Lausen 1994; `p_by` says which. None: not defined here.
    """

    label: Literal["exploratory"]
    cut: float
    low: int
    high: int
    maximum: float
    log_rank_chi_square: float
    log_rank_p: float
    naive_p: float
    p: float
    p_by: str
    p_permutation: float
    permutations: int
    seed: int
    p_lausen_1994: float
    p_miller_siegmund: float | None
    p_hothorn_lausen: float | None
    p_gaussian: float | None
    p_altman: float | None


def cut_point(
    survival: Survival, marker: ArrayLike, *, seed: int, permutations: int = 10_000, lowest: float = 0.1, highest: float = 0.9
) -> CutPoint:
    """The maximally selected log-rank cut of a marker, found and tested in the same patients: exploratory, whatever its P.

    Raises Refused(NO_CUT, NO_EVENTS, VALUE_MISSING). Source: METHODS G.3.
    """
    values = numbers(marker, survival.rows, "marker")
    cuts = maximal_log_rank(survival, values, lowest=lowest, highest=highest)
    cut, low, most = float(cuts.values[cuts.best]), int(cuts.low[cuts.best]), cuts.maximum
    fixed = log_rank(survival.any_event(), np.where(values > cut, "high", "low"))
    dealt = p_permutation(cuts, samples=permutations, seed=seed)
    bound = p_lausen_1994(most, cuts.low, survival.rows)
    few = survival.rows < PERMUTED_BELOW
    left_out = round(lowest, 6) if round(lowest, 6) == round(1.0 - highest, 6) else -1.0
    return CutPoint(
        label="exploratory",
        cut=cut,
        low=low,
        high=survival.rows - low,
        maximum=most,
        log_rank_chi_square=fixed.chi_square,
        log_rank_p=fixed.p,
        naive_p=p_naive(most),
        p=dealt if few else bound,
        p_by="permutation" if few else "Lausen 1994",
        p_permutation=dealt,
        permutations=permutations,
        seed=seed,
        p_lausen_1994=bound,
        p_miller_siegmund=p_miller_siegmund(most, lowest=lowest, highest=highest) if lowest > 0.0 and highest < 1.0 else None,
        p_hothorn_lausen=p_hothorn_lausen(cuts, values, lowest=lowest, highest=highest),
        p_gaussian=p_gaussian(most, cuts.low, survival.rows),
        p_altman=p_altman(p_naive(most), left_out=left_out) if left_out in (0.1, 0.05) else None,
    )
