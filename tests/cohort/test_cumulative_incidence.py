"""Truth: closed form; R cmprsk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cumulative_incidence import cumulative_incidence
from carpet.cohort.kaplan_meier import kaplan_meier
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError

CAUSES = ("relapse", "death")


def test_by_hand() -> None:
    found = cumulative_incidence(Survival.of([1, 2, 3, 4, 5], [1, 2, 0, 1, 0], causes=CAUSES))
    assert found.cause == "relapse"
    assert found.incidence == pytest.approx([1 / 5, 1 / 5, 1 / 5 + 3 / 5 / 2])
    assert found.at_risk.tolist() == [5, 4, 2]


def test_without_censoring_it_is_the_share_and_its_binomial_error() -> None:
    rng = np.random.default_rng(9)
    event = rng.integers(1, 3, 40)
    found = cumulative_incidence(Survival.of(rng.permutation(40) + 1, event, causes=CAUSES))
    share = (event == 1).mean()
    assert found.incidence[-1] == pytest.approx(share)
    assert found.std_error[-2] == pytest.approx((found.incidence[-2] * (1 - found.incidence[-2]) / 40) ** 0.5, rel=0.05)


def test_causes_and_freedom_add_up_to_one(survival: Survival) -> None:
    curve = kaplan_meier(survival)
    total = sum(cumulative_incidence(survival, cause=cause).incidence for cause in (1, 2))
    assert total + curve.survival[curve.events > 0] == pytest.approx(np.ones_like(total))


def test_with_one_cause_it_is_one_minus_kaplan_meier(survival: Survival) -> None:
    alone = survival.any_event()
    curve = kaplan_meier(alone)
    assert cumulative_incidence(alone).incidence == pytest.approx(1.0 - curve.survival[curve.events > 0])


def test_one_minus_kaplan_meier_would_overstate(survival: Survival) -> None:
    naive = 1.0 - kaplan_meier(survival.of_cause(2)).survival[-1]
    assert cumulative_incidence(survival, cause=2).incidence[-1] < naive - 0.05


def test_wrong_calls(survival: Survival) -> None:
    with pytest.raises(ProtocolError, match="cause 3"):
        cumulative_incidence(survival, cause=3)
    with pytest.raises(ProtocolError, match="delayed entry"):
        cumulative_incidence(Survival.of([5, 6], [1, 0], entry=[1, 0]))
    assert cumulative_incidence(Survival.of([5, 6], [0, 0])).days.size == 0


@pytest.mark.r
@pytest.mark.parametrize("cause", [1, 2])
def test_as_r(survival: Survival, r: dict[str, Any], cause: int) -> None:
    found = cumulative_incidence(survival, cause=cause)
    had = found.events > 0
    days, value, variance = (r[f"cif.{cause}.{name}"] for name in ("days", "value", "var"))
    of_the_cause = np.isin(days, found.days[had])
    assert days[of_the_cause].tolist() == found.days[had].tolist()
    np.testing.assert_allclose(found.incidence[had], value[of_the_cause], rtol=1e-6)
    np.testing.assert_allclose(found.std_error[had] ** 2, variance[of_the_cause], rtol=1e-6)
