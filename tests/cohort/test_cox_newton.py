"""Truth: closed form: a maximum has no slope; what has none is recognised."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.cox_newton import maximum
from carpet.cohort.cox_rows import Batch, batch, ordered
from carpet.cohort.survival import Survival


def made(days: list[int], event: list[int], x: np.ndarray, rows: np.ndarray | None = None) -> Batch:
    data = ordered(Survival.of(days, event), x.astype(np.float64), strata=np.zeros(len(days), dtype=np.int64))
    return batch(data, np.arange(len(days))[None, :] if rows is None else rows, ties="efron")


def test_no_slope_is_left_whatever_the_start() -> None:
    rng = np.random.default_rng(5)
    rows = made(rng.integers(1, 40, 120).tolist(), rng.integers(0, 2, 120).tolist(), rng.normal(size=(120, 3)))
    found, again = maximum(rows), maximum(rows, start=np.full((1, 3), 0.8))
    assert found.reason == ("",)
    assert np.abs(likelihood(rows, found.beta).slope).max() < 1e-8
    assert again.beta == pytest.approx(found.beta, abs=1e-8)


def test_far_starts_are_caught_by_halving() -> None:
    rng = np.random.default_rng(6)
    rows = made(rng.integers(1, 90, 60).tolist(), [1] * 60, rng.normal(size=(60, 2)) ** 3)
    assert maximum(rows, start=np.full((1, 2), 9.0)).beta == pytest.approx(maximum(rows).beta, abs=1e-7)


def test_each_sample_has_its_own_reason() -> None:
    days, event = list(range(1, 13)), [1, 1, 1, 1, 1, 1] + [0] * 6
    x = np.array([1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0])[:, None]
    rows = np.array([np.arange(12), [0] * 3 + [2] * 3 + [4] * 2 + [6, 7, 9, 11], [0] * 6 + [8] * 6])
    assert maximum(made(days, event, x, rows)).reason == ("", "SEPARATION", "COVARIATES_COLLINEAR")


def test_information_that_underflows_is_separation() -> None:
    """The high ones die or leave before all others: each step sees less, until nothing is left to divide by."""
    event = np.zeros(47, dtype=np.int64)
    event[[2, 4, 6, 7, 15, 16, 17, 20, 23, 24, 28, 29, 30, 31, 33, 40, 41, 43, 44]] = 1
    high = (np.arange(47) < 3).astype(np.float64)[:, None]
    assert maximum(made(list(range(1, 48)), event.tolist(), high / high.std())).reason == ("SEPARATION",)
