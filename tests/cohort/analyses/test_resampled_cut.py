"""Truth: closed form: the same refits one at a time (cox), and cut_bootstrap, which repeats the search so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.cohort.analyses.resampled_cut import log_ratios, resampled_cut
from carpet.cohort.cox import cox
from carpet.cohort.cut_bootstrap import cut_bootstrap
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.survival import FloatArray, Survival


def best(survival: Survival, marker: FloatArray) -> float:
    found = maximal_log_rank(survival, marker)
    return float(found.values[found.best])


def test_ratios_as_refitted_one_by_one(survival: Survival, patients: Mapping[str, NDArray[Any]]) -> None:
    marker, drawn = patients["tmtv"], np.random.default_rng(1).integers(0, 300, (8, 300))
    cuts = np.quantile(marker, np.linspace(0.1, 0.9, 8))
    found = log_ratios(survival, marker, drawn, cuts)
    one_by_one = [cox(survival.take(rows), {"x": marker[rows] > cut}).coefficients[0] for rows, cut in zip(drawn, cuts, strict=True)]
    np.testing.assert_allclose(found, one_by_one, rtol=1e-7)


def test_no_event_on_one_side_is_no_ratio() -> None:
    survival = Survival.of([1, 2, 3, 4], [1, 1, 0, 0])
    drawn = np.arange(4)[None, :].repeat(2, axis=0)
    found = log_ratios(survival, np.array([4.0, 1.0, 2.0, 3.0]), drawn, np.array([2.5, 3.5]))
    assert np.isfinite(found[0])
    assert np.isnan(log_ratios(survival, np.array([4.0, 3.0, 2.0, 1.0]), drawn[:1], np.array([2.5]))[0])


def test_as_the_bootstrap_one_by_one(survival: Survival, patients: Mapping[str, NDArray[Any]]) -> None:
    marker = patients["tmtv"].astype(np.float64)
    slow = cut_bootstrap(survival, marker, samples=60, seed=5)
    fast = resampled_cut(survival, marker, search=best, samples=60, seed=5)
    assert slow.left_out == 0
    assert (fast.low, fast.high, fast.samples) == (slow.low, slow.high, 60)
    assert (fast.ratio_low, fast.ratio_high) == (pytest.approx(slow.ratio_low, rel=1e-7), pytest.approx(slow.ratio_high, rel=1e-7))
    assert fast.optimism == pytest.approx(abs(np.log(slow.ratio) - np.log(slow.ratio_corrected)), rel=1e-6)


def test_too_few_samples_give_nothing() -> None:
    survival, marker = Survival.of([1, 2, 3, 4, 5, 6], [1, 0, 0, 0, 0, 0]), np.array([1.0, 1, 1, 1, 1, 2])
    found = resampled_cut(survival, marker, search=best, samples=200, seed=1)  # a sample needs its one event and its one high value
    assert (found.low, found.optimism, found.ratio_low) == (None, None, None)
    assert found.samples < 100
    separated = resampled_cut(Survival.of(survival.days, [1, 1, 1, 1, 1, 0]), marker, search=best, samples=200, seed=1)
    assert (separated.low, separated.high, separated.optimism) == (1.0, 1.0, None)
