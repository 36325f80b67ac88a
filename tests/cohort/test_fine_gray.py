"""Truth: closed form: without competing events it is Cox's model; R cmprsk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.cox_robust import robust_covariance
from carpet.cohort.fine_gray import fine_gray, subdistribution_ratios
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError, Refused


def test_without_competing_events_it_is_cox(survival: Survival, covariates: dict[str, Any]) -> None:
    alone = survival.any_event()
    model, plain = fine_gray(alone, covariates), cox(alone, covariates, ties="breslow")
    assert model.coefficients == pytest.approx(plain.coefficients, rel=1e-7)
    assert model.log_likelihood == pytest.approx(plain.log_likelihood)
    assert model.covariance == pytest.approx(robust_covariance(plain), rel=1e-6)


def test_without_censoring_patients_with_another_event_never_leave(covariates: dict[str, Any], survival: Survival) -> None:
    event = np.where(survival.event == 0, 2, survival.event)
    model = fine_gray(Survival.of(survival.days, event, causes=("a", "b")), covariates)
    stay = Survival.of(np.where(event == 2, 99_999, survival.days), event == 1)
    assert model.coefficients == pytest.approx(cox(stay, covariates, ties="breslow").coefficients, rel=1e-7)


def test_ratios(survival: Survival, covariates: dict[str, Any]) -> None:
    model = fine_gray(survival, covariates)
    assert (model.cause, model.events, model.patients) == ("progression", int((survival.event == 1).sum()), 300)
    one = subdistribution_ratios(model)[0]
    assert one.ratio**2 == pytest.approx(one.low * one.high)


def test_refusals(survival: Survival) -> None:
    with pytest.raises(Refused, match="SEPARATION"):
        fine_gray(Survival.of([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 2, 0], causes=("a", "b")), {"x": [1, 1, 1, 0, 0, 0]})
    with pytest.raises(Refused, match="NO_EVENTS"):
        fine_gray(Survival.of([1, 2], [1, 0], causes=("a", "b")), {"x": [0, 1]}, cause=2)
    with pytest.raises(ProtocolError, match="delayed entry"):
        fine_gray(Survival.of([5, 6], [1, 1], entry=[1, 0]), {"x": [0, 1]})


@pytest.mark.r
def test_as_r(survival: Survival, covariates: dict[str, Any], r: dict[str, Any]) -> None:
    model = fine_gray(survival, covariates)
    np.testing.assert_allclose(model.coefficients, r["crr.coef"], rtol=1e-6)
    np.testing.assert_allclose(model.covariance.ravel(), r["crr.var"], rtol=1e-6)
    np.testing.assert_allclose([model.log_likelihood_null, model.log_likelihood], r["crr.loglik"], rtol=1e-9)


def test_what_tells_nobody_at_risk_apart_is_refused() -> None:
    event = [0, 0, 1, 0, 1, 0, 1, 1, *[0] * 7, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, *[0] * 22]
    days = list(range(1, 48))
    with pytest.raises(Refused, match="SEPARATION"):
        fine_gray(Survival.of(days, event), {"high": [n < 3 for n in range(47)]})
    with pytest.raises(Refused, match="COVARIATES_COLLINEAR"):
        fine_gray(Survival.of(days, event), {"left before": [n < 2 for n in range(47)]})
