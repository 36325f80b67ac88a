"""Truth: closed form; R survival (run, and its printed outputs in the shared data)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from carpet.cohort.rmst import compare_restricted_means, restricted_mean
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused


def test_without_censoring_it_is_the_mean_of_the_cut_times() -> None:
    days = np.array([3, 8, 15, 22, 40, 41])
    found = restricted_mean(Survival.of(days, [1] * 6), horizon=30)
    cut = np.minimum(days, 30)
    assert found.value == pytest.approx(cut.mean())
    assert found.std_error == pytest.approx(cut.std() / math.sqrt(6))


def test_differences_and_ratios() -> None:
    first, second = Survival.of([5, 9, 20, 30], [1, 1, 0, 0]), Survival.of([2, 4, 6, 30], [1, 1, 1, 0])
    found = compare_restricted_means(first, second, horizon=25)
    assert found.difference.value == pytest.approx(found.second.value - found.first.value)
    assert found.difference.std_error == pytest.approx(math.hypot(found.first.std_error, found.second.std_error))
    assert found.ratio.value == pytest.approx(found.second.value / found.first.value)
    assert found.ratio.low * found.ratio.high == pytest.approx(found.ratio.value**2)
    turned = compare_restricted_means(second, first, horizon=25)
    assert turned.difference.value == pytest.approx(-found.difference.value)
    assert turned.difference.p == found.difference.p
    same = compare_restricted_means(first, first, horizon=25)
    assert same.difference.p == 1.0


def test_a_horizon_nobody_reaches_is_refused() -> None:
    with pytest.raises(Refused, match="DAY_TOO_LATE"):
        restricted_mean(Survival.of([5, 9], [1, 0]), horizon=10)
    assert restricted_mean(Survival.of([5, 9], [1, 1]), horizon=10).value == pytest.approx(7.0)


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    found = [restricted_mean(survival.take(patients["arm"] == arm), horizon=600) for arm in ("a", "b", "c")]
    np.testing.assert_allclose([one.value for one in found], r["rmst"], rtol=1e-6)
    np.testing.assert_allclose([one.std_error for one in found], r["rmst.error"], rtol=1e-6)


@pytest.mark.shared
def test_lung_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("lung")
    ecog = np.array([float(x or "nan") for x in table["ph.ecog"]])
    everybody = Survival.of([float(x) for x in table["time"]], [float(x) - 1 for x in table["status"]])
    lines = [line for line in printed("survival-Ex", "print(fit2, rmean=730)", 8) if line.startswith("ph.ecog=")]
    assert len(lines) == 4
    for group, line in enumerate(lines):
        found = restricted_mean(everybody.take(ecog == group), horizon=730)
        words = line.split()
        assert [f"{found.value:.0f}", f"{found.std_error:.1f}"] == words[3:5]
