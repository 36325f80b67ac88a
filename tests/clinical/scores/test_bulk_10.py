"""Truth: Neelapu 2017: more than 10 cm is bulky."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.score import Scored


@pytest.mark.parametrize(("mm", "scored"), [(100.0, (10.0, "not bulky")), (101.0, (10.1, "bulky"))])
def test_the_limit(asked: Any, mm: float, scored: tuple[float, str]) -> None:
    assert asked("bulk_10", longest_diameter=mm) == Scored(*scored)
