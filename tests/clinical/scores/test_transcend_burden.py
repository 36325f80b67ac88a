"""Truth: Abramson 2020: 50 cm² and more is high."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.score import Scored


@pytest.mark.parametrize(("mm2", "scored"), [(0.0, (0.0, "low")), (4999.0, (49.99, "low")), (5000.0, (50.0, "high"))])
def test_the_limit(asked: Any, mm2: float, scored: tuple[float, str]) -> None:
    assert asked("transcend_burden", spd=mm2) == Scored(*scored)
