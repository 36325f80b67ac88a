"""Truth: closed form; StatsDirect's published example; R survival (run, and its printed outputs in the shared data); METHODS EX17."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.log_rank import log_rank
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused


def test_by_hand() -> None:
    found = log_rank(Survival.of([1, 2, 3, 4], [1, 1, 1, 0]), ["a", "a", "b", "b"])
    expected = 2 / 4 + 1 / 3
    variance = 1 / 4 + 2 / 9
    assert found.expected == pytest.approx([expected, 3 - expected])
    assert found.observed.tolist() == [2, 1]
    assert found.chi_square == pytest.approx((2 - expected) ** 2 / variance)
    assert (found.groups, found.patients.tolist(), found.degrees) == (("a", "b"), [2, 2], 1)


def test_names_of_groups_do_not_matter_and_all_events_are_expected(survival: Survival, patients: dict[str, Any]) -> None:
    found = log_rank(survival, patients["arm"])
    renamed = log_rank(survival, np.array([{"a": "z", "b": "y", "c": "x"}[name] for name in patients["arm"]]))
    assert renamed.chi_square == pytest.approx(found.chi_square)
    assert found.expected.sum() == pytest.approx(found.observed.sum())


def test_a_group_never_at_risk_takes_no_part() -> None:
    found = log_rank(Survival.of([1, 5, 6, 7, 8], [0, 1, 1, 1, 0]), ["early", "a", "b", "a", "b"])
    assert found.degrees == 1


def test_refusals() -> None:
    with pytest.raises(Refused, match="ONE_GROUP"):
        log_rank(Survival.of([1, 2], [1, 1]), ["a", "a"])
    with pytest.raises(Refused, match="NO_EVENTS"):
        log_rank(Survival.of([1, 2], [0, 0]), ["a", "b"])


@pytest.mark.r
def test_as_r(survival: Survival, patients: dict[str, Any], r: dict[str, Any]) -> None:
    found = log_rank(survival, patients["arm"])
    np.testing.assert_allclose(found.observed, r["logrank.observed"])
    np.testing.assert_allclose(found.expected, r["logrank.expected"], rtol=1e-6)
    np.testing.assert_allclose(found.chi_square, r["logrank.chi"][0], rtol=1e-6)
    stratified = log_rank(survival, patients["arm"], strata=patients["site"])
    np.testing.assert_allclose(stratified.chi_square, r["logrank.strata.chi"][0], rtol=1e-6)
    np.testing.assert_allclose(stratified.expected, r["logrank.strata.expected"], rtol=1e-6)


@pytest.mark.shared
def test_lymphoma_as_statsdirect_prints_it(data_set: Any) -> None:
    table = data_set("lymphoma_lifelines_statsdirect")
    survival = Survival.of([float(x) for x in table["Time"]], [float(x) for x in table["Censor"]])
    found = log_rank(survival, table["Stage_group"])
    assert found.expected == pytest.approx([16.687031, 37.312969], abs=5e-7)
    assert found.chi_square == pytest.approx(6.70971, abs=5e-6)
    assert found.p == pytest.approx(0.0096, abs=5e-5)


@pytest.mark.shared
def test_lung_in_eight_groups_and_strata_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("lung")
    karno, inst = (np.array([float(x or "nan") for x in table[name]]) for name in ("pat.karno", "inst"))
    known = np.isfinite(karno) & np.isfinite(inst)
    everybody = Survival.of([float(x) for x in table["time"]], [float(x) - 1 for x in table["status"]])
    found = log_rank(everybody.take(known), karno[known], strata=inst[known])
    lines = printed("survival-Ex", "survdiff(Surv(time, status) ~ pat.karno + strata(inst), data=lung)", 17)
    rows = [line.split("=")[1].split() for line in lines if line.startswith("pat.karno=")]
    assert len(rows) == len(found.groups) == 8
    for i, (name, number, observed, expected, _, share) in enumerate(rows):
        assert (found.groups[i], str(found.patients[i]), f"{found.observed[i]:g}") == (name, number, observed)
        assert f"{found.expected[i]:.3f}" == expected
        away = (found.observed[i] - found.expected[i]) ** 2
        assert f"{away / found.variance[i, i]:.5f}" == share
    assert f"{found.chi_square:.1f} {found.degrees} {found.p:.3f}" == "21.4 7 0.003"


@pytest.mark.shared
def test_worked_example(ex17: dict[str, Any]) -> None:
    given, expected = ex17["inputs"], ex17["expected"]
    survival = Survival.of([round(10 * month) for month in given["PFS_months"]], given["event"])
    found = log_rank(survival, np.array(given["TMTV_mL"]) > expected["best_cut_mL"])
    assert found.chi_square == pytest.approx(expected["classical_logrank_chi2_at_cut"], abs=1e-4)
    assert found.p == pytest.approx(expected["classical_logrank_p"], rel=1e-4)
