"""Truth: Cottereau 2021: SDmax above 0.32 per metre is high."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.clinical.score import ScoreOptions


@pytest.mark.parametrize(("value", "group"), [(0.0, "low"), (0.32, "low"), (0.33, "high")])
def test_the_limit(asked: Any, volume: Any, value: float, group: str) -> None:
    found = asked("sdmax_032", sdmax=volume(value))
    assert (found.value, found.group) == (value, group)
    assert set(found.flags) == {"CUTOFF_OTHER_TIMEPOINT", "CUTOFF_OTHER_POPULATION"}


def test_another_delineation_is_refused_unless_overridden_by_name(asked: Any, volume: Any) -> None:
    assert asked("sdmax_032", sdmax=volume(0.4, by="suv4.0")).reason == "CUTOFF_OTHER_DELINEATION"
    found = asked("sdmax_032", sdmax=volume(0.4, by="suv4.0"), options=ScoreOptions(overrides={"sdmax_032": "Dr B"}))
    assert (found.group, found.segmenter) == ("high", "suv4.0")
    assert "CUTOFF_OVERRIDDEN" in found.flags
