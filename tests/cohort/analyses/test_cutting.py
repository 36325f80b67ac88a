"""Truth: METHODS EX17; R maxstat and survival (run, and maxstat's printed outputs in the shared data); closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from carpet.cohort.analyses.cutting import Cut, Published, Search, cuts
from carpet.cohort.table import Cohort

Make = Callable[..., Cohort]
SEARCH = Search(horizon_day=365, samples=40, permutations=500, seed=7)
PUBLISHED = (
    Published(name="median", value=150.0, unit="mL", sign=">", source="a paper", flags=("CUTOFF_OVERRIDDEN",)),
    Published(name="dean_tmtv", value=147.5, unit="mL", sign=">", source="Dean 2020", refused="CUTOFF_OTHER_DELINEATION"),
)


def of(cohort: Cohort, endpoint: str = "PFS", marker: str = "tmtv", **more: Any) -> tuple[Cut, ...]:
    return cuts(
        cohort, endpoint, rules="default", marker=marker, published=more.pop("published", PUBLISHED), search=more.pop("search", SEARCH)
    )


def test_the_published_come_first_and_a_refused_one_keeps_its_row(cohort: Cohort) -> None:
    found = of(cohort)
    assert [(one.method, one.label) for one in found] == [
        ("published", "pre-specified"),
        ("published", "pre-specified"),
        ("maximal log-rank", "exploratory"),
        ("Youden", "exploratory"),
    ]
    used, refused, ranked, youden = found
    assert (used.flags, used.source, used.p_corrected) == (("CUTOFF_OVERRIDDEN",), "a paper", None)
    assert (refused.cut, refused.ratio, refused.reason_missing) == (147.5, None, "CUTOFF_OTHER_DELINEATION")
    values = [float(row["tmtv"]) for row in cohort.rows if row["tmtv"] is not None]
    for one in (used, ranked, youden):
        assert one.cut is not None
        assert (one.low_patients, one.high_patients) == (sum(v <= one.cut for v in values), sum(v > one.cut for v in values))
    assert {one.missing for one in found} == {300 - len(values)}


def test_a_searched_cut_is_not_taken_at_its_word(cohort: Cohort) -> None:
    *_, ranked, youden = of(cohort)
    assert ranked.p_naive is not None
    assert ranked.p_corrected is not None
    assert ranked.p_naive < ranked.p_corrected
    assert (ranked.correction, [name for name, _ in ranked.beside]) == ("Lausen 1994", ["permutation", "Miller–Siegmund"])
    assert (youden.p_naive, youden.correction, "NO_NAIVE_P" in youden.flags) == (None, "permutation of J", True)
    for one in (ranked, youden):
        assert None not in (one.cut, one.boot_low, one.boot_high, one.ratio, one.ratio_low, one.ratio_high, one.ratio_as_found)
        assert abs(np.log(one.ratio or 0.0)) < abs(np.log(one.ratio_as_found or 0.0))


@pytest.mark.parametrize("seed", range(6))
def test_what_the_search_adds_cannot_turn_an_effect_round(make: Make, seed: int) -> None:
    rng = np.random.default_rng(seed)
    days, leaves = rng.exponential(200, 60).astype(int) + 1, rng.integers(180, 900, 60)
    each = zip(np.minimum(days, leaves), days <= leaves, np.exp2(rng.normal(7, 1.5, 60)), strict=True)
    cohort = make([{"pfs_days": int(day), "pfs_event": int(event), "tmtv": float(value)} for day, event, value in each])
    for one in of(cohort, published=(), search=replace(SEARCH, samples=100, permutations=50)):
        assert None not in (one.ratio, one.ratio_as_found, one.ratio_low, one.ratio_high)
        assert np.log(one.ratio or 0.0) * np.log(one.ratio_as_found or 0.0) >= 0.0
        assert "spread" in one.interval


@pytest.mark.parametrize("seed", range(5))
def test_one_patient_on_one_side_is_no_crash(make: Make, seed: int) -> None:
    rng = np.random.default_rng(seed)
    days, leaves, values = rng.exponential(200, 40).astype(int) + 1, rng.integers(180, 900, 40), np.exp2(rng.normal(7, 1.5, 40))
    first = int(np.argmin(days))
    values[first], leaves[first] = (values.max() * 2.0 if seed % 2 else 0.5), 900  # the first to fail stands at one end
    each = zip(np.minimum(days, leaves), days <= leaves, values, strict=True)
    cohort = make([{"pfs_days": int(day), "pfs_event": int(event), "tmtv": float(value)} for day, event, value in each])
    found = of(cohort, published=(), search=Search(horizon_day=int(days[first]), samples=60, permutations=50, seed=1))
    assert [one.cut is not None for one in found] == [True, True]
    if seed % 2:
        assert found[1].high_patients == 1


def test_equality_goes_by_the_sign(make: Make) -> None:
    rows = zip([10, 20, 30, 40, 50, 60], [1] * 6, [80.0, 80.0, 80.0, 79.0, 81.0, 81.0], strict=True)
    cohort = make([{"pfs_days": days, "pfs_event": event, "tmtv": value} for days, event, value in rows])
    over = Published(name="two_factor_tmtv", value=80.0, unit="mL", sign=">", source="Vercellino 2020")
    found = of(cohort, published=(over, replace(over, sign="≥"), replace(over, value=500.0)))
    assert [one.high_patients for one in found[:3]] == [2, 5, 0]
    assert (found[2].ratio, found[2].reason_missing) == (None, "ONE_GROUP")


def test_zero_is_a_volume_like_others(thin: dict[str, Cohort]) -> None:
    assert of(thin["zeros"])[0].patients == 6


def test_the_same_seed_gives_the_same_rows(cohort: Cohort) -> None:
    assert of(cohort) == of(cohort)
    assert of(cohort)[2].boot_low != of(cohort, search=replace(SEARCH, seed=8))[2].boot_low


def test_where_events_compete_the_cause_is_cut_for(cohort: Cohort) -> None:
    found = of(cohort, "TTP")
    assert all("CAUSE_SPECIFIC" in one.flags for one in found)
    assert [one.reason_missing for one in found] == ["", "CUTOFF_OTHER_DELINEATION", "", "COMPETING_EVENTS"]


def test_thin_data_give_a_reason_and_no_crash(thin: dict[str, Cohort]) -> None:
    reasons = {}
    for name, cohort in thin.items():
        for endpoint in ("PFS", "TTP"):
            found = of(cohort, endpoint)
            reasons[name, endpoint] = [one.reason_missing for one in found]
            for one in found[2:]:
                assert (one.cut is None) == bool(one.reason_missing), one
                assert one.ratio is not None or one.cut is None or "RATIO_NOT_RESAMPLED" in one.flags
    assert reasons["nobody", "PFS"] == ["NO_PATIENTS", "CUTOFF_OTHER_DELINEATION", "NO_PATIENTS", "NO_PATIENTS"]
    assert reasons["constant", "PFS"][2:] == ["NO_CUT", "NO_CUT"]
    assert reasons["no events", "PFS"][2:] == ["NO_EVENTS", "DAY_WITHOUT_EVENTS"]
    assert reasons["separated", "PFS"][2] == ""
    assert {one.reason_missing for one in of(thin["two"], marker="arm", published=())} == {"NOT_A_NUMBER"}


@pytest.mark.shared
def test_worked_example(make: Make, ex17: dict[str, Any]) -> None:
    given, expected = ex17["inputs"], ex17["expected"]
    rows = zip(given["PFS_months"], given["event"], given["TMTV_mL"], strict=True)
    cohort = make([{"pfs_days": round(10 * month), "pfs_event": event, "tmtv": value} for month, event, value in rows])
    found = of(cohort, search=replace(SEARCH, permutations=10_000))[2]
    assert (found.cut, found.low_patients, found.high_patients) == (expected["best_cut_mL"], expected["n_low"], expected["n_high"])
    assert (found.statistic, found.p_naive) == (
        pytest.approx(expected["M"], abs=1e-5),
        pytest.approx(expected["p_naive_two_sided"], abs=1e-5),
    )
    assert (found.correction, found.p_corrected) == ("permutation", pytest.approx(expected["p_permutation_100000"], abs=0.002))
    beside = dict(found.beside)
    assert beside["Miller–Siegmund"] == pytest.approx(expected["p_Miller_Siegmund_Lausen92"], abs=1e-5)
    assert beside["Lausen 1994"] == pytest.approx(expected["p_Lausen94"], abs=1e-5)
    at = of(cohort, published=(Published(name="same", value=78.0, unit="mL", sign=">", source="EX17"),))[0]
    assert at.statistic == pytest.approx(expected["classical_logrank_chi2_at_cut"], abs=1e-4)


@pytest.mark.shared
def test_lymphoma_as_maxstat_printed(make: Make, data_set: Any, printed: Any) -> None:
    table = data_set("DLBCL_maxstat")
    rows = [(t, e, float(m)) for t, e, m in zip(table["time"], table["cens"], table["MGE"], strict=True)]
    days = [(round(10 * float(t)), int(float(e))) if t else (None, None) for t, e, _ in rows]  # two without follow-up
    cohort = make([{"pfs_days": day, "pfs_event": event, "age": m} for (day, event), (_, _, m) in zip(days, rows, strict=True)])
    found = of(cohort, marker="age", published=(), search=replace(SEARCH, permutations=9_999))[0]
    command = 'mod <- maxstat.test(Surv(time, cens) ~ MGE, data=DLBCL, smethod="LogRank")'
    lines = printed("maxstat-Ex", command, 40)
    place = next(i for i, line in enumerate(lines) if line.startswith("M = "))
    assert lines[place].startswith(f"M = {found.statistic:.4f},")
    assert lines[place + 3].split() == [f"{found.cut:.7f}"]
    assert found.missing == 2
    assert found.p_corrected == pytest.approx(0.0102, abs=0.003)  # condMC with B = 9999: three standard errors


@pytest.mark.r
def test_as_r(cohort: Cohort, says: dict[str, Any]) -> None:
    used, _, ranked, _ = of(cohort)
    for name, p in (("Lau92", dict(ranked.beside)["Miller–Siegmund"]), ("Lau94", ranked.p_corrected)):
        np.testing.assert_allclose([ranked.statistic, ranked.cut, p], says[f"cut.{name}"], rtol=1e-6)
    np.testing.assert_allclose(used.statistic, says["published.chi"][0], rtol=1e-6)
    np.testing.assert_allclose([used.ratio], says["published.ratio"], rtol=1e-6)
    np.testing.assert_allclose([used.ratio_low, used.ratio_high], says["published.profile.high"], rtol=1e-6)


def test_resamples_without_a_maximum_are_no_crash(make: Make) -> None:
    rows = [{"tmtv": 8 * 1.08**n, "pfs_days": 700 - 9 * n, "pfs_event": int(n % 3 == 0 or n % 5 == 0)} for n in range(47)]
    found = of(make(rows), published=(), search=Search(horizon_day=365, samples=200, permutations=50, seed=1))
    assert [(one.cut is None, one.ratio, "RATIO_NOT_RESAMPLED" in one.flags) for one in found] == [(False, None, True)] * 2


def test_a_cut_off_of_another_delineation_takes_the_marker_by_that(cohort: Cohort) -> None:
    rows = tuple({**row, "tmtv": None if row["tmtv"] is None else float(row["tmtv"]) / 2} for row in cohort.rows)
    half = Cohort(cohort.columns, rows, cohort.reasons, cohort.competing)
    own = Published(name="own", value=75.0, unit="mL", sign=">", source="a paper", delineation="max41")
    same = Published(name="main", value=150.0, unit="mL", sign=">", source="a paper")
    by_other, by_main, *_ = cuts(
        cohort, "PFS", rules="default", marker="tmtv", published=(own, same), search=SEARCH, others={"max41": half}
    )
    assert (by_other.delineation, by_main.delineation) == ("max41", "")
    assert (by_other.statistic, by_other.high_patients) == (by_main.statistic, by_main.high_patients)
