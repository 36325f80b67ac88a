"""Truth: METHODS EX17; the size of the P that is printed, where the marker says nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cut_point import cut_point
from carpet.cohort.survival import Survival


@pytest.mark.shared
def test_worked_example(ex17: dict[str, Any]) -> None:
    given, expected = ex17["inputs"], ex17["expected"]
    survival = Survival.of([round(10 * month) for month in given["PFS_months"]], given["event"])
    found = cut_point(survival, given["TMTV_mL"], seed=1)
    assert (found.label, found.cut, found.low, found.high) == ("exploratory", expected["best_cut_mL"], 10, 10)
    assert found.log_rank_chi_square == pytest.approx(expected["classical_logrank_chi2_at_cut"], abs=1e-4)
    assert found.naive_p == pytest.approx(expected["p_naive_two_sided"], abs=1e-5)
    assert (found.p_by, found.p) == ("permutation", found.p_permutation)
    assert found.p == pytest.approx(expected["p_permutation_100000"], abs=0.002)
    assert found.p_altman == pytest.approx(expected["p_Altman_eps10"], abs=1e-5)


def test_the_naive_p_is_too_small_and_the_printed_one_is_not() -> None:
    rng = np.random.default_rng(23)
    naive, printed = 0, 0
    for i in range(200):
        days, leaves = np.ceil(rng.exponential(300, 60)), np.ceil(rng.uniform(100, 900, 60))
        found = cut_point(Survival.of(np.minimum(days, leaves), days <= leaves), rng.normal(size=60), seed=i, permutations=199)
        naive, printed = naive + (found.log_rank_p < 0.05), printed + (found.p <= 0.05)
    assert naive > 50  # more than a quarter instead of a twentieth
    assert printed <= 20  # 10 expected of 200; more than 20 once in a thousand


def test_many_patients_get_the_improved_bound(survival: Survival, patients: dict[str, Any]) -> None:
    found = cut_point(survival, patients["tmtv"], seed=1, permutations=500)
    assert (found.p_by, found.p) == ("Lausen 1994", found.p_lausen_1994)
    assert found.p_hothorn_lausen is None
    assert found.p_gaussian is not None
    assert found.naive_p < found.p_gaussian < 1.0


def test_without_limits_there_is_no_limiting_distribution() -> None:
    survival = Survival.of([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0])
    found = cut_point(survival, [1, 4, 2, 6, 3, 5], seed=1, permutations=100, lowest=0.0, highest=1.0)
    assert (found.p_miller_siegmund, found.p_altman) == (None, None)
