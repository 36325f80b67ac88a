"""How far groups differ at baseline, in standard deviations: it says what a P value can't, and does not depend on how many they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from carpet.cohort.table import Value


def standardised_difference(groups: Sequence[Sequence[Value]], *, categories: Sequence[str] = ()) -> float | None:
    """The largest difference between any two groups, no unit; None where a group has no value, or nothing varies.

    Numbers: |mean₁ − mean₂| over √((s₁² + s₂²)/2). Categories (all of them, or True and False): the Mahalanobis distance of the shares.
    Missing values are left out. Source: Austin 2009 Stat Med 28:3083; Yang & Dalton 2012 SAS Global Forum 335.
    """
    known = [[value for value in one if value is not None] for one in groups]
    if len(known) < 2 or not all(known):
        return None
    of_two = _of_shares if categories or isinstance(known[0][0], bool | str) else _of_means
    levels = tuple(categories) or tuple(sorted({str(value) for one in known for value in one}))
    found = [of_two(a, b, levels) for a, b in combinations(known, 2)]
    there = [one for one in found if one is not None]
    return max(there) if len(there) == len(found) else None


def _of_means(first: Sequence[Value], second: Sequence[Value], _: Sequence[str]) -> float | None:
    a, b = (np.asarray(one, dtype=np.float64) for one in (first, second))
    if min(a.size, b.size) < 2:
        return None
    spread = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2.0))
    away = abs(float(a.mean() - b.mean()))
    return None if spread == 0.0 and away > 0.0 else 0.0 if spread == 0.0 else away / spread


def _of_shares(first: Sequence[Value], second: Sequence[Value], levels: Sequence[str]) -> float | None:
    shares = [np.array([sum(str(value) == level for value in one) / len(one) for level in levels[1:]]) for one in (first, second)]
    if not shares[0].size:
        return 0.0
    covariance = sum((np.diag(one) - np.outer(one, one) for one in shares), np.zeros((len(levels) - 1,) * 2)) / 2.0
    away = shares[0] - shares[1]
    inverse = np.linalg.pinv(covariance)
    if not np.allclose(covariance @ inverse @ away, away, atol=1e-9):  # a level that all of one group and none of the other have
        return None
    return float(np.sqrt(max(away @ inverse @ away, 0.0)))
