"""Truth: closed form: the definition of the partial likelihood with loops, its slopes by differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox_likelihood import cumulated, likelihood
from carpet.cohort.cox_rows import Batch, Ordered, Ties, batch, ordered
from carpet.cohort.survival import Survival

BETA = np.array([0.4, -0.3])


def scene(rows: dict[str, Any], ties: Ties) -> tuple[Ordered, Batch, np.ndarray, np.ndarray]:
    x = np.column_stack([rows["response"], (rows["age"] - 60) / 10.0])
    strata = (rows["site"] == "B").astype(np.int64)
    survival = Survival.of(rows["stop"], rows["event"], entry=rows["start"], patient=rows["patient"])
    data = ordered(survival, x, strata=strata)
    return data, batch(data, np.arange(x.shape[0])[None, :], ties=ties), x, strata


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_value_slope_and_information(rows: dict[str, Any], brute: Callable[..., float], ties: Ties) -> None:
    _, made, x, strata = scene(rows, ties)

    def value(beta: np.ndarray) -> float:
        return brute(rows["start"], rows["stop"], rows["event"], x, beta, efron=ties == "efron", strata=strata)

    found, h = likelihood(made, BETA[None, :]), 1e-4
    assert found.value[0] == pytest.approx(value(BETA), rel=1e-12)
    step = np.eye(2) * h
    slope = [(value(BETA + one) - value(BETA - one)) / (2 * h) for one in step]
    assert found.slope[0] == pytest.approx(slope, rel=1e-6)
    bend = [(likelihood(made, (BETA - one)[None]).slope[0] - likelihood(made, (BETA + one)[None]).slope[0]) / (2 * h) for one in step]
    assert found.information[0] == pytest.approx(np.array(bend), rel=1e-6)


def test_expected_events_add_up_to_those_that_happened(rows: dict[str, Any]) -> None:
    data, made, _, _ = scene(rows, "efron")
    found = likelihood(made, BETA[None, :])
    assert found.expected.sum() == pytest.approx(data.event.sum())
    assert cumulated(made, 1.0 / found.risk).min() >= -1e-12


def test_many_samples_are_as_one_by_one(survival: Survival) -> None:
    x = np.random.default_rng(3).normal(size=(survival.rows, 2))
    data = ordered(survival, x, strata=np.zeros(survival.rows, dtype=np.int64))
    drawn = np.sort(np.random.default_rng(4).integers(0, survival.rows, (3, survival.rows)), axis=1)
    together = likelihood(batch(data, drawn, ties="efron"), np.stack([BETA, -BETA, 2 * BETA]))
    for i, beta in enumerate([BETA, -BETA, 2 * BETA]):
        alone = likelihood(batch(data, drawn[i : i + 1], ties="efron"), beta[None])
        assert together.value[i] == pytest.approx(alone.value[0], rel=1e-12)
        assert together.information[i] == pytest.approx(alone.information[0], rel=1e-9)
