"""Truth: worked example EX18 (neuroCombat's source on the same table); closed form: two sites that differ by a shift and a scale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.cohort.harmonisation import combat, harmonised, means_only
from carpet.core.errors import ProtocolError, Refused

RNG = np.random.default_rng(7)
BASE = RNG.normal(size=(12, 3))
SITE = np.repeat(["north", "south"], 12)
MOVED = np.concatenate([BASE, BASE * [2.0, 0.5, 3.0] + [5.0, -1.0, 2.0]])  # the same patients, seen by another scanner


@pytest.fixture(scope="module")
def ex18(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    path: Path = request.getfixturevalue("shared_data").parent / "reference" / "worked_examples.json"
    found = next(one for one in json.loads(path.read_text(encoding="utf-8"))["examples"] if one["id"] == "EX18")
    given = found["inputs"]
    values = np.column_stack([given["values"][name] for name in given["features"]])
    return values, np.array(given["site"]), found["expected"]


@pytest.mark.shared
def test_worked_example(ex18: Any) -> None:
    values, site, expected = ex18
    model = combat(values, site)
    assert model.alpha == pytest.approx(np.array(expected["alpha"]), abs=1e-4)
    assert model.sigma**2 == pytest.approx(np.array(expected["sigma2_pooled"]), abs=1e-4)
    assert model.gamma == pytest.approx(np.array(expected["gamma_hat"]), abs=1e-4)
    assert model.delta**2 == pytest.approx(np.array(expected["delta2_hat"]), abs=1e-4)
    assert pytest.approx(np.array(expected["no_EB"]), abs=1e-4) == harmonised(model, values, site).T


@pytest.mark.shared
def test_worked_example_of_empirical_bayes(ex18: Any) -> None:
    values, site, expected = ex18
    model = combat(values, site, empirical_bayes=True)
    assert model.gamma == pytest.approx(np.array(expected["EB_gamma_star"]), abs=1e-4)
    assert model.delta**2 == pytest.approx(np.array(expected["EB_delta2_star"]), abs=1e-4)
    assert pytest.approx(np.array(expected["EB"]), abs=1e-4) == harmonised(model, values, site).T


@pytest.mark.shared
def test_worked_example_of_a_reference_site(ex18: Any) -> None:
    values, site, expected = ex18
    found = harmonised(combat(values, site, reference="A"), values, site)
    assert found[site == "A"] == pytest.approx(values[site == "A"], abs=1e-12)
    assert pytest.approx(np.array(expected["M_ComBat_reference_A_no_EB_site_B_values"]), abs=1e-4) == found[site == "B"].T


def test_a_shift_and_a_scale_are_taken_out() -> None:
    found = harmonised(combat(MOVED, SITE), MOVED, SITE)
    assert found[:12] == pytest.approx(found[12:], abs=1e-12)


def test_means_alone_leave_the_spread() -> None:
    found = harmonised(combat(MOVED, SITE, mean_only=True), MOVED, SITE)
    assert found[:12].mean(axis=0) == pytest.approx(found[12:].mean(axis=0), abs=1e-12)
    assert found.std(axis=0) == pytest.approx(
        np.concatenate([MOVED[:12] - MOVED[:12].mean(axis=0), MOVED[12:] - MOVED[12:].mean(axis=0)]).std(axis=0)
    )


def test_what_covariates_explain_is_kept() -> None:
    stage = np.r_[np.zeros(8), np.ones(4), np.zeros(4), np.ones(8)]
    values = MOVED[:, :1] * 0.01 + 3.0 * stage[:, None]
    found = harmonised(combat(values, SITE, covariates=stage), values, SITE, covariates=stage)[:, 0]
    assert found[stage == 1].mean() - found[stage == 0].mean() == pytest.approx(3.0, abs=0.1)
    blind = harmonised(combat(values, SITE), values, SITE)[:, 0]
    assert blind[stage == 1].mean() - blind[stage == 0].mean() < 2.9


def test_a_frozen_model_serves_other_patients_of_its_sites() -> None:
    model = combat(MOVED, SITE)
    again = harmonised(model, MOVED[[0, 20]], SITE[[0, 20]])
    assert again == pytest.approx(harmonised(model, MOVED, SITE)[[0, 20]])
    with pytest.raises(Refused, match="SITE_UNKNOWN"):
        harmonised(model, MOVED[:1], ["west"])


def test_sites_too_small() -> None:
    assert means_only(SITE)
    assert not means_only(np.repeat(["a", "b"], 20))
    with pytest.raises(Refused, match=r"SITE_TOO_SMALL[\s\S]*9 patients"):
        means_only(np.r_[SITE, ["west"] * 9])


def test_what_cannot_be_harmonised_is_refused() -> None:
    with pytest.raises(Refused, match="ONE_GROUP"):
        combat(BASE, ["a"] * 12)
    with pytest.raises(Refused, match="VALUE_MISSING"):
        combat(np.where(BASE > 1, np.nan, BASE), SITE[:12])
    with pytest.raises(Refused, match="SITE_SPREAD_UNKNOWN"):
        combat(BASE, ["a"] * 11 + ["b"])
    with pytest.raises(ProtocolError, match="no site"):
        combat(MOVED, SITE, reference="west")
    with pytest.raises(ProtocolError, match="two at least"):
        combat(MOVED[:, :1], SITE, empirical_bayes=True)
