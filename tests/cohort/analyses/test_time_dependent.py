"""Truth: closed form; R survival (run), rows cut by its tmerge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from carpet.cohort.analyses.effects import effects
from carpet.cohort.analyses.time_dependent import REACHED, time_dependent
from carpet.cohort.table import Cohort

Make = Callable[..., Cohort]


def days_of(cohort: Cohort) -> dict[str, int | None]:
    return {str(row["patient_id"]): None if row["reached"] is None else int(row["reached"]) for row in cohort.rows}


def test_a_response_before_anything_happens_is_an_ordinary_covariate(cohort: Cohort) -> None:
    reached = {str(row["patient_id"]): 0 if row["bulk"] else None for row in cohort.rows}
    (found,) = time_dependent(cohort, "PFS", rules="d", name="CR", reached=reached)
    (plain,) = effects(cohort, "PFS", rules="d", terms=["bulk"])
    assert (found.term, found.per, found.model) == ("CR", REACHED, "time-dependent")
    assert (found.ratio, found.low, found.p) == (pytest.approx(plain.ratio), pytest.approx(plain.low), pytest.approx(plain.p))
    assert (found.patients, found.events) == (plain.patients, plain.events)


def test_a_response_that_only_survivors_live_to_see_is_not_credited(make: Make) -> None:
    """Everybody still alive on day 100 responds then, and hazards never change: compared from day 0, responders seem to live longer."""
    rng = np.random.default_rng(2)
    days = np.ceil(rng.exponential(150.0, 400)).astype(int)
    cohort = make([{"pfs_days": int(day), "pfs_event": 1, "bulk": bool(day > 100 and i % 2)} for i, day in enumerate(days)])
    reached = {f"P{i:03}": 100 if day > 100 and i % 2 else None for i, day in enumerate(days)}
    (honest,) = time_dependent(cohort, "PFS", rules="d", name="CR", reached=reached)
    (biased,) = effects(cohort, "PFS", rules="d", terms=["bulk"])
    assert honest.low is not None
    assert honest.high is not None
    assert honest.low < 1.0 < honest.high
    assert biased.high is not None
    assert biased.high < 0.8


def test_leaving_out_who_died_before_a_scan_would_know_the_future(make: Make) -> None:
    """A response is a coin toss and changes no hazard; some are first scanned late, if they live to see it: truth is a ratio of 1."""
    logs: dict[str, list[float]] = {"all": [], "assessed": []}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        days = rng.exponential(150.0, 300).astype(int) + 1
        scan = np.where(rng.random(300) < 0.7, rng.integers(21, 46, 300), rng.integers(75, 121, 300))
        seen = days > scan
        cohort = make([{"pfs_days": int(min(day, 400)), "pfs_event": int(day <= 400)} for day in days])
        reached = {f"P{i:03}": int(scan[i]) if seen[i] and rng.random() < 0.5 else None for i in range(300)}
        never = [f"P{i:03}" for i in range(300) if not seen[i]]
        for name, given in (("all", reached), ("assessed", {who: day for who, day in reached.items() if who not in never})):
            (found,) = time_dependent(cohort, "PFS", rules="d", name="CR", reached=given, never_assessed=never)
            assert found.ratio is not None
            logs[name].append(float(np.log(found.ratio)))
        assert (found.never_assessed, found.missing) == (0, len(never))
    error = np.std(logs["all"]) / np.sqrt(20)
    assert abs(np.mean(logs["all"])) < 3 * error
    assert np.mean(logs["assessed"]) > 6 * error


def test_who_was_never_assessed_has_not_reached_it_and_is_counted(cohort: Cohort) -> None:
    reached = days_of(cohort) | {"P000": None, "P001": None}
    (found,) = time_dependent(cohort, "PFS", rules="d", name="CR", reached=reached, never_assessed=["P000", "P001"])
    assert (found.patients, found.missing, found.never_assessed) == (300, 0, 2)
    assert "NEVER_ASSESSED" in found.flags
    (none,) = time_dependent(cohort, "PFS", rules="d", name="CR", reached=reached)
    assert (none.ratio, none.never_assessed, none.flags) == (found.ratio, 0, ())


def test_who_is_not_known_is_left_out_and_counted(cohort: Cohort) -> None:
    reached = days_of(cohort)
    fewer = {name: day for name, day in reached.items() if name not in ("P000", "P001")}
    (found,) = time_dependent(cohort, "PFS", rules="d", name="CR", reached=fewer)
    assert (found.patients, found.missing) == (298, 2)


def test_thin_data_give_a_reason_and_no_crash(thin: dict[str, Cohort]) -> None:
    reasons = {}
    for name, cohort in thin.items():
        reached = {f"P{i:03}": day for i, day in enumerate([50, 100, None, 250, None, 300])}
        found = time_dependent(cohort, "TTP", rules="d", name="CR", reached=reached)
        assert (found[0].ratio is None) == bool(found[0].reason_missing)
        reasons[name] = found[0].reason_missing
    assert reasons["nobody"] == reasons["all on day 0"] == "NO_PATIENTS"
    assert reasons["no events"] == "NO_EVENTS"
    (dor,) = time_dependent(thin["one"], "DOR", rules="d", name="CR", reached={})
    assert dor.reason_missing == "CLOCK_FROM_RESPONSE"


@pytest.mark.r
def test_as_r(cohort: Cohort, says: dict[str, Any]) -> None:
    found = time_dependent(cohort, "PFS", rules="d", name="CR", reached=days_of(cohort), beside=["age"])
    np.testing.assert_allclose([one.ratio for one in found], says["changing.ratio"], rtol=1e-6)
