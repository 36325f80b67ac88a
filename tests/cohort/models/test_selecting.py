"""Truth: closed form: the score test of Cox models of each term alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.samples import drawn_weights, samples
from carpet.cohort.models.selecting import kept_terms, score_p


def test_each_term_alone(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.6, 0.0, 0.3))
    of = np.array([0, 1, 1])
    weight = drawn_weights(40, 3, seed=1)
    whole = samples(made.survival, weight, ties="efron")
    found = score_p(whole.take(np.broadcast_to(made.values, (3, 40, 3))), of)
    for k in range(3):
        rows = np.repeat(np.arange(40), weight[k])
        drawn, x = made.survival.take(rows), made.values[rows]
        assert found[k, 0] == pytest.approx(cox(drawn, {"a": x[:, 0]}).score_test.p, rel=1e-6)
        assert found[k, 1] == pytest.approx(cox(drawn, {"b": x[:, 1], "c": x[:, 2]}).score_test.p, rel=1e-6)


def test_a_term_that_says_nothing_has_p_one(table: Callable[..., Candidates]) -> None:
    made = table(20, effects=(0.5,))
    whole = samples(made.survival, np.ones((1, 20), dtype=np.int64), ties="efron")
    assert score_p(whole.take(np.zeros((1, 20, 1))), np.array([0]))[0, 0] == 1.0


def test_a_term_is_kept_with_any_of_its_columns() -> None:
    beta = np.array([[0.0, 0.0, 0.2], [0.1, 0.0, 0.0]])
    assert kept_terms(beta, np.array([0, 1, 1])).tolist() == [[False, True], [True, False]]
