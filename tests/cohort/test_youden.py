"""Truth: closed form: every cut counted; the size of the test where the marker says nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.survival import Survival
from carpet.cohort.time_dependent_auc import roc
from carpet.cohort.youden import youden
from carpet.core.errors import Refused


def test_without_censoring_every_cut_is_counted() -> None:
    rng = np.random.default_rng(17)
    days, marker = rng.integers(1, 200, 70), rng.integers(0, 30, 70).astype(float)
    found = youden(Survival.of(days, [1] * 70), marker, day=100, samples=50, seed=1)
    case = days <= 100
    index = {cut: (marker[case] > cut).mean() + (marker[~case] <= cut).mean() - 1 for cut in np.unique(marker)[:-1]}
    assert found.index == pytest.approx(max(index.values()))
    assert found.cut == min(cut for cut, value in index.items() if value > found.index - 1e-9)
    assert found.sensitivity + found.specificity - 1 == pytest.approx(found.index)


def test_with_censoring_it_is_the_best_point_of_the_curve(survival: Survival, patients: dict[str, Any]) -> None:
    found = youden(survival, patients["tmtv"], day=365, samples=200, seed=1)
    curve = roc(survival, patients["tmtv"], day=365)
    assert found.index == pytest.approx((curve.sensitivity + curve.specificity - 1)[:-1].max())
    assert found == youden(survival, patients["tmtv"], day=365, samples=200, seed=1)


def test_p_allows_for_the_search() -> None:
    rng = np.random.default_rng(18)
    p = []
    for i in range(100):
        survival = Survival.of(rng.integers(1, 300, 50), rng.integers(0, 2, 50))
        p.append(youden(survival, rng.normal(size=50), day=100, samples=199, seed=i).p)
    assert (np.array(p) <= 0.05).sum() <= 13  # 5 expected; more than 13 once in a thousand
    assert 0.35 < np.mean(p) < 0.65


def test_refusals(survival: Survival) -> None:
    with pytest.raises(Refused, match="NO_CUT"):
        youden(survival, np.ones(survival.rows), day=365, seed=1)
    with pytest.raises(Refused, match="DAY_WITHOUT_EVENTS"):
        youden(survival, np.arange(survival.rows), day=1, seed=1)
