"""Truth: Pennisi 2021 and a pocket calculator: 300 × 3 ÷ 120; CRP in mg/dL."""

from __future__ import annotations

from typing import Any

import pytest


def test_by_hand(asked: Any) -> None:
    assert asked("m_easix", ldh=300.0, crp=3.0, platelets=120.0).value == pytest.approx(7.5)


def test_no_platelets(asked: Any) -> None:
    assert asked("m_easix", ldh=300.0, crp=3.0, platelets=0.0).reason == "PLATELETS_ZERO"
