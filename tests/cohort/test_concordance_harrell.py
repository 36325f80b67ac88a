"""Truth: closed form: pairs counted with loops; R survival."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.concordance_harrell import concordance, concordance_harrell
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_pairs_by_hand() -> None:
    days, event, risk = [3, 5, 5, 8, 9, 5], [1, 1, 0, 1, 0, 1], [2.0, 3.0, 1.0, 3.0, 0.5, 3.0]
    agree = pairs = 0.0
    for i in range(6):
        for j in range(6):
            if event[i] and (days[i] < days[j] or (days[i] == days[j] and not event[j])):
                pairs += 1
                agree += 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
    found = concordance_harrell(Survival.of(days, event), risk)
    assert (found.value, found.pairs, found.before) == (pytest.approx(agree / pairs), pairs, None)


def test_laws(survival: Survival, patients: dict[str, Any]) -> None:
    found = concordance_harrell(survival, patients["tmtv"])
    assert concordance_harrell(survival, np.log(patients["tmtv"])).value == found.value
    assert concordance_harrell(survival, -patients["tmtv"]).value == pytest.approx(1.0 - found.value)
    assert concordance_harrell(survival, np.zeros(survival.rows)).value == 0.5
    perfect = concordance_harrell(survival.any_event(), -survival.days)
    assert perfect.value > 0.99
    assert perfect.high == 1.0 or perfect.high <= 1.0
    assert concordance(survival, patients["tmtv"], np.full(survival.rows, 3.0), level=0.95, before=None).value == pytest.approx(found.value)


def test_blocks_of_pairs_do_not_show(survival: Survival, patients: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = concordance_harrell(survival, patients["tmtv"])
    monkeypatch.setattr("carpet.cohort.concordance_harrell.BLOCK", 1_000)
    assert concordance_harrell(survival, patients["tmtv"]).std_error == pytest.approx(whole.std_error)


def test_refusals() -> None:
    with pytest.raises(Refused, match="NO_EVENTS"):
        concordance_harrell(Survival.of([5, 9], [0, 1]), [1.0, 2.0])
    with pytest.raises(Refused, match="VALUE_MISSING"):
        concordance_harrell(Survival.of([5, 9], [1, 1]), [1.0, float("nan")])
    with pytest.raises(ProtocolError, match="delayed"):
        concordance_harrell(Survival.of([5, 9], [1, 1], entry=[0, 2]), [1.0, 2.0])


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    found = concordance_harrell(survival, patients["tmtv"])
    np.testing.assert_allclose([found.value, found.std_error], r["harrell"], rtol=1e-6)
