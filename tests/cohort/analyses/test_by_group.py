"""Truth: closed form; R survival (run, and its printed outputs in the shared data)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from carpet.cohort.analyses.by_group import ByGroup, by_group
from carpet.cohort.kaplan_meier import DaysTo
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError


def curves(cohort: Cohort, endpoint: str = "PFS", **more: Any) -> ByGroup:
    return by_group(cohort, endpoint, rules="default", horizons_days=more.pop("horizons_days", (180, 365)), **more)


def test_five_patients_by_hand(make: Callable[..., Cohort]) -> None:
    """Arm a: event at 10, censored at 20, event at 30; arm b: event at 40, censored at 50."""
    rows = [("a", 10, 1), ("a", 20, 0), ("a", 30, 1), ("b", 40, 1), ("b", 50, 0), (None, 60, 1)]
    cohort = make([{"arm": arm, "pfs_days": days, "pfs_event": event} for arm, days, event in rows])
    found = curves(cohort, group_by="arm", horizons_days=(15, 30))
    assert [(one.group, one.patients, one.events) for one in found.curves] == [("b", 2, 1), ("a", 3, 2)]
    b, a = found.curves
    assert (a.median.days, b.median.days) == (30, 40)
    assert [(at.day, at.at_risk, at.survival) for at in a.at] == [(15, 2, pytest.approx(2 / 3)), (30, 1, 0.0)]
    assert a.rmst is not None
    assert a.rmst.value == pytest.approx(10 + 20 * 2 / 3)
    assert found.rmst is None  # nobody of arm b has the event by day 30: its mean has no error
    later = curves(cohort, group_by="arm", horizons_days=(45,)).rmst
    assert later is not None
    assert later.difference.value == pytest.approx(10 + 20 * 2 / 3 - (40 + 5 / 2))
    assert (found.missing, found.patients, found.events) == (1, 5, 3)
    assert found.log_rank is not None
    assert found.log_rank.groups == ("b", "a")
    # arm a is 3 of 5 at risk at 10, 1 of 3 at 30, none at 40
    assert found.log_rank.expected == pytest.approx([2 / 5 + 2 / 3 + 1, 3 / 5 + 1 / 3])


def test_a_landmark_restarts_the_clock_and_counts_who_left(make: Callable[..., Cohort]) -> None:
    rows = [("CR", 45, 1), ("CR", 46, 1), ("PR", 40, 0), ("PR", 145, 0), (None, 200, 1), (None, 20, 1)]
    cohort = make([{"response": response, "pfs_days": days, "pfs_event": event} for response, days, event in rows])
    found = curves(cohort, group_by="response", landmark=("M1", 45), horizons_days=(100,))
    assert (found.landmark, found.from_day, found.left_out, found.missing) == ("M1", 45, 3, 1)
    assert (found.left_event, found.left_censored) == (2, 1)
    assert [(one.group, one.curve.days.tolist()) for one in found.curves] == [("CR", [1]), ("PR", [100])]


def test_restricted_means_need_follow_up_in_both_groups(make: Callable[..., Cohort]) -> None:
    cohort = make([{"bulk": bulk, "pfs_days": days, "pfs_event": 0} for bulk, days in [(True, 50), (True, 60), (False, 90), (False, 99)]])
    found = curves(cohort, group_by="bulk", horizons_days=(80,))
    assert [(one.group, one.rmst_reason) for one in found.curves] == [("no", ""), ("yes", "DAY_TOO_LATE")]
    assert found.rmst is None
    assert (found.log_rank, found.reason_missing) == (None, "NO_EVENTS")


def test_one_minus_kaplan_meier_is_not_given_where_events_compete(cohort: Cohort) -> None:
    found = curves(cohort, "TTP", group_by="arm")
    assert (found.curves, found.log_rank, found.reason_missing) == ((), None, "COMPETING_EVENTS")


def test_what_cannot_be_asked(cohort: Cohort, make: Callable[..., Cohort]) -> None:
    assert curves(cohort, group_by="tmtv").reason_missing == "TOO_MANY_GROUPS"
    with pytest.raises(ProtocolError, match="horizon"):
        curves(cohort, horizons_days=())


def test_thin_data_give_a_reason_and_no_crash(thin: dict[str, Cohort]) -> None:
    said = {}
    for name, cohort in thin.items():
        for more in ({}, {"group_by": "arm"}, {"group_by": "bulk"}, {"group_by": "response", "landmark": ("M1", 350)}):
            found = curves(cohort, **more)
            assert (found.log_rank is None) == (bool(found.reason_missing) or "group_by" not in more)
            said[name, more.get("group_by", "")] = found.reason_missing
    assert said["nobody", ""] == said["no endpoint", "arm"] == "NO_PATIENTS"
    assert said["one", "response"] == "LANDMARK_WITHOUT_PATIENTS"
    assert said["no events", "arm"] == "NO_EVENTS"
    assert said["constant", "arm"] == "COMPETING_EVENTS" or said["constant", "arm"] == "ONE_GROUP"
    assert said["one", ""] == said["all events", "arm"] == ""
    assert curves(thin["nobody"]).follow_up == DaysTo(None, None, None)


@pytest.mark.r
@pytest.mark.parametrize(("name", "more"), [("curve", {"group_by": "arm"}), ("landmark", {"group_by": "response", "landmark": ("M1", 45)})])
def test_as_r(cohort: Cohort, says: dict[str, Any], name: str, more: dict[str, Any]) -> None:
    found = curves(cohort, **more)
    at = [one for group in found.curves for one in group.at]
    for ours, theirs in (("survival", "surv"), ("low", "lower"), ("high", "upper"), ("at_risk", "n.risk")):
        np.testing.assert_allclose([getattr(one, ours) for one in at], says[f"{name}.{theirs}"], rtol=1e-6)
    np.testing.assert_array_equal([one.patients for one in found.curves], says[f"{name}.n"])
    np.testing.assert_array_equal([one.events for one in found.curves], says[f"{name}.events"])
    means = [one.rmst for one in found.curves if one.rmst is not None]
    np.testing.assert_allclose([one.value for one in means], says[f"{name}.rmean"], rtol=1e-6)
    np.testing.assert_allclose([one.std_error for one in means], says[f"{name}.rmean.error"], rtol=1e-6)
    for ours, theirs in (("days", "median"), ("low", "0.95LCL"), ("high", "0.95UCL")):
        given = [getattr(one.median, ours) for one in found.curves]
        np.testing.assert_array_equal([np.nan if day is None else day for day in given], says[f"{name}.{theirs}"])
    assert found.log_rank is not None
    np.testing.assert_allclose(found.log_rank.chi_square, says[f"{name}.chi"][0], rtol=1e-6)
    np.testing.assert_allclose(found.log_rank.expected, says[f"{name}.expected"], rtol=1e-6)
    np.testing.assert_array_equal([found.follow_up.days, found.follow_up.low, found.follow_up.high], says[f"{name}.follow"])


@pytest.mark.shared
def test_ovarian_as_printed(make: Callable[..., Cohort], data_set: Any, printed: Any) -> None:
    table = data_set("ovarian")
    rows = zip(table["futime"], table["fustat"], table["rx"], strict=True)
    cohort = make([{"pfs_days": int(float(t)), "pfs_event": int(float(e)), "arm": f"rx={float(x):g}"} for t, e, x in rows])
    found = curves(cohort, group_by="arm", horizons_days=(365,))
    lines = [line.split() for line in printed("survival-Ex", "summary( survfit( Surv(futime, fustat)~rx, data=ovarian))", 21)]
    printed_rows = [line[:5] for line in lines if line and line[0].isdigit()]
    assert [
        [f"{one.days[i]}", f"{one.at_risk[i]}", f"{one.events[i]}", f"{one.survival[i]:.3f}", f"{one.std_error[i]:.4f}"]
        for one in (group.curve for group in found.curves)
        for i in np.flatnonzero(one.events)
    ] == printed_rows
    lines = printed("survival-Ex", "survdiff(Surv(futime, fustat) ~ rx,data=ovarian)", 7)
    assert found.log_rank is not None
    assert [line.split()[3] for line in lines[4:6]] == [f"{value:.2f}" for value in found.log_rank.expected]
    assert lines[4].split()[5] == f"{found.log_rank.chi_square:.2f}"
