"""Truth: closed form: leaving a patient out; R survival."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.cox_robust import influence, robust_covariance
from carpet.cohort.survival import Survival


def test_influence_is_what_leaving_out_does(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates)
    moved = influence(model)
    assert moved.sum(axis=0) == pytest.approx(np.zeros(5), abs=1e-8)
    out = int(np.argmax(np.abs(moved[:, 1])))
    rest = np.arange(survival.rows) != out
    without = cox(survival.take(rest), {name: values[rest] for name, values in covariates.items()})
    assert model.coefficients[1] - without.coefficients[1] == pytest.approx(moved[out, 1], rel=0.15)


def test_patients_counted_twice_do_not_look_surer(survival: Survival, covariates: dict[str, Any]) -> None:
    """Every patient as two rows: the model's variance halves, the robust one by patient does not."""
    single = robust_covariance(cox(survival, covariates, ties="breslow"))
    twice = np.repeat(np.arange(survival.rows), 2)
    double = cox(survival.take(twice), {name: values[twice] for name, values in covariates.items()}, ties="breslow")
    assert robust_covariance(double, cluster=twice) == pytest.approx(single, rel=1e-6)


@pytest.mark.r
def test_as_r(survival: Survival, covariates: dict[str, Any], rows: dict[str, Any], r: dict[str, Any]) -> None:
    np.testing.assert_allclose(robust_covariance(cox(survival, covariates)).ravel(), r["efron.robust"], rtol=1e-6)
    changing = Survival.of(rows["stop"], rows["event"], entry=rows["start"], patient=rows["patient"])
    model = cox(changing, {key: rows[key].astype(float) for key in ("age", "tmtv", "response")}, strata=rows["site"])
    np.testing.assert_allclose(robust_covariance(model).ravel(), r["rows.robust"], rtol=1e-6)
