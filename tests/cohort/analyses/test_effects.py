"""Truth: closed form; R survival and cmprsk (run, and printed outputs in the shared data)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from carpet.cohort.analyses.effects import ALL_LEVELS, WHOLE_MODEL, Effect, Modelled, effects, modelled_effects
from carpet.cohort.analyses.terms import Term
from carpet.cohort.cox_firth import firth_p
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError

Make = Callable[..., Cohort]
ALL = ("age", "tmtv", "arm", "bulk")


def of(cohort: Cohort, *terms: str, endpoint: str = "PFS", **more: Any) -> tuple[Effect, ...]:
    return effects(cohort, endpoint, rules="default", terms=terms, **more)


def test_one_covariate_by_hand(make: Make) -> None:
    """Deaths at 1 (yes), two at 6 (yes, no), one at 9 (no): Efron's maximum in closed form, as test_cox; P of the likelihood ratio."""
    rows = zip([9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0], [False, True, True, True, False, False], strict=True)
    cohort = make([{"pfs_days": days, "pfs_event": event, "bulk": bulk} for days, event, bulk in rows])
    survival = cohort.survival("PFS", cohort.known(["pfs_days"]))
    x = np.array([0.0, 1, 1, 1, 0, 0])
    blank = Effect("PFS", "d", "univariable", "", "", None, None, None, None, "", None, 6, 100, 0, "", ())
    (found,) = modelled_effects(Modelled(survival, (Term("bulk", {"bulk": x}, {"bulk": "yes vs no"}),), None, blank), whole=False)
    beta = math.log(2 * math.sqrt(23 / 3) * math.cos(math.acos(45 / 23 * math.sqrt(3 / 23)) / 3))

    def value(b: float) -> float:
        r = math.exp(b)
        return 2 * b - math.log(3 * r + 3) - math.log(r + 3) - math.log(r / 2 + 2.5) + 0.0

    assert found.ratio == pytest.approx(math.exp(beta))
    assert found.p == pytest.approx(float(chi2.sf(2 * (value(beta) - value(0.0)), 1)))
    assert found.low is not None
    assert found.high is not None
    for limit in (found.low, found.high):
        assert value(beta) - value(math.log(limit)) == pytest.approx(float(chi2.ppf(0.95, 1)) / 2)
    (few,) = of(cohort, "bulk")
    assert (few.interval, few.flags) == ("Firth profile", ("FEW_EVENTS", "PENALISED"))
    assert few.ratio is not None
    assert 1.0 < few.ratio < found.ratio


def test_rows_of_a_category_and_of_the_whole_model(cohort: Cohort) -> None:
    found = of(cohort, *ALL, together=True)
    assert [(one.term, one.per) for one in found] == [
        ("age", "per 10 years"),
        ("tmtv", "per doubling"),
        ("arm", "a vs b"),
        ("arm", "c vs b"),
        ("arm", ALL_LEVELS),
        ("bulk", "yes vs no"),
        ("", WHOLE_MODEL),
    ]
    assert [one.reason_missing for one in found] == ["", "", "", "", "TEST_OF_LEVELS", "", "TEST_OF_MODEL"]
    assert {one.model for one in found} == {"multivariable"}
    assert found[0].adjusted_for == ("tmtv", "arm", "bulk")
    complete = cohort.known([*ALL, "pfs_days"]).size
    assert {(one.patients, one.missing) for one in found} == {(complete, 300 - complete)}


def test_laws(cohort: Cohort, make: Make) -> None:
    """Doubled twice: the ratio squared. Another order of patients: nothing. Levels turned: the ratio turned."""
    (once,) = of(cohort, "tmtv")
    rows = [{**row, "tmtv": None if row["tmtv"] is None else float(row["tmtv"]) ** 0.5} for row in cohort.rows]
    (twice,) = of(make(rows), "tmtv")
    assert once.ratio is not None
    assert twice.ratio == pytest.approx(once.ratio**2, rel=1e-6)
    (turned,) = of(make(rows[::-1]), "tmtv")
    assert turned.ratio == pytest.approx(twice.ratio, rel=1e-9)
    (bulk,), (other,) = of(cohort, "bulk"), of(make([{**row, "bulk": not row["bulk"]} for row in cohort.rows]), "bulk")
    assert bulk.ratio is not None
    assert bulk.high is not None
    assert (other.ratio, other.low) == (pytest.approx(1 / bulk.ratio), pytest.approx(1 / bulk.high))


def test_hazards_that_are_not_proportional_are_flagged_with_the_remedy(make: Make) -> None:
    rng = np.random.default_rng(5)
    rows = []
    for i in range(200):
        late = i % 2 == 0  # half have their events late: the ratio turns over follow-up
        rows.append({"pfs_days": int(rng.integers(200, 240) if late else rng.integers(1, 400)), "pfs_event": 1, "bulk": late})
    (found,) = of(make(rows), "bulk")
    assert found.ph_p is not None
    assert found.ph_p < 0.001
    assert found.flags == ("HAZARDS_NOT_PROPORTIONAL",)


