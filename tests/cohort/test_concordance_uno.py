"""Truth: closed form: where nobody is censored it is Harrell's; R survival."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.concordance_harrell import concordance_harrell
from carpet.cohort.concordance_uno import concordance_uno
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused


def test_without_censoring_it_is_harrells() -> None:
    rng = np.random.default_rng(11)
    survival, risk = Survival.of(rng.permutation(60) + 1, [1] * 60), rng.normal(size=60)
    assert concordance_uno(survival, risk, before=60).value == pytest.approx(concordance_harrell(survival, risk).value)


def test_censoring_moves_harrells_more_than_unos() -> None:
    """The marker works early only; censoring late patients flatters Harrell's C, but not one up to a day."""
    rng = np.random.default_rng(12)
    marker = rng.normal(size=4000)
    days = np.ceil(np.where(marker > 1.0, rng.exponential(40.0, 4000), rng.exponential(400.0, 4000)))
    leaves = np.ceil(rng.uniform(1.0, 300.0, 4000))
    censored = Survival.of(np.minimum(days, leaves), days <= leaves)
    full = Survival.of(days, np.ones(4000))
    truth = concordance_uno(full, marker, before=250).value
    assert abs(concordance_uno(censored, marker, before=250).value - truth) < 0.02
    assert concordance_harrell(censored, marker).value > truth + 0.02


def test_refusals() -> None:
    with pytest.raises(Refused, match="DAY_TOO_LATE"):
        concordance_uno(Survival.of([5, 9], [1, 0]), [1.0, 2.0], before=10)
    with pytest.raises(Refused, match="NO_EVENTS"):
        concordance_uno(Survival.of([5, 9], [1, 0]), [1.0, 2.0], before=5)


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    found = concordance_uno(survival, patients["tmtv"], before=600)
    np.testing.assert_allclose([found.value, found.std_error], r["uno"], rtol=1e-6)
    assert found.before == 600
