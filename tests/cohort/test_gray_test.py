"""Truth: R cmprsk; what a test must be: blind to names, right in size where nothing differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.gray_test import gray_test
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_names_of_groups_do_not_matter(survival: Survival, patients: dict[str, Any]) -> None:
    renamed = np.array([{"a": "z", "b": "m", "c": "b"}[name] for name in patients["arm"]])
    assert gray_test(survival, renamed).chi_square == pytest.approx(gray_test(survival, patients["arm"]).chi_square)


def test_size_where_nothing_differs_and_power_where_it_does() -> None:
    rng = np.random.default_rng(10)
    small, powerful = 0, 0
    for _ in range(200):
        group = rng.integers(0, 2, 80)
        for effect in (0.0, 1.2):
            first, second, out = rng.exponential(300 / np.exp(effect * group)), rng.exponential(500, 80), rng.uniform(100, 900, 80)
            days = np.minimum.reduce([first, second, out])
            event = np.where(days == out, 0, np.where(days == first, 1, 2))
            p = gray_test(Survival.of(np.ceil(days / 10) * 10, event, causes=("a", "b")), group).p
            small, powerful = small + (effect == 0.0 and p < 0.05), powerful + (effect > 0.0 and p < 0.05)
    assert 2 <= small <= 20  # 10 expected of 200; outside once in a thousand
    assert powerful > 150


def test_refusals(survival: Survival) -> None:
    with pytest.raises(Refused, match="ONE_GROUP"):
        gray_test(survival, np.zeros(survival.rows))
    with pytest.raises(Refused, match="NO_EVENTS"):
        gray_test(Survival.of([1, 2], [1, 0], causes=("a", "b")), [0, 1], cause=2)
    with pytest.raises(ProtocolError):
        gray_test(Survival.of([5, 6], [1, 1], entry=[1, 0]), [0, 1])


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    ours = [gray_test(survival, patients["arm"], cause=cause).chi_square for cause in (1, 2)]
    np.testing.assert_allclose(ours, r["gray"], rtol=1e-6)
    stratified = [gray_test(survival, patients["arm"], cause=cause, strata=patients["site"]).chi_square for cause in (1, 2)]
    np.testing.assert_allclose(stratified, r["gray.strata"], rtol=1e-6)
