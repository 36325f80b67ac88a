"""Truth: a pocket calculator: 50 cells/µL over 2000 mm² are 0.025."""

from __future__ import annotations

from typing import Any

import pytest


def test_by_hand(asked: Any) -> None:
    assert asked("peak_to_burden", cart_peak=50.0, spd=2000.0).value == pytest.approx(0.025)


def test_no_target(asked: Any) -> None:
    assert asked("peak_to_burden", cart_peak=50.0, spd=0.0).reason == "NO_CT_TARGET"