def test_separation_is_penalised_and_said(thin: dict[str, Cohort]) -> None:
    found = of(thin["separated"], "tmtv", "arm")
    assert [(one.interval, one.reason_missing) for one in found] == [("Firth profile", ""), ("Firth profile", "")]
    assert {"FEW_EVENTS", "PENALISED", "SEPARATION"} <= set(found[0].flags)
    assert found[0].ratio is not None
    assert found[0].ratio > 1.0


def test_all_levels_of_a_separated_category_have_firths_test(make: Make) -> None:
    rows = zip([100, 200, 300, 400, 500, 600, 700], [1, 0, 1, 1, 1, 0, 0], "bababcc", strict=True)
    found = of(make([{"pfs_days": days, "pfs_event": event, "arm": arm} for days, event, arm in rows]), "arm")
    assert [(one.per, one.reason_missing) for one in found] == [("a vs b", ""), ("c vs b", ""), (ALL_LEVELS, "TEST_OF_LEVELS")]
    assert found[-1].p is not None
    assert "PENALISED" in found[-1].flags


def test_the_test_of_all_levels_is_penalised_where_the_levels_are(make: Make) -> None:
    rng = np.random.default_rng(1)
    days, leaves = rng.exponential(300 / np.exp(0.9 * (np.arange(24) % 3))).astype(int) + 1, rng.integers(50, 150, 24)
    each = zip(np.minimum(days, leaves), days <= leaves, "bac" * 8, strict=True)
    cohort = make([{"pfs_days": int(day), "pfs_event": int(event), "arm": arm} for day, event, arm in each])
    *levels, test = of(cohort, "arm")
    assert {one.interval for one in levels} == {"Firth profile"}
    survival, arm = cohort.survival("PFS", np.arange(24)), np.arange(24) % 3
    columns = {str(k): (arm == k).astype(float) for k in (1, 2)}
    assert test.p == pytest.approx(firth_p(survival, columns, ["1", "2"]))
    assert "PENALISED" in test.flags
    whole = of(cohort, "arm", together=True)[-1]
    assert (whole.per, whole.p) == (WHOLE_MODEL, test.p)
    two = of(make([row for row in cohort.rows if row["arm"] != "c"]), "arm")  # one covariate: its own test is that of all
    rows = cohort.survival("PFS", np.flatnonzero(arm < 2))
    assert two[0].p == pytest.approx(firth_p(rows, {"1": columns["1"][arm < 2]}, ["1"]))


def test_a_covariate_that_says_nothing_is_taken_out_and_the_others_stay(cohort: Cohort, make: Make) -> None:
    rows = [{**row, "site": "A"} for row in cohort.rows]
    site, age, _ = of(make(rows), "site", "age", together=True)
    assert (site.ratio, site.reason_missing) == (None, "COVARIATE_CONSTANT")
    assert age.ratio == pytest.approx(of(cohort, "age")[0].ratio)
    twin = [{**row, "reached": row["age"]} for row in cohort.rows]
    age, copy, _ = of(make(twin), "age", "reached", together=True)
    assert (age.reason_missing, copy.reason_missing) == ("", "COVARIATES_COLLINEAR")


def test_events_when_only_equal_patients_are_left_compare_nothing(make: Make) -> None:
    rows = zip([1, 2, 3, 10, 20, 30], [0, 0, 0, 1, 1, 1], [True] * 3 + [False] * 3, strict=True)
    (found,) = of(make([{"pfs_days": days, "pfs_event": event, "bulk": bulk} for days, event, bulk in rows]), "bulk")
    assert (found.ratio, found.reason_missing) == (None, "NOTHING_TO_COMPARE")


def test_zero_has_no_doubling(thin: dict[str, Cohort]) -> None:
    (found,) = of(thin["zeros"], "tmtv")
    assert (found.patients, found.missing) == (4, 2)
    assert "NOT_POSITIVE" in found.flags


def test_where_events_compete_both_kinds_of_ratio_stand(cohort: Cohort) -> None:
    found = of(cohort, "age", "bulk", endpoint="TTP", together=True)
    assert [one.model for one in found] == ["cause-specific"] * 3 + ["Fine–Gray"] * 2
    assert found[0].events == sum(row["ttp_event"] == 1 for row in cohort.rows if row["age"] is not None)


def test_fine_gray_with_strata_is_refused(cohort: Cohort) -> None:
    found = [one for one in of(cohort, "age", endpoint="TTP", strata="site") if one.model == "Fine–Gray"]
    assert [(one.ratio, one.reason_missing) for one in found] == [(None, "FINE_GRAY_STRATA")]


