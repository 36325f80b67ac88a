"""Truth: closed form: pairs counted with loops; R, with weights by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.survival import Survival
from carpet.cohort.time_dependent_auc import auc_interval, case_control_weights, roc
from carpet.core.errors import ProtocolError, Refused


def test_without_censoring_it_is_the_share_of_pairs() -> None:
    rng = np.random.default_rng(13)
    days, risk = rng.integers(1, 100, 80), rng.integers(0, 9, 80)
    found = roc(Survival.of(days, [1] * 80), risk, day=50)
    pairs = [(a > b) + 0.5 * (a == b) for a in risk[days <= 50] for b in risk[days > 50]]
    assert found.auc == pytest.approx(np.mean(pairs))
    assert (found.cases, found.controls) == ((days <= 50).sum(), (days > 50).sum())
    above = risk > found.values[3]
    assert found.sensitivity[3] == pytest.approx(above[days <= 50].mean())
    assert found.specificity[3] == pytest.approx((~above[days > 50]).mean())


def test_the_curve_has_the_area(survival: Survival, patients: dict[str, Any]) -> None:
    found = roc(survival, patients["tmtv"], day=365)
    hit, miss = np.concatenate([[1.0], found.sensitivity]), np.concatenate([[1.0], 1.0 - found.specificity])
    assert -np.trapezoid(hit, miss) == pytest.approx(found.auc)
    assert roc(survival, -patients["tmtv"], day=365).auc == pytest.approx(1.0 - found.auc)


def test_weights_of_cases_and_controls_by_hand() -> None:
    case, control = case_control_weights(Survival.of([2, 4, 6, 9, 9], [0, 1, 1, 0, 1]), 6)
    assert case == pytest.approx([0, 5 / 4, 5 / 4, 0, 0])
    assert control == pytest.approx([0, 0, 0, 5 / 4, 5 / 4])


def test_interval_is_repeatable_and_holds_the_area(survival: Survival, patients: dict[str, Any]) -> None:
    found = auc_interval(survival, patients["tmtv"], day=365, samples=100, seed=1)
    assert found == auc_interval(survival, patients["tmtv"], day=365, samples=100, seed=1)
    assert found.low < found.auc < found.high
    assert found.samples == 100


def test_refusals(survival: Survival, patients: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="DAY_WITHOUT_EVENTS"):
        roc(survival, patients["tmtv"], day=5)
    with pytest.raises(Refused, match="DAY_WITHOUT_EVENTS"):
        roc(survival, patients["tmtv"], day=99_999)
    with pytest.raises(ProtocolError):
        roc(Survival.of([5, 9], [1, 1], entry=[0, 2]), [1.0, 2.0], day=6)


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    np.testing.assert_allclose(roc(survival, patients["tmtv"], day=365).auc, r["auc"][0], rtol=1e-6)
