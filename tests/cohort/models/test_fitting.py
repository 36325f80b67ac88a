"""Truth: this package's Cox model of the drawn patients, one sample at a time, and its steps done by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.cox_baseline import predicted_survival
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.fitting import fits
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.samples import drawn_weights

DAY = 300


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_plain_model_is_cox(table: Callable[..., Candidates], ties: str) -> None:
    made = table(40, effects=(0.7, -0.3))
    weight = drawn_weights(40, 6, seed=1)
    found = fits(Pipeline("m", made.terms, ties=ties), made, weight, day=DAY, seed=1)  # type: ignore[arg-type]
    everybody = dict(zip(made.columns, made.values.T, strict=True))
    for k in range(6):
        rows = np.repeat(np.arange(40), weight[k])
        model = cox(made.survival.take(rows), {name: values[rows] for name, values in everybody.items()}, ties=ties)  # type: ignore[arg-type]
        assert found.beta[k] == pytest.approx(model.coefficients, abs=1e-6)
        assert found.risk[k] == pytest.approx(model.linear_predictor(everybody), abs=1e-6)
        assert found.free[k] == pytest.approx(predicted_survival(model, everybody, [DAY])[:, 0], abs=1e-6)


def test_selection_is_made_in_each_sample(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.9, 0.0, 0.0))
    weight = drawn_weights(40, 8, seed=2)
    found = fits(Pipeline("m", made.terms, selection="univariable", select_below=0.05), made, weight, day=DAY, seed=1)
    for k in range(8):
        rows = np.repeat(np.arange(40), weight[k])
        drawn = made.survival.take(rows)
        kept = [j for j in range(3) if cox(drawn, {"x": made.values[rows, j]}).score_test.p < 0.05]
        assert np.flatnonzero(found.kept[k]).tolist() == kept
        if kept:
            alone = cox(drawn, {f"x{j}": made.values[rows, j] for j in kept})
            assert found.beta[k, kept] == pytest.approx(alone.coefficients, abs=1e-6)


def test_what_a_lasso_leaves_is_refitted_without_penalty(table: Callable[..., Candidates]) -> None:
    made = table(60, effects=(0.9, 0.0, 0.0, 0.0))
    everybody = np.ones((1, 60), dtype=np.int64)
    found = fits(Pipeline("m", made.terms, selection="lasso"), made, everybody, day=DAY, seed=1)
    kept = np.flatnonzero(found.kept[0])
    assert 0 in kept
    alone = cox(made.survival, {f"x{j}": made.values[:, j] for j in kept})
    assert found.beta[0, kept] == pytest.approx(alone.coefficients, abs=1e-6)
    shrunk = fits(Pipeline("m", made.terms, penalty="lasso"), made, everybody, day=DAY, seed=1)
    assert np.abs(shrunk.beta).sum() < np.abs(found.beta).sum()
    assert shrunk.lam[0] > 0.0


def test_completed_tables_are_averaged(table: Callable[..., Candidates]) -> None:
    made = table(50, effects=(0.7, 0.2), missing=0.15)
    everybody = np.ones((1, 50), dtype=np.int64)
    many = fits(Pipeline("m", made.terms, imputations=40), made, everybody, day=DAY, seed=1)
    more = fits(Pipeline("m", made.terms, imputations=40), made, everybody, day=DAY, seed=2)
    few = [fits(Pipeline("m", made.terms, imputations=1), made, everybody, day=DAY, seed=seed).beta[0, 0] for seed in range(12)]
    assert abs(many.beta[0, 0] - more.beta[0, 0]) < np.ptp(few)
    assert many.risk.shape == (1, 50)
    assert np.isfinite(many.risk).all()


def test_a_sample_without_events_is_marked(table: Callable[..., Candidates]) -> None:
    made = table(30, effects=(0.7,))
    weight = np.stack([(made.survival.event == 0).astype(np.int64), np.ones(30, dtype=np.int64)])
    found = fits(Pipeline("m", made.terms), made, weight, day=DAY, seed=1)
    assert found.usable.tolist() == [False, True]
    assert np.isnan(found.risk[0]).all()
    assert np.isfinite(found.risk[1]).all()


def test_many_samples_go_in_parts_and_the_parts_agree(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7, -0.3))
    weight = drawn_weights(40, 700, seed=3)
    found = fits(Pipeline("m", made.terms), made, weight, day=DAY, seed=1)
    assert fits(Pipeline("m", made.terms), made, weight[650:652], day=DAY, seed=1).beta == pytest.approx(found.beta[650:652], abs=1e-8)
