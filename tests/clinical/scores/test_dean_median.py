"""Truth: Dean 2020: the median of the first cohort, 147.5 mL, is not high; volumes by hand."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(("ml", "group"), [(147.0, "low"), (147.5, "low"), (147.6, "high")])
def test_the_limit(asked: Any, volume: Any, ml: float, group: str) -> None:
    found = asked("dean_median", tmtv=volume(ml, by="manual", main="manual"))
    assert (found.value, found.group, found.flags, found.segmenter) == (ml, group, (), "manual")


def test_a_threshold_is_not_a_hand(asked: Any, volume: Any) -> None:
    assert asked("dean_median", tmtv=volume(200.0, by="suv4.0")).reason == "CUTOFF_OTHER_DELINEATION"