def test_thin_data_give_a_reason_and_no_crash(thin: dict[str, Cohort]) -> None:
    reasons: dict[str, set[str]] = {}
    for name, cohort in thin.items():
        for endpoint, together, strata in (("PFS", False, ""), ("PFS", True, "response"), ("TTP", True, "")):
            found = of(cohort, *ALL, endpoint=endpoint, together=together, strata=strata)
            assert {one.term for one in found} >= set(ALL)
            for one in found:
                assert (one.ratio is None) == bool(one.reason_missing), (name, one)
                assert one.ratio is None or (math.isfinite(one.ratio) and one.p is not None)
            reasons.setdefault(name, set()).update(one.reason_missing for one in found)
    assert reasons["nobody"] == reasons["no endpoint"] == {"NO_PATIENTS"}
    assert reasons["one"] == {"ONE_PATIENT"}
    assert "NO_EVENTS" in reasons["no events"]
    assert "COVARIATES_COLLINEAR" in reasons["collinear"]
    assert reasons["two"] == {"EVENTS_TOO_FEW", "COVARIATES_COLLINEAR"}
    with pytest.raises(ProtocolError, match="column"):
        of(thin["one"])


@pytest.mark.r
@pytest.mark.parametrize(("name", "term"), [("age10", "age"), ("log2tmtv", "tmtv"), ("arm", "arm"), ("bulk", "bulk"), ("together", "")])
def test_as_r(cohort: Cohort, says: dict[str, Any], name: str, term: str) -> None:
    found = of(cohort, *ALL, together=True) if name == "together" else of(cohort, term)
    ratios = [one for one in found if not one.reason_missing]
    limits = [value for key, value in says.items() if key.startswith(f"{name}.profile.")]
    np.testing.assert_allclose([one.ratio for one in ratios], says[f"{name}.ratio"], rtol=1e-6)
    np.testing.assert_allclose([(one.low, one.high) for one in ratios], limits, rtol=1e-6)
    np.testing.assert_allclose([one.ph_p for one in ratios], says[f"{name}.zph"][: len(ratios)], rtol=1e-6)
    np.testing.assert_array_equal([found[0].patients, found[0].events], says[f"{name}.n"])
    dropped = [one.p for one in found if one.per == ALL_LEVELS or (not one.reason_missing and one.term != "arm")]
    np.testing.assert_allclose(dropped, says[f"{name}.drop"], rtol=1e-6)
    if name == "together":
        np.testing.assert_allclose([found[-1].p, found[-1].ph_p], [says["together.whole"][0], says["together.zph"][-1]], rtol=1e-6)
    if name == "arm":
        np.testing.assert_allclose(found[-1].ph_p, says["arm.zph"][-1], rtol=1e-6)


@pytest.mark.r
def test_strata_and_competing_events_as_r(cohort: Cohort, says: dict[str, Any]) -> None:
    found = [one.ratio for one in of(cohort, *ALL, together=True, strata="site") if not one.reason_missing]
    np.testing.assert_allclose(found, says["strata.ratio"], rtol=1e-6)
    both = [one for one in of(cohort, "age", "bulk", endpoint="TTP", together=True) if not one.reason_missing]
    np.testing.assert_allclose([one.ratio for one in both[:2]], says["cause.ratio"], rtol=1e-6)
    for field, name in (("ratio", "crr.ratio"), ("low", "crr.low"), ("high", "crr.high"), ("p", "crr.p")):
        np.testing.assert_allclose([getattr(one, field) for one in both[2:]], says[name], rtol=1e-6)


@pytest.mark.shared
def test_lung_and_ovarian_as_printed(make: Make, data_set: Any, printed: Any) -> None:
    lung = data_set("lung")
    rows = zip(lung["time"], lung["status"], lung["age"], lung["sex"], strict=True)
    table = make(
        [{"pfs_days": int(float(t)), "pfs_event": int(float(s)) - 1, "reached": float(a), "bulk": x == "2.0"} for t, s, a, x in rows]
    )
    age, sex, whole = of(table, "reached", "bulk", together=True)
    lines = printed("survival-Ex", "fit <- coxph(Surv(time, status) ~ age + sex, lung) ", 40)
    lines = printed("survival-Ex", "summary(fit)", 200)
    start = next(i for i, line in enumerate(lines) if "exp(coef) exp(-coef)" in line and "age" in lines[i + 1])
    assert [f"{age.ratio:.4f}", f"{sex.ratio:.4f}"] == [line.split()[1] for line in lines[start + 1 : start + 3]]
    assert f"{whole.p:.0e}" in next(line for line in lines[start:] if "Likelihood ratio test" in line)
    ovarian = data_set("ovarian")
    rows = zip(ovarian["futime"], ovarian["fustat"], ovarian["age"], ovarian["ecog.ps"], strict=True)
    table = make([{"pfs_days": int(float(t)), "pfs_event": int(float(s)), "age": float(a), "reached": float(e)} for t, s, a, e in rows])
    age, ecog, whole = of(table, "age", "reached", together=True)
    lines = printed("survival-Ex", "print(temp)                  # display the results ", 4)
    assert [f"{one.ph_p:.2f}" for one in (age, ecog, whole)] == [line.split()[3] for line in lines[1:]]
