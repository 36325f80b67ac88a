"""Truth: closed form: medians and hazards counted by hand, and a column that follows from another, which its regression must find."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.models.imputation import Gaps, by_chained_equations, by_median, nelson_aalen
from carpet.cohort.survival import Survival

NAN = np.nan


def gaps(values: list[list[float]], of: list[int], weight: list[list[int]]) -> Gaps:
    drawn = np.array(weight)
    table = np.array(values, dtype=np.float64)
    return Gaps(np.broadcast_to(table, (drawn.shape[0], *table.shape)), np.array(of), drawn)


def test_the_hazard_at_the_end_of_follow_up() -> None:
    survival = Survival.of([5, 2, 5, 9], [1, 1, 0, 1])
    weight = np.array([[1, 1, 1, 1], [2, 0, 1, 1]])
    assert nelson_aalen(survival, weight)[0] == pytest.approx([1 / 4 + 1 / 3, 1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])
    assert nelson_aalen(survival, weight)[1] == pytest.approx([0.5, 0.0, 0.5, 1.5])  # of the patients drawn, as often as they were


def test_the_median_is_that_of_the_sample() -> None:
    found = by_median(gaps([[1.0], [2.0], [9.0], [NAN]], [0], [[1, 1, 1, 1], [0, 1, 2, 1], [3, 0, 1, 0], [1, 1, 0, 1]]))
    assert found[:, 3, 0].tolist() == [2.0, 9.0, 1.0, 1.0]
    assert found[:, :3, 0].tolist() == [[1.0, 2.0, 9.0]] * 4


def test_the_commonest_level_fills_all_its_columns() -> None:
    found = by_median(gaps([[0, 0, 7.0], [1, 0, NAN], [0, 1, 7.0], [NAN, NAN, 3.0]], [0, 0, 1], [[1, 2, 1, 1], [1, 1, 3, 1]]))
    assert found[0, 3].tolist() == [1.0, 0.0, 3.0]
    assert found[1, 3].tolist() == [0.0, 1.0, 3.0]


def test_a_chain_lends_from_patients_alike() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=80)
    values = np.column_stack([x, 10.0 * x])
    values[:10, 1] = NAN
    table = Gaps(np.broadcast_to(values, (50, 80, 2)), np.array([0, 1]), np.ones((50, 80), dtype=np.int64))
    found = by_chained_equations(table, outcome=None, rng=rng)
    assert np.isfinite(found).all()
    assert set(found[:, :10, 1].reshape(-1).tolist()) <= set(values[10:, 1].tolist())  # values that somebody has
    assert np.abs(found[:, :10, 1] - 10.0 * x[:10]).mean() < 2.0  # the median would miss by 8
    assert found[:, 10:].tolist() == table.values[:, 10:].tolist()


def test_the_outcome_tells_what_is_missing_only_where_it_may() -> None:
    rng = np.random.default_rng(2)
    outcome = rng.integers(0, 2, 60).astype(np.float64)
    values = np.column_stack([outcome + rng.normal(0, 0.01, 60), rng.normal(size=60)])
    values[:20, 0] = NAN
    table = Gaps(np.broadcast_to(values, (40, 60, 2)), np.array([0, 1]), np.ones((40, 60), dtype=np.int64))
    told = by_chained_equations(table, outcome=outcome[:, None], rng=rng)[:, :20, 0]
    blind = by_chained_equations(table, outcome=None, rng=rng)[:, :20, 0]
    assert ((told > 0.5) == outcome[:20]).mean() > 0.99
    assert 0.3 < ((blind > 0.5) == outcome[:20]).mean() < 0.7


def test_patients_outside_the_sample_lend_nothing() -> None:
    values = np.column_stack([np.arange(30.0), np.r_[[NAN] * 5, np.zeros(10), np.ones(15)]])
    weight = np.array([[1] * 15 + [0] * 15, [1] * 5 + [0] * 10 + [1] * 15])
    table = Gaps(np.broadcast_to(values, (2, 30, 2)), np.array([0, 1]), weight)
    found = by_chained_equations(table, outcome=None, rng=np.random.default_rng(3))
    assert (found[0, :5, 1] == 0.0).all()
    assert (found[1, :5, 1] == 1.0).all()


def test_the_same_seed_fills_the_same() -> None:
    values = np.random.default_rng(4).normal(size=(30, 3))
    values[::4, 1] = NAN
    table = Gaps(values[None], np.arange(3), np.ones((1, 30), dtype=np.int64))
    one, same, other = (by_chained_equations(table, outcome=None, rng=np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert one.tobytes() == same.tobytes() != other.tobytes()
