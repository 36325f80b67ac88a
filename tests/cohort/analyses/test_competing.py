"""Truth: closed form; R cmprsk (run)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from carpet.cohort.analyses.competing import Incidences, incidences
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError


def of(cohort: Cohort, endpoint: str = "TTP", **more: Any) -> Incidences:
    return incidences(cohort, endpoint, rules="default", horizons_days=more.pop("horizons_days", (180, 365)), **more)


def test_four_patients_by_hand(make: Callable[..., Cohort]) -> None:
    """Event at 10, competing at 20, censored at 30, event at 40: 1/4, and after a half survives two, one of whom is censored: all of it."""
    cohort = make([{"ttp_days": days, "ttp_event": event} for days, event in [(10, 1), (20, 2), (30, 0), (40, 1)]])
    found = of(cohort, horizons_days=(5, 15, 45))
    (group,) = found.groups
    assert (found.competing, group.group, group.events, group.competing_events) == ("death", "all", 2, 1)
    assert [(at.at_risk, at.incidence) for at in group.at] == [(4, 0.0), (3, 0.25), (0, 0.75)]
    assert group.competing is not None
    assert group.competing.incidence.tolist() == [0.0, 0.25, 0.25]


def test_nobody_followed_so_long_is_no_number(make: Callable[..., Cohort]) -> None:
    cohort = make([{"ttp_days": days, "ttp_event": event} for days, event in [(10, 1), (20, 0)]])
    (group,) = of(cohort, horizons_days=(20, 21)).groups
    assert [at.incidence for at in group.at] == [0.5, None]


def test_when_all_had_the_event_it_is_one_without_an_interval(make: Callable[..., Cohort]) -> None:
    """Eleven steps of a sum that is 1: it may miss it by rounding, and must not spread into an interval from 0 to 1."""
    cohort = make([{"ttp_days": day, "ttp_event": 1} for day in range(1, 12)])
    (at,) = of(cohort, horizons_days=(11,)).groups[0].at
    assert (at.incidence, at.low, at.high) == (1.0, 1.0, 1.0)


def test_without_a_competing_event_it_is_one_minus_survival(cohort: Cohort) -> None:
    found = of(cohort, "PFS", group_by="arm")
    assert (found.competing, found.gray_competing, found.groups[0].competing) == ("", None, None)
    assert found.gray is not None


def test_thin_data_give_a_reason_and_no_crash(thin: dict[str, Cohort]) -> None:
    for cohort in thin.values():
        for group_by in ("", "arm", "bulk", "age", "tmtv"):
            found = of(cohort, group_by=group_by)
            assert (found.gray is None) == (bool(found.reason_missing) or not group_by)
            assert found.gray is None or math.isfinite(found.gray.p)
            assert bool(found.groups) == (found.reason_missing != "NO_PATIENTS")
    assert of(thin["constant"], group_by="arm").reason_missing == "ONE_GROUP"
    assert of(thin["competing only"], group_by="arm").reason_missing == "NO_EVENTS"
    with pytest.raises(ProtocolError, match="horizon"):
        of(thin["one"], horizons_days=())


@pytest.mark.r
def test_as_r(cohort: Cohort, says: dict[str, Any]) -> None:
    found = of(cohort, group_by="arm")
    assert found.gray is not None
    assert found.gray_competing is not None
    np.testing.assert_allclose([found.gray.chi_square, found.gray_competing.chi_square], says["gray"], rtol=1e-6)
    for group in found.groups:
        np.testing.assert_allclose([at.incidence for at in group.at], says[f"cif.{group.group}.1"], rtol=1e-6)
        at = np.searchsorted(group.curve.days, [180, 365], side="right") - 1
        np.testing.assert_allclose(group.curve.std_error[at] ** 2, says[f"cif.var.{group.group}.1"], rtol=1e-6)
        assert group.competing is not None
        np.testing.assert_allclose(group.competing.incidence[at], says[f"cif.{group.group}.2"], rtol=1e-6)
