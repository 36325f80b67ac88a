"""Truth: closed form: a refit is the fit of the drawn patients; R survival."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.cox_refits import drawn_patients, refits
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError


def test_drawn_once_each_gives_the_model_itself(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates)
    found = refits(model, np.stack([np.arange(survival.rows), np.arange(survival.rows)[::-1]]))
    assert found.coefficients == pytest.approx(np.stack([model.coefficients] * 2), rel=1e-8)


@pytest.mark.parametrize("strata", [False, True])
def test_as_fitting_the_drawn_patients(survival: Survival, covariates: dict[str, Any], patients: dict[str, Any], strata: bool) -> None:
    site = patients["site"] if strata else np.zeros(survival.rows)
    drawn = drawn_patients(survival.rows, 60, seed=3)
    found = refits(cox(survival, covariates, strata=site), drawn)
    for i in (0, 31, 59):
        rows = drawn[i]
        alone = cox(survival.take(rows), {name: values[rows] for name, values in covariates.items()}, strata=site[rows])
        assert found.coefficients[i] == pytest.approx(alone.coefficients, rel=1e-7)


def test_samples_without_a_model_say_why() -> None:
    survival = Survival.of([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 1, 0])
    drawn = np.array([[0, 1, 2, 3, 4, 5], [3, 5, 3, 5, 3, 5], [0, 0, 0, 3, 3, 5]])
    found = refits(cox(survival, {"x": [1, 0, 1, 0, 0, 1]}), drawn)
    assert found.reason[:2] == ("", "NO_EVENTS")
    assert found.reason[2] in ("SEPARATION", "COVARIATES_COLLINEAR", "")
    assert np.isnan(found.coefficients[1]).all()
    assert found.usable.shape == (sum(not reason for reason in found.reason), 1)


def test_the_same_seed_draws_the_same() -> None:
    first = drawn_patients(50, 4, seed=9)
    assert first.tobytes() == drawn_patients(50, 4, seed=9).tobytes()
    assert first.tobytes() != drawn_patients(50, 4, seed=10).tobytes()
    assert set(np.unique(first)) <= set(range(50))


def test_rows_of_one_patient_are_not_drawn_apart() -> None:
    survival = Survival.of([3, 6, 5, 4, 7], [0, 1, 1, 0, 1], entry=[0, 3, 0, 0, 0], patient=[1, 1, 2, 3, 4])
    with pytest.raises(ProtocolError, match="several rows"):
        refits(cox(survival, {"x": [0, 1, 0, 1, 0]}), np.zeros((1, 5), dtype=np.int64))


@pytest.mark.r
def test_as_r(survival: Survival, covariates: dict[str, Any], drawn: Any, r: dict[str, Any]) -> None:
    found = refits(cox(survival, covariates), drawn)
    for i in range(drawn.shape[0]):
        np.testing.assert_allclose(found.coefficients[i], r[f"refit.{i}"], rtol=1e-6)
