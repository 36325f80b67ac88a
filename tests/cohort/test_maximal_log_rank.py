"""Truth: METHODS EX17; closed form; R maxstat (run, and its printed outputs in the shared data)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.maximal_log_rank import cuts_of_scores, log_rank_scores, maximal_log_rank, permuted_maxima
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_scores_by_hand() -> None:
    """Ties share the largest rank: at day 2 both of three later count 1/(4 − 3 + 1)."""
    found = log_rank_scores(Survival.of([1, 2, 2, 5], [1, 1, 0, 1]))
    assert found == pytest.approx([1 - 1 / 4, 1 - 1 / 4 - 1 / 2, -1 / 4 - 1 / 2, 1 - 1 / 4 - 1 / 2 - 1])


def test_every_cut_as_one_by_one(survival: Survival, patients: dict[str, Any]) -> None:
    found = maximal_log_rank(survival, patients["tmtv"])
    n, scores = survival.rows, found.scores
    spread = n * (scores**2).sum() - scores.sum() ** 2
    for i in range(0, found.values.size, 17):
        low = patients["tmtv"] <= found.values[i]
        m = low.sum()
        by_hand = (scores[low].sum() - m / n * scores.sum()) / (m * (n - m) / (n**2 * (n - 1)) * spread) ** 0.5
        assert (found.low[i], found.statistic[i]) == (m, pytest.approx(by_hand))
    assert 30 <= found.low.min() <= found.low.max() <= 270


def test_scale_of_the_marker_does_not_matter_and_the_first_maximum_wins(survival: Survival, patients: dict[str, Any]) -> None:
    found = maximal_log_rank(survival, patients["tmtv"])
    logs = maximal_log_rank(survival, np.log(patients["tmtv"]))
    assert logs.maximum == found.maximum
    assert np.exp(logs.values[logs.best]) == pytest.approx(found.values[found.best])
    flat = cuts_of_scores(np.array([1.0, 0.0, 0.0, 1.0]), np.arange(4.0), lowest=0.0, highest=1.0)
    assert flat.best == 0


def test_permutations_are_those_of_the_seed(survival: Survival, patients: dict[str, Any]) -> None:
    cuts = maximal_log_rank(survival, patients["tmtv"])
    first = permuted_maxima(cuts, samples=50, seed=4)
    assert first.tobytes() == permuted_maxima(cuts, samples=50, seed=4).tobytes()
    assert first.tobytes() != permuted_maxima(cuts, samples=50, seed=5).tobytes()
    assert 1.0 < np.median(first) < 3.0


def test_refusals() -> None:
    survival = Survival.of([1, 2, 3, 4], [1, 0, 1, 1])
    with pytest.raises(Refused, match="NO_CUT"):
        maximal_log_rank(survival, [5, 5, 5, 5])
    with pytest.raises(Refused, match="NO_EVENTS"):
        maximal_log_rank(Survival.of([1, 2], [0, 0]), [1, 2])
    with pytest.raises(ProtocolError, match="lowest"):
        maximal_log_rank(survival, [1, 2, 3, 4], lowest=0.9, highest=0.1)


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    found = maximal_log_rank(survival, patients["tmtv"])
    np.testing.assert_allclose(log_rank_scores(survival), r["cut.scores"], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose([found.maximum, found.values[found.best]], r["cut.Lau92"][:2], rtol=1e-6)


@pytest.mark.shared
def test_worked_example(ex17: dict[str, Any]) -> None:
    given, expected = ex17["inputs"], ex17["expected"]
    survival = Survival.of([round(10 * month) for month in given["PFS_months"]], given["event"])
    found = maximal_log_rank(survival, given["TMTV_mL"], lowest=given["minprop"], highest=given["maxprop"])
    assert found.scores == pytest.approx(expected["logrank_scores"], abs=1e-5)
    assert found.maximum == pytest.approx(expected["M"], abs=1e-5)
    assert (found.values[found.best], found.low[found.best]) == (expected["best_cut_mL"], expected["n_low"])
