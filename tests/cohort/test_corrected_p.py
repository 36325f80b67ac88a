"""Truth: METHODS EX17; Lausen & Schumacher 1992, table 2; closed form; R maxstat (run, and its printed outputs in the shared data)."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest

from carpet.cohort.corrected_p import (
    p_altman,
    p_gaussian,
    p_hothorn_lausen,
    p_lausen_1994,
    p_miller_siegmund,
    p_naive,
    p_permutation,
    whole_scores,
)
from carpet.cohort.maximal_log_rank import cuts_of_scores, maximal_log_rank
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError


def test_quantiles_of_the_table() -> None:
    for quantile, limits, p in [
        (3.054, (0.1, 0.9), 0.05),
        (2.829, (0.25, 0.75), 0.05),
        (3.588, (0.1, 0.9), 0.01),
        (2.263, (0.4, 0.6), 0.1),
    ]:
        assert p_miller_siegmund(quantile, lowest=limits[0], highest=limits[1]) == pytest.approx(p, rel=0.002)
    assert p_miller_siegmund(0.9) == 1.0


def test_published_value_of_the_improved_bound() -> None:
    assert p_lausen_1994(2.5, np.arange(5, 16), 20) == pytest.approx(0.073, abs=5e-4)  # Lausen 1994, page 489


def test_one_cut_needs_no_correction() -> None:
    assert p_naive(1.959963984540054) == pytest.approx(0.05)
    assert p_lausen_1994(2.0, np.array([7]), 20) == pytest.approx(p_naive(2.0))
    assert p_gaussian(2.0, np.array([7]), 20) == pytest.approx(p_naive(2.0))
    assert p_gaussian(2.0, np.array([7]), 1001) is None


def test_two_cuts_jointly_normal() -> None:
    from scipy.stats import multivariate_normal

    low, n = np.array([6, 10]), 20
    correlation = math.sqrt(6 * 10 / (10 * 14))
    cover = multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf([2.2, 2.2], lower_limit=[-2.2, -2.2])
    assert p_gaussian(2.2, low, n) == pytest.approx(1 - cover, abs=1e-7)


def test_permutation_against_every_permutation() -> None:
    survival, marker = Survival.of([3, 1, 4, 2, 6, 5], [1, 1, 1, 0, 1, 1]), np.arange(6.0)
    cuts = maximal_log_rank(survival, marker)
    every = [
        cuts_of_scores(np.array(dealt), marker, lowest=0.1, highest=0.9).maximum for dealt in itertools.permutations(cuts.scores.tolist())
    ]
    exact = float(np.mean(np.array(every) >= cuts.maximum - 1e-9))
    assert p_permutation(cuts, samples=20_000, seed=1) == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))
    assert p_permutation(cuts, samples=200, seed=1) == p_permutation(cuts, samples=200, seed=1)


def test_the_exact_bound_lies_above_the_permutations(patients: dict[str, Any], survival: Survival) -> None:
    few, marker = survival.take(np.arange(60)), patients["distinct"][:60]
    cuts = maximal_log_rank(few, marker)
    bound = p_hothorn_lausen(cuts, marker)
    whole = cuts_of_scores(whole_scores(cuts.scores).astype(float), marker, lowest=0.1, highest=0.9)
    assert bound is not None
    assert bound > p_permutation(whole, samples=4_000, seed=1) - 0.02
    assert whole_scores(cuts.scores).max() == 60
    assert p_hothorn_lausen(maximal_log_rank(survival, patients["tmtv"]), patients["tmtv"]) is None


def test_altman() -> None:
    assert p_altman(0.01) == pytest.approx(-1.63 * 0.01 * (1 + 2.35 * math.log(0.01)))
    assert p_altman(0.2) is None
    with pytest.raises(ProtocolError, match="10 %"):
        p_altman(0.01, left_out=0.2)
    with pytest.raises(ProtocolError):
        p_miller_siegmund(3.0, lowest=0.0, highest=1.0)


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    cuts = maximal_log_rank(survival, patients["tmtv"])
    np.testing.assert_allclose(p_miller_siegmund(cuts.maximum), r["cut.Lau92"][2], rtol=1e-6)
    np.testing.assert_allclose(p_lausen_1994(cuts.maximum, cuts.low, survival.rows), r["cut.Lau94"][2], rtol=1e-6)
    marker = patients["distinct"][:60]
    few = maximal_log_rank(survival.take(np.arange(60)), marker)
    np.testing.assert_allclose(p_hothorn_lausen(few, marker, as_maxstat=True), r["cut.HL"][2], rtol=1e-6)  # type: ignore[arg-type]
    assert p_gaussian(few.maximum, few.low, 60) == pytest.approx(r["cut.exactGauss"][2], abs=1e-3)  # R simulates


@pytest.mark.shared
def test_worked_example(ex17: dict[str, Any]) -> None:
    given, expected = ex17["inputs"], ex17["expected"]
    survival = Survival.of([round(10 * month) for month in given["PFS_months"]], given["event"])
    cuts = maximal_log_rank(survival, given["TMTV_mL"])
    naive = p_naive(cuts.maximum)
    assert naive == pytest.approx(expected["p_naive_two_sided"], abs=1e-5)
    assert p_miller_siegmund(cuts.maximum) == pytest.approx(expected["p_Miller_Siegmund_Lausen92"], abs=1e-5)
    assert p_lausen_1994(cuts.maximum, cuts.low, 20) == pytest.approx(expected["p_Lausen94"], abs=1e-5)
    assert p_altman(naive) == pytest.approx(expected["p_Altman_eps10"], abs=1e-5)
    assert p_permutation(cuts, samples=20_000, seed=1) == pytest.approx(expected["p_permutation_100000"], abs=0.002)


@pytest.mark.shared
def test_lymphoma_as_maxstat_prints_it(data_set: Any, printed: Any) -> None:
    table = data_set("DLBCL_maxstat")
    known = [i for i in range(len(table["time"])) if table["time"][i] and table["MGE"][i]]
    survival = Survival.of([round(10 * float(table["time"][i])) for i in known], [float(table["cens"][i]) for i in known])
    marker = np.array([float(table["MGE"][i]) for i in known])
    cuts = maximal_log_rank(survival, marker)
    whole = cuts_of_scores(whole_scores(cuts.scores).astype(float), marker, lowest=0.1, highest=0.9)

    def told(method: str, command: str, follows: int) -> tuple[str, str]:
        text = " ".join(line for line in printed("maxstat-Ex", command, follows))
        found = re.search(rf"using {method}\s.*?M = ([\d.]+), p-value = ([\d.NA]+)\s.*?cutpoint\s+([\d.]+)", text)
        assert found
        assert f"{cuts.values[cuts.best]:.7f}" == f"{whole.values[whole.best]:.7f}" == found[3]
        return found[1], found[2]

    call = "maxstat.test(Surv(time, cens) ~ MGE, data=DLBCL,"
    n, most = len(known), whole.maximum
    assert told("none", "print(mod)", 8) == (f"{cuts.maximum:.4f}", "NA")
    assert told("Lau92", call, 60) == (f"{most:.3f}", f"{p_miller_siegmund(most):.5f}")
    assert told("Lau94", call, 60) == (f"{most:.3f}", f"{p_lausen_1994(most, whole.low, n):.5f}")
    assert told("HL", call, 90) == (f"{most:.3f}", f"{p_hothorn_lausen(cuts, marker, as_maxstat=True):.5f}")
    simulated = told("exactGauss", call, 90)
    assert simulated[0] == f"{most:.3f}"
    assert p_gaussian(most, whole.low, n) == pytest.approx(float(simulated[1]), abs=0.01)  # simulated with an error of 0.01
    dealt = told("condMC", call, 90)
    assert dealt[0] == f"{cuts.maximum:.4f}"
    assert p_permutation(cuts, samples=9_999, seed=29) == pytest.approx(float(dealt[1]), abs=0.004)  # 9,999 other permutations
