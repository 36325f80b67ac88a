"""Truth: closed form: net benefit counted without censoring; treating all and none."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.decision_curve import decision_curve
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_without_censoring_it_is_counted() -> None:
    rng = np.random.default_rng(16)
    days, risk = rng.integers(1, 200, 90), rng.uniform(0, 1, 90)
    found = decision_curve(Survival.of(days, [1] * 90), risk, day=100, thresholds=[0.2, 0.5])
    for i, level in enumerate([0.2, 0.5]):
        flagged, event = risk >= level, days <= 100
        benefit = (flagged & event).mean() - (flagged & ~event).mean() * level / (1 - level)
        assert found.model[i] == pytest.approx(benefit)
        assert found.treat_all[i] == pytest.approx(event.mean() - (~event).mean() * level / (1 - level))
        assert found.flagged[i] == flagged.sum()


def test_flagging_all_is_treating_all_and_none_is_nothing(survival: Survival) -> None:
    found = decision_curve(survival, np.full(survival.rows, 0.5), day=365, thresholds=[0.1, 0.5, 0.6])
    assert found.model[:2] == pytest.approx(found.treat_all[:2])
    assert found.model[2] == 0.0


def test_flagged_patients_nobody_followed_so_long_have_no_benefit() -> None:
    found = decision_curve(Survival.of([5, 6, 50, 60], [0, 1, 0, 0]), [0.9, 0.1, 0.1, 0.2], day=40, thresholds=[0.5])
    assert np.isnan(found.model[0])


def test_refusals(survival: Survival) -> None:
    with pytest.raises(Refused, match="PROBABILITY_RANGE"):
        decision_curve(survival, np.full(survival.rows, -0.5), day=365, thresholds=[0.1])
    with pytest.raises(ProtocolError, match="thresholds"):
        decision_curve(survival, np.full(survival.rows, 0.5), day=365, thresholds=[1.0])
    with pytest.raises(Refused, match="DAY_TOO_LATE"):
        decision_curve(Survival.of([5, 6], [0, 1]).take(np.array([0])), [0.5], day=40, thresholds=[0.5])
