"""Truth: R survival (run, and its printed outputs in the shared data); made patients whose hazards do and don't stay proportional."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.cox import cox
from carpet.cohort.proportional_hazards import proportional_hazards
from carpet.cohort.survival import Survival


def test_an_effect_that_fades_is_found_and_one_that_stays_is_not() -> None:
    rng = np.random.default_rng(7)
    fades, stays = rng.integers(0, 2, 800), rng.integers(0, 2, 800)
    early = rng.exponential(700.0 / np.exp(1.4 * fades + 0.5 * stays))
    late = 150.0 + rng.exponential(400.0 / np.exp(-0.8 * fades + 0.5 * stays))
    days = np.ceil(np.where(early < 150.0, early, late))
    found = proportional_hazards(cox(Survival.of(np.minimum(days, 900), days <= 900), {"fades": fades, "stays": stays}))
    assert found.tests[0].p < 1e-6
    assert found.tests[1].p > 0.05
    assert found.together.p < 1e-5
    early_days = found.days < 150
    assert found.coefficients[early_days, 0].mean() > 1.0 > 0.0 > found.coefficients[~early_days, 0].mean()


def test_units_do_not_matter(survival: Survival, covariates: dict[str, Any]) -> None:
    plain = proportional_hazards(cox(survival, covariates))
    scaled = proportional_hazards(cox(survival, covariates | {"tmtv": covariates["tmtv"] / 1000.0}))
    assert scaled.together.chi_square == pytest.approx(plain.together.chi_square, rel=1e-8)
    assert scaled.coefficients[:, 1] == pytest.approx(plain.coefficients[:, 1] * 1000.0, rel=1e-6)


@pytest.mark.r
@pytest.mark.parametrize("name", ["efron", "breslow", "strata", "rows"])
def test_as_r(
    name: str, survival: Survival, covariates: dict[str, Any], patients: dict[str, Any], rows: dict[str, Any], r: dict[str, Any]
) -> None:
    if name == "rows":
        changing = Survival.of(rows["stop"], rows["event"], entry=rows["start"], patient=rows["patient"])
        model = cox(changing, {key: rows[key].astype(float) for key in ("age", "tmtv", "response")}, strata=rows["site"])
    else:
        site = patients["site"] if name == "strata" else None
        model = cox(survival, covariates, strata=site, ties="breslow" if name == "breslow" else "efron")
    found = proportional_hazards(model)
    np.testing.assert_allclose([*(test.chi_square for test in found.tests), found.together.chi_square], r[f"{name}.zph"], rtol=1e-6)
    np.testing.assert_allclose((found.coefficients * found.time[:, None]).sum(axis=0), r[f"{name}.zph.y"], rtol=1e-6)


@pytest.mark.shared
def test_ovarian_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("ovarian")
    survival = Survival.of([float(x) for x in table["futime"]], [float(x) for x in table["fustat"]])
    model = cox(survival, {name: [float(x) for x in table[name]] for name in ("age", "ecog.ps")})
    found = proportional_hazards(model)
    lines = printed("survival-Ex", "print(temp)                  # display the results ", 4)[1:]
    for test, line in zip((*found.tests, found.together), lines, strict=True):
        assert [f"{test.chi_square:.3f}", str(test.degrees), f"{test.p:.2f}"] == line.split()[1:]
