"""Truth: closed form: the likelihood of the drawn patients, one sample at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.samples import dealt_folds, drawn_weights, part_of, samples

BETA = np.array([0.4, -0.3])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_samples_of_any_size_share_one_table(table: Callable[..., Candidates], brute: Callable[..., float], ties: str) -> None:
    made = table(30, effects=(0.5, 0.0))
    weight = drawn_weights(30, 6, seed=4)
    weight[1, 5:] = 0  # few of many
    weight[2] = 1
    found = samples(made.survival, weight, ties=ties)  # type: ignore[arg-type]
    there = likelihood(found.take(np.broadcast_to(made.values, (6, 30, 2))), np.broadcast_to(BETA, (6, 2)))
    days, event = made.survival.days, made.survival.event
    for k in range(6):
        rows = np.repeat(np.arange(30), weight[k])
        alone = brute(
            np.full(rows.size, -1), days[rows], event[rows], made.values[rows], BETA, efron=ties == "efron", strata=np.zeros(rows.size)
        )
        assert there.value[k] == pytest.approx(alone, abs=1e-9)
    assert found.size.tolist() == weight.sum(axis=1).tolist()


def test_some_of_the_samples(table: Callable[..., Candidates]) -> None:
    made = table(20, effects=(0.5, 0.0))
    rows = samples(made.survival, drawn_weights(20, 5, seed=5), ties="efron").take(np.broadcast_to(made.values, (5, 20, 2)))
    beta = np.broadcast_to(BETA, (5, 2))
    whole, some = likelihood(rows, beta), likelihood(part_of(rows, np.array([1, 4])), beta[:2])
    assert some.value == pytest.approx(whole.value[[1, 4]])
    assert some.slope == pytest.approx(whole.slope[[1, 4]])
    assert some.information == pytest.approx(whole.information[[1, 4]])


def test_the_same_seed_draws_the_same() -> None:
    first = drawn_weights(50, 4, seed=9)
    assert first.sum(axis=1).tolist() == [50] * 4
    assert first.tobytes() == drawn_weights(50, 4, seed=9).tobytes()
    assert first.tobytes() != drawn_weights(50, 4, seed=10).tobytes()


def test_folds_share_events_and_patients() -> None:
    event = np.array([1] * 13 + [0] * 21)
    fold = dealt_folds(event, 5, seed=1)
    assert sorted(np.bincount(fold, event).tolist()) == [2, 2, 3, 3, 3]
    assert np.bincount(fold).max() - np.bincount(fold).min() <= 1
    assert fold.tolist() == dealt_folds(event, 5, seed=1).tolist() != dealt_folds(event, 5, seed=2).tolist()
