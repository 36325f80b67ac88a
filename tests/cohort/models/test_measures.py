"""Truth: the estimators of this package on the drawn patients, which R holds; closed form for blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.brier import brier
from carpet.cohort.concordance_harrell import concordance_harrell
from carpet.cohort.concordance_uno import concordance_uno
from carpet.cohort.cox import cox
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.measures import areas, measured, names, times
from carpet.cohort.models.samples import drawn_weights
from carpet.cohort.survival import Survival
from carpet.cohort.time_dependent_auc import roc

DAY = 365


def test_each_sample_as_by_itself(table: Callable[..., Candidates]) -> None:
    made = table(50, effects=(0.7, 0.0))
    weight, rng = drawn_weights(50, 12, seed=1), np.random.default_rng(2)
    risk = made.values[:, 0] + rng.normal(0, 0.5, (12, 50)).round(1)  # with ties
    free = rng.uniform(0.1, 0.9, (12, 50))
    found = measured(times(made.survival, day=DAY), weight, risk, free)
    for k in range(12):
        rows = np.repeat(np.arange(50), weight[k])
        drawn = made.survival.take(rows)
        assert found[k, 0] == pytest.approx(concordance_harrell(drawn, risk[k, rows]).value, abs=1e-12)
        assert found[k, 1] == pytest.approx(concordance_uno(drawn, risk[k, rows], before=DAY).value, abs=1e-12)
        assert found[k, 2] == pytest.approx(roc(drawn, risk[k, rows], day=DAY).auc, abs=1e-12)
        assert found[k, 3] == pytest.approx(brier(drawn, free[k, rows], days=[DAY]).scaled[0], abs=1e-12)
        assert found[k, 4] == pytest.approx(cox(drawn, {"risk": risk[k, rows]}).coefficients[0], abs=1e-6)


def test_pairs_are_compared_within_a_block(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7,))
    block = np.repeat([0, 1], 20)
    risk = made.values[:, 0] + 100.0 * block  # scales of two models, which do not compare
    everybody, free = np.ones((1, 40), dtype=np.int64), np.full((1, 40), 0.5)
    apart = measured(times(made.survival, day=DAY, block=block), everybody, risk[None], free)[0]
    parts = [concordance_harrell(made.survival.take(block == one), risk[block == one]) for one in (0, 1)]
    pooled = sum(one.value * one.pairs for one in parts) / sum(one.pairs for one in parts)
    assert apart[0] == pytest.approx(pooled, abs=1e-12)
    assert apart[4] == pytest.approx(cox(made.survival, {"risk": made.values[:, 0]}, strata=block).coefficients[0], abs=1e-6)


def test_what_a_sample_does_not_have_is_no_number(table: Callable[..., Candidates]) -> None:
    made = table(20, effects=(0.7,))
    none = (made.survival.event == 0).astype(np.int64)
    weight = np.stack([none, np.ones(20, dtype=np.int64), np.ones(20, dtype=np.int64)])
    risk = np.stack([made.values[:, 0], np.zeros(20), np.full(20, np.nan)])
    found = measured(times(made.survival, day=DAY), weight, risk, np.full((3, 20), 0.5))
    assert np.isnan(found[0]).all()
    assert found[1, :3].tolist() == [0.5, 0.5, 0.5]  # all alike: ties count half
    assert np.isnan(found[1, 4])
    assert np.isnan(found[2]).all()
    late = measured(times(made.survival, day=10_000), weight[1:2], made.values[None, :, 0], np.full((1, 20), 0.5))[0]
    assert np.isnan(late[2:4]).all()
    assert np.isfinite(late[0])
    assert np.isnan(late[1])  # nobody is followed so long


def test_an_event_on_the_day_itself_is_not_before_it() -> None:
    survival, risk = Survival.of([10, 20, 365, 400, 500], [1, 1, 1, 0, 0]), np.array([0.5, 0.4, 0.1, 0.3, 0.2])
    found = measured(times(survival, day=365), np.ones((1, 5), dtype=np.int64), risk[None], np.full((1, 5), 0.5))[0, 1]
    assert found == concordance_uno(survival, risk, before=365).value == 1.0


def test_the_area_on_each_day_as_by_itself(table: Callable[..., Candidates]) -> None:
    made, days = table(50, effects=(0.7, 0.0)), (100, 250, DAY, 10_000)
    weight, rng = drawn_weights(50, 6, seed=1), np.random.default_rng(2)
    risk = made.values[:, 0] + rng.normal(0, 0.5, (6, 50)).round(1)
    found = areas(times(made.survival, day=DAY), days, weight, risk)
    for k in range(6):
        rows = np.repeat(np.arange(50), weight[k])
        drawn = made.survival.take(rows)
        assert found[k, :3].tolist() == pytest.approx([roc(drawn, risk[k, rows], day=day).auc for day in days[:3]], abs=1e-12)
    assert np.isnan(found[:, 3]).all()  # nobody is followed so long
    lost = areas(times(made.survival, day=DAY), days, weight[:1], np.full((1, 50), np.nan))
    assert np.isnan(lost).all()


def test_names_tell_the_day() -> None:
    assert names(180)[1:4] == ("C (Uno) before day 180", "AUC at day 180", "scaled Brier at day 180")
