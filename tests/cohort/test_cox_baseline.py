"""Truth: closed form: Nelson–Aalen where no covariate acts; R survival."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.cox_baseline import baseline, predicted_curve, predicted_survival
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError

ONE = {"age": 70.0, "tmtv": 400.0, "bulk": 1.0, "crp": 3.0, "sex": 0.0}


def test_a_covariate_that_does_nothing_leaves_nelson_aalen() -> None:
    """The same deaths in both groups: the coefficient is 0."""
    survival = Survival.of([1, 1, 2, 2, 3, 3, 5, 5], [1, 1, 0, 0, 1, 1, 1, 1])
    found = baseline(cox(survival, {"x": [0, 1] * 4}, ties="breslow"))
    assert found.days.tolist() == [1, 3, 5]
    assert found.hazard == pytest.approx([2 / 8, 2 / 8 + 2 / 4, 2 / 8 + 2 / 4 + 1])


def test_one_and_many_patients_agree(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates)
    curve = predicted_curve(model, ONE)
    many = predicted_survival(model, {name: np.array([value, value]) for name, value in ONE.items()}, [0, *curve.days.tolist(), 9_999])
    assert many.shape == (2, curve.days.size + 2)
    assert many[1, 1:-1] == pytest.approx(curve.survival)
    assert (many[0, 0], many[0, -1]) == (1.0, pytest.approx(curve.survival[-1]))
    assert (np.diff(curve.survival) < 0).all()


def test_expected_events_of_all_patients_are_the_observed(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates, ties="breslow")
    free = predicted_survival(model, covariates, survival.days)
    assert -np.log(np.diag(free)).sum() == pytest.approx((survival.event > 0).sum())


def test_strata_are_named(survival: Survival, covariates: dict[str, Any], patients: dict[str, Any]) -> None:
    model = cox(survival, covariates, strata=patients["site"])
    assert baseline(model, stratum="B").stratum == "B"
    with pytest.raises(ProtocolError, match="A, B"):
        baseline(model)
    with pytest.raises(ProtocolError, match="A, B"):
        baseline(model, stratum="C")


@pytest.mark.r
def test_as_r(survival: Survival, covariates: dict[str, Any], patients: dict[str, Any], r: dict[str, Any]) -> None:
    found = predicted_curve(cox(survival, covariates), ONE)
    ours = {"survival": found.survival, "error": found.std_error_log, "low": found.low, "high": found.high}
    for name, values in ours.items():
        np.testing.assert_allclose(values, r[f"predicted.{name}"], rtol=1e-6)
    stratum = predicted_curve(cox(survival, covariates, strata=patients["site"]), ONE, stratum="B")
    np.testing.assert_allclose(stratum.survival, r["predicted.stratum"], rtol=1e-6)
