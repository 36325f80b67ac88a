"""Truth: closed form: exponential growth with a known doubling time."""

from __future__ import annotations

import math

import pytest

from carpet.core.errors import NotMeasurable
from carpet.response.kinetics import kinetics


@pytest.mark.parametrize("doubling", [10.0, -25.0])
def test_exponential_growth(doubling: float) -> None:
    found = kinetics(80.0, 80.0 * 2 ** (30 / doubling), days=30)
    assert found.doubling_days == pytest.approx(doubling)
    assert found.log_growth_per_day == pytest.approx(math.log(2) / doubling)
    assert found.percent == pytest.approx(100 * (2 ** (30 / doubling) - 1))
    assert found.per_day * 30 == pytest.approx(found.change)


def test_what_does_not_exist_has_a_reason() -> None:
    appeared, gone, same = kinetics(0.0, 5.0, days=10), kinetics(5.0, 0.0, days=10), kinetics(5.0, 5.0, days=10)
    assert (appeared.percent, appeared.log_growth_per_day, appeared.reason) == (None, None, "ZERO_BEFORE")
    assert (gone.percent, gone.log_growth_per_day, gone.doubling_days, gone.reason) == (-100.0, None, None, "ZERO_NOW")
    assert (same.log_growth_per_day, same.doubling_days, same.reason) == (0.0, None, "NO_CHANGE")


def test_what_cannot_be() -> None:
    with pytest.raises(NotMeasurable, match="SAME_DAY"):
        kinetics(1.0, 2.0, days=0)
    with pytest.raises(NotMeasurable, match="NEGATIVE"):
        kinetics(-1.0, 2.0, days=3)
