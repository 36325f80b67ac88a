"""Truth: closed form (Therneau & Grambsch 2000, appendix E); R survival (run, and its printed outputs in the shared data)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import Cox, chi_square, cox, hazard_ratios
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused


def test_one_covariate_by_hand() -> None:
    """Deaths at 1 (x = 1), two at 6 (x = 1, 0), one at 9 (x = 0): r = exp(β) solves r² − 3r − 6 = 0 with Breslow's ties."""
    survival = Survival.of([9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0])
    x = {"x": [0, 1, 1, 1, 0, 0]}
    assert cox(survival, x, ties="breslow").coefficients[0] == pytest.approx(math.log((3 + math.sqrt(33)) / 2), rel=1e-9)
    efron = 2 * math.sqrt(23 / 3) * math.cos(math.acos(45 / 23 * math.sqrt(3 / 23)) / 3)
    assert cox(survival, x).coefficients[0] == pytest.approx(math.log(efron), rel=1e-9)


def test_laws(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates)
    mixed = np.random.default_rng(1).permutation(survival.rows)
    shuffled = cox(survival.take(mixed), {name: values[mixed] for name, values in covariates.items()})
    assert shuffled.coefficients == pytest.approx(model.coefficients, rel=1e-8)
    scaled = cox(survival, covariates | {"tmtv": covariates["tmtv"] * 1000.0 + 5e6})
    assert scaled.coefficients[1] * 1000.0 == pytest.approx(model.coefficients[1], rel=1e-6)
    assert scaled.log_likelihood == pytest.approx(model.log_likelihood, rel=1e-10)
    later = Survival.of(survival.days * 3 + 11, survival.event, causes=survival.causes)
    assert cox(later, covariates).coefficients == pytest.approx(model.coefficients, rel=1e-10)


def test_score_test_is_the_log_rank_test_without_ties() -> None:
    from carpet.cohort.log_rank import log_rank

    rng = np.random.default_rng(2)
    survival, group = Survival.of(rng.permutation(80) + 1, rng.integers(0, 2, 80)), rng.integers(0, 2, 80)
    assert cox(survival, {"group": group}).score_test.chi_square == pytest.approx(log_rank(survival, group).chi_square)


def test_ratios_and_tests_fit_together(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, {"age": covariates["age"]})
    (age,) = hazard_ratios(model)
    assert model.wald.chi_square == pytest.approx((age.coefficient / age.std_error) ** 2)
    assert model.wald.p == pytest.approx(age.p)
    assert math.log(age.high / age.ratio) == pytest.approx(1.959963984540054 * age.std_error)
    assert age.ratio**2 == pytest.approx(age.low * age.high)
    assert hazard_ratios(model, covariance=4 * model.covariance)[0].std_error == pytest.approx(2 * age.std_error)
    assert chi_square(3.841458820694124, 1).p == pytest.approx(0.05)


def test_linear_predictor_is_zero_at_the_mean(survival: Survival, covariates: dict[str, Any]) -> None:
    model = cox(survival, covariates)
    assert model.linear_predictor({name: np.array([values.mean()]) for name, values in covariates.items()}) == pytest.approx(
        [0.0], abs=1e-12
    )


@pytest.mark.parametrize(
    ("event", "x", "code"),
    [
        ([1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0], "SEPARATION"),
        ([1, 1, 1, 0, 0, 0], [6.0, 5.5, 5.0, 1.0, 2.0, 1.5], "SEPARATION"),
        ([0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 0, 1], "NO_EVENTS"),
        ([1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1], "COVARIATE_CONSTANT"),
        ([0, 0, 0, 0, 0, 1], [1, 0, 1, 0, 0, 1], "COVARIATES_COLLINEAR"),  # one event, nobody else at risk: nothing to compare
    ],
)
def test_refusals(event: list[int], x: list[float], code: str) -> None:
    with pytest.raises(Refused) as refused:
        cox(Survival.of([1, 2, 3, 4, 5, 6], event), {"x": x})
    assert refused.value.codes == (code,)


def fitted(name: str, survival: Survival, covariates: dict[str, Any], patients: dict[str, Any], rows: dict[str, Any]) -> Cox:
    if name == "rows":
        changing = Survival.of(rows["stop"], rows["event"], entry=rows["start"], patient=rows["patient"])
        return cox(changing, {key: rows[key].astype(float) for key in ("age", "tmtv", "response")}, strata=rows["site"])
    if name == "strata":
        return cox(survival, covariates, strata=patients["site"])
    return cox(survival, covariates, ties="breslow" if name == "breslow" else "efron")


@pytest.mark.r
@pytest.mark.parametrize("name", ["efron", "breslow", "strata", "rows"])
def test_as_r(
    name: str, survival: Survival, covariates: dict[str, Any], patients: dict[str, Any], rows: dict[str, Any], r: dict[str, Any]
) -> None:
    model = fitted(name, survival, covariates, patients, rows)
    np.testing.assert_allclose(model.coefficients, r[f"{name}.coef"], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(model.covariance)), r[f"{name}.error"], rtol=1e-6)
    np.testing.assert_allclose([model.log_likelihood_null, model.log_likelihood], r[f"{name}.loglik"], rtol=1e-9)
    np.testing.assert_allclose(model.score_test.chi_square, r[f"{name}.score"][0], rtol=1e-6)


@pytest.mark.shared
def test_lung_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("lung")
    survival = Survival.of([float(x) for x in table["time"]], [float(x) - 1 for x in table["status"]])
    model = cox(survival, {"age": [float(x) for x in table["age"]], "sex": [float(x) for x in table["sex"]]})
    lines = printed("survival-Ex", "summary(fit)", 200)
    start = next(i for i, line in enumerate(lines) if "coef exp(coef)  se(coef)" in line and "age" in lines[i + 1])
    for found, line in zip(hazard_ratios(model), lines[start + 1 : start + 3], strict=True):
        name, beta, ratio, error, z, p = line.split()[:6]
        assert name == found.name
        ours = [f"{found.coefficient:.6f}", f"{found.ratio:.6f}", f"{found.std_error:.6f}", f"{found.coefficient / found.std_error:.3f}"]
        assert [*ours, f"{found.p:.5f}"] == [beta, ratio, error, z, p]
    for found, line in zip(hazard_ratios(model), lines[start + 7 : start + 9], strict=True):
        assert [f"{value:.4f}" for value in (found.ratio, 1 / found.ratio, found.low, found.high)] == line.split()[1:]
    tests = (model.likelihood_ratio, model.wald, model.score_test)
    for test, line in zip(tests, lines[start + 11 : start + 14], strict=True):
        assert f"= {test.chi_square:.2f}  on {test.degrees} df" in line


@pytest.mark.shared
def test_ovarian_in_strata_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("ovarian")
    survival = Survival.of([float(x) for x in table["futime"]], [float(x) for x in table["fustat"]])
    model = cox(survival, {"age": [float(x) for x in table["age"]]}, strata=table["rx"])
    (age,) = hazard_ratios(model)
    lines = printed("survival-Ex", "coxph(Surv(futime, fustat) ~ age + strata(rx), data=ovarian) ", 7)
    ours = [f"{age.coefficient:.5f}", f"{age.ratio:.5f}", f"{age.std_error:.5f}", f"{age.coefficient / age.std_error:.3f}", f"{age.p:.5f}"]
    assert lines[4].split() == ["age", *ours]
    assert f"Likelihood ratio test={model.likelihood_ratio.chi_square:.2f}  on 1 df, p={model.likelihood_ratio.p:.4g}" == lines[6]
