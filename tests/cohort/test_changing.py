"""Truth: closed form: rows by hand; cutting rows without a change of value changes no model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.changing import Change, stretches
from carpet.cohort.cox import cox
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_rows_by_hand() -> None:
    survival = Survival.of([20, 30, 40], [1, 0, 1], patient=[7, 8, 9])
    found = stretches(
        survival, [0, 5, 2], [Change(0, 10, 1.0), Change(1, 30, 9.0), Change(2, 15, 3.0), Change(2, 0, 4.0), Change(2, 25, 6.0)]
    )
    assert found.survival.entry is not None
    rows = zip(
        found.survival.patient.tolist(),
        found.survival.entry.tolist(),
        found.survival.days.tolist(),
        found.survival.event.tolist(),
        found.value.tolist(),
        strict=True,
    )
    assert list(rows) == [
        (7, 0, 10, 0, 0.0),
        (7, 10, 20, 1, 1.0),
        (8, 0, 30, 0, 5.0),
        (9, 0, 15, 0, 4.0),
        (9, 15, 25, 0, 3.0),
        (9, 25, 40, 1, 6.0),
    ]
    assert found.source.tolist() == [0, 0, 1, 2, 2, 2]


def test_a_value_from_the_day_of_the_event_does_not_tell_the_event() -> None:
    found = stretches(Survival.of([20, 25], [1, 1]), [0, 0], [Change(0, 20, 1.0)])
    assert found.value.tolist() == [0.0, 0.0]


def test_a_value_from_before_entry_is_the_value_at_entry() -> None:
    found = stretches(Survival.of([20], [1], entry=[10]), [0], [Change(0, -4, 1.0), Change(0, 6, 2.0)])
    assert (found.value.tolist(), found.survival.days.tolist()) == ([2.0], [20])


def test_cuts_without_a_change_do_nothing(survival: Survival, covariates: dict[str, Any]) -> None:
    two = {name: covariates[name] for name in ("age", "tmtv")}
    cuts = [Change(row, day, float(covariates["age"][row])) for row in range(0, survival.rows, 2) for day in (50, 180)]
    cut = stretches(survival, covariates["age"], cuts)
    assert cut.survival.rows > survival.rows
    model = cox(cut.survival, {"age": cut.value, "tmtv": covariates["tmtv"][cut.source]})
    assert model.coefficients == pytest.approx(cox(survival, two).coefficients, rel=1e-8)
    assert model.patients == survival.rows


def test_wrong_calls() -> None:
    survival = Survival.of([20, 30], [1, 0])
    with pytest.raises(ProtocolError, match="two values"):
        stretches(survival, [0, 0], [Change(0, 5, 1.0), Change(0, 5, 2.0)])
    with pytest.raises(ProtocolError, match="none of the 2"):
        stretches(survival, [0, 0], [Change(2, 5, 1.0)])
    with pytest.raises(Refused, match="VALUE_MISSING"):
        stretches(survival, [0, 0], [Change(1, 5, float("nan"))])
    assert np.array_equal(stretches(survival, [3, 4], []).value, [3.0, 4.0])
