"""Truth: closed form: of a column that orders patients without error every size learns all, of noise no size learns anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.learning_curve import learning_curve
from carpet.cohort.models.pipeline import Pipeline
from carpet.core.errors import ProtocolError

DAY = 365


def test_sizes_and_their_patients(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7,))
    found = learning_curve(Pipeline("m", made.terms), made, day=DAY, seed=1, shares=(0.5, 0.8), samples=20)
    assert len(found) == 10
    assert {one.patients for one in found} == {20, 32}
    assert found[0].measure == "C (Harrell)"
    assert found[0].events == round(0.5 * made.events)
    assert all(one.low <= one.value <= one.high for one in found if one.measure.startswith("C ") and one.value and one.low and one.high)


def test_more_patients_help_where_there_is_something_to_learn(table: Callable[..., Candidates]) -> None:
    made = table(80, effects=(0.6, -0.6, 0.6, -0.6, 0.0, 0.0, 0.0, 0.0))
    found = learning_curve(Pipeline("m", made.terms), made, day=DAY, seed=1, shares=(0.25, 0.8), samples=60)
    small, large = (one.value for one in found if one.measure == "C (Harrell)")
    assert small is not None
    assert large is not None
    assert large > small + 0.03


def test_a_perfect_order_and_noise(table: Callable[..., Candidates]) -> None:
    made = table(60, effects=(0.0,))
    perfect = replace(made, values=-made.survival.days[:, None] + 0.1 * np.random.default_rng(1).random((60, 1)))
    ridge = Pipeline("m", ("x0",), penalty="ridge")
    best = learning_curve(ridge, perfect, day=DAY, seed=1, shares=(0.5,), samples=20)[0]
    assert best.value is not None
    assert best.value > 0.98
    none = learning_curve(ridge, made, day=DAY, seed=1, shares=(0.5,), samples=60)[0]
    assert none.value == pytest.approx(0.5, abs=0.06)


def test_a_share_is_a_part(table: Callable[..., Candidates]) -> None:
    with pytest.raises(ProtocolError, match="shares"):
        learning_curve(Pipeline("m", ("x0",)), table(20, effects=(0.5,)), day=DAY, seed=1, shares=(1.0,))


def test_few_events_left_over_measure_nothing(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7,))
    found = learning_curve(Pipeline("m", made.terms), made, day=DAY, seed=1, shares=(0.5, 0.9), samples=20)
    for one in found:
        left = made.events - one.events
        assert one.splits == 0 if left < 5 else one.measure != "C (Harrell)" or one.value is not None
    assert {made.events - one.events >= 5 for one in found} == {True, False}
