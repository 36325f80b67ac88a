"""Truth: closed form: made patients whose risks are known; too extreme and too low ones are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.calibration import calibration
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused

DAY = 365


def made(number: int = 4000) -> tuple[Survival, np.ndarray, np.ndarray]:
    """Follow-up of exponential times, log hazards and true risks by DAY."""
    rng = np.random.default_rng(15)
    score = rng.normal(0.0, 0.8, number)
    days, leaves = np.ceil(rng.exponential(500.0 / np.exp(score))), np.ceil(rng.uniform(200.0, 900.0, number))
    return Survival.of(np.minimum(days, leaves), days <= leaves), score, 1.0 - np.exp(-DAY / 500.0 * np.exp(score))


def test_true_risks_are_well_calibrated() -> None:
    survival, _, risk = made()
    found = calibration(survival, risk, day=DAY)
    assert found.ratio == pytest.approx(1.0, abs=0.05)
    assert found.slope_low < 1.0 < found.slope_high
    assert found.ici < 0.02
    assert found.e50 <= found.e90
    assert [one.patients for one in found.groups] == [800] * 5
    for one in found.groups:
        assert one.observed is not None
        assert one.observed == pytest.approx(one.predicted, abs=0.05)


def test_risks_too_extreme_have_a_slope_below_one() -> None:
    survival, score, _ = made()
    extreme = 1.0 - np.exp(-DAY / 500.0 * np.exp(2.0 * score))
    found = calibration(survival, extreme, day=DAY)
    assert found.slope == pytest.approx(0.5, abs=0.05)
    assert found.ici > 0.08


def test_risks_too_low_have_a_ratio_above_one() -> None:
    survival, _, risk = made()
    found = calibration(survival, risk / 2.0, day=DAY)
    assert found.ratio == pytest.approx(2.0, abs=0.1)
    assert found.observed == pytest.approx(2.0 * found.predicted, rel=0.05)


def test_two_levels_of_risk_are_smoothed_by_a_line() -> None:
    survival, score, _ = made()
    levels = np.where(score > 0, 0.7, 0.3)
    assert calibration(survival, levels, day=DAY, groups=2).ici < 0.1


def test_refusals() -> None:
    survival, _, risk = made(100)
    with pytest.raises(Refused, match="PROBABILITY_RANGE"):
        calibration(survival, risk * 3, day=DAY)
    with pytest.raises(Refused, match="DAY_TOO_LATE"):
        calibration(survival, risk, day=5000)
    with pytest.raises(ProtocolError, match="group"):
        calibration(survival, risk, day=DAY, groups=0)
