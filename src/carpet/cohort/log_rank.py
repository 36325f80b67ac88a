"""Log-rank test: do two or more groups differ in survival, stratified where asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from carpet.cohort import notices
from carpet.cohort.at_risk import number_at_risk
from carpet.cohort.survival import FloatArray, IntArray, Survival, labelled
from carpet.core.errors import Refused


@dataclass(frozen=True, eq=False)
class LogRank:
    """Per group (g,): its name, patients, events observed and expected; the test's chi-square, degrees of freedom and P."""

    groups: tuple[str, ...]
    patients: IntArray
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    chi_square: float
    degrees: int
    p: float


def log_rank(survival: Survival, groups: ArrayLike, *, strata: ArrayLike | None = None) -> LogRank:
    """Observed against expected events of any cause, hypergeometric variance, summed over strata.

    Groups that never have an event expected take no part. Raises Refused(ONE_GROUP, NO_EVENTS).
    Source: Mantel 1966; Peto & Peto 1972; as R's survdiff with rho = 0.
    """
    names, group = labelled(groups, survival.rows)
    _, stratum = labelled(np.zeros(survival.rows) if strata is None else strata, survival.rows)
    if not (survival.event > 0).any():
        raise Refused(notices.NO_EVENTS.at("event"))
    size = len(names)
    observed, expected, variance = np.zeros(size), np.zeros(size), np.zeros((size, size))
    for one in np.unique(stratum):
        inside = stratum == one
        seen, awaited, covariance = _one_stratum(survival.take(inside), group[inside], size)
        observed, expected, variance = observed + seen, expected + awaited, variance + covariance
    used = expected > 0.0
    if used.sum() < 2:
        raise Refused(notices.ONE_GROUP.at("groups", ", ".join(names)))
    difference, kept = (observed - expected)[used][1:], variance[np.ix_(used, used)][1:, 1:]
    statistic = float(difference @ np.linalg.pinv(kept) @ difference)
    degrees = int(used.sum()) - 1
    patients = np.array([np.unique(survival.patient[group == k]).size for k in range(size)])
    return LogRank(names, patients, observed, expected, variance, statistic, degrees, float(chi2.sf(statistic, degrees)))


def _one_stratum(survival: Survival, group: IntArray, size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed, expected (g,) and their covariance (g, g) in one stratum."""
    had = survival.event > 0
    days, index = np.unique(survival.days[had], return_inverse=True)
    observed = np.bincount(group[had], minlength=size).astype(np.float64)
    if not days.size:
        return observed, np.zeros(size), np.zeros((size, size))
    deaths = np.bincount(index, minlength=days.size).astype(np.float64)
    members = [group == k for k in range(size)]
    risk = np.array([number_at_risk(survival.take(member), days) if member.any() else np.zeros(days.size) for member in members])
    total = risk.sum(axis=0)
    share = risk / total
    spread = deaths * (total - deaths) / np.maximum(total - 1.0, 1.0)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return observed, (share * deaths).sum(axis=1), covariance
