"""How many have the event by a day where another event rules it out: cumulative incidence (Aalen–Johansen) by group, and Gray's test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.by_group import EVERYBODY, NO_DAY
from carpet.cohort.analyses.terms import MOST_GROUPS, groups_of, usable
from carpet.cohort.at_risk import number_at_risk, step
from carpet.cohort.cox import ChiSquare
from carpet.cohort.cumulative_incidence import Incidence, cumulative_incidence
from carpet.cohort.follow_up import median_follow_up
from carpet.cohort.gray_test import gray_test
from carpet.cohort.kaplan_meier import DaysTo
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, slots=True)
class IncidenceAt:
    """The probability to have had the event by the day; None where nobody is followed so long, limits None where they do not exist."""

    day: int
    at_risk: int
    incidence: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class GroupIncidence:
    """One group: patients, how many had the event and the competing one, the curve of each (the latter None without one), the horizons."""

    group: str
    patients: int
    events: int
    competing_events: int
    curve: Incidence
    competing: Incidence | None
    at: tuple[IncidenceAt, ...]


@dataclass(frozen=True, eq=False)
class Incidences:
    """The cumulative incidences of one endpoint. competing: the name of the event that rules it out, empty for none. group_by: the column,
    empty for all. missing: patients without endpoint or group. gray, gray_competing: the tests of both causes; None where asked for:
    reason_missing says why the first has none."""

    endpoint: str
    rules: str
    competing: str
    group_by: str
    missing: int
    groups: tuple[GroupIncidence, ...]
    gray: ChiSquare | None
    gray_competing: ChiSquare | None
    follow_up: DaysTo
    reason_missing: str
    flags: tuple[str, ...]


def incidences(cohort: Cohort, endpoint: str, *, rules: str, horizons_days: Sequence[int], group_by: str = "") -> Incidences:
    """Aalen–Johansen by the groups of a column on horizons from infusion; for every endpoint, also one without a competing event.

    Source: METHODS G.2; the error and the test as R's cmprsk.
    """
    if not horizons_days:
        raise ProtocolError("a horizon at least: the days on which incidence is given")
    found = usable(cohort, endpoint, [group_by] if group_by else [], as_measured=True)
    other = cohort.competing.get(endpoint, "")
    empty = Incidences(endpoint, rules, other, group_by, found.missing, (), None, None, NO_DAY, "", found.flags)
    if not found.rows.size:
        return replace(empty, reason_missing=notices.NO_PATIENTS.code)
    survival = cohort.survival(endpoint, found.rows)
    nobody = np.zeros(found.rows.size, dtype=np.int64)
    names, group = groups_of(cohort, group_by, found.rows) if group_by else ((EVERYBODY,), nobody)
    if len(names) > MOST_GROUPS:
        return replace(empty, reason_missing=notices.TOO_MANY_GROUPS.code)
    groups = tuple(_group(name, survival.take(group == k), horizons_days) for k, name in enumerate(names))
    whole = replace(empty, groups=groups, follow_up=median_follow_up(survival))
    if not group_by:
        return whole
    test, reason = _gray(survival, group, 1)
    return replace(whole, gray=test, reason_missing=reason, gray_competing=_gray(survival, group, 2)[0] if other else None)


def _group(name: str, survival: Survival, horizons: Sequence[int]) -> GroupIncidence:
    curve = cumulative_incidence(survival)
    competing = cumulative_incidence(survival, cause=2) if len(survival.causes) > 1 else None
    counts = int((survival.event == 1).sum()), int((survival.event > 1).sum())
    return GroupIncidence(name, survival.rows, *counts, curve, competing, _at(survival, curve, horizons))


def _at(survival: Survival, curve: Incidence, horizons: Sequence[int]) -> tuple[IncidenceAt, ...]:
    when, last = np.array(horizons, dtype=np.int64), int(survival.days.max())
    settled = not (survival.event[survival.days == last] == 0).any()  # the last patients had an event: nothing is left to happen
    value, low, high = (step(curve.days, values, when, before=0.0) for values in (curve.incidence, curve.low, curve.high))
    risk = number_at_risk(survival, when)
    known = (when <= last) | settled

    def given(values: FloatArray, i: int) -> float | None:
        return float(values[i]) if known[i] and np.isfinite(values[i]) else None

    return tuple(IncidenceAt(int(day), int(risk[i]), given(value, i), given(low, i), given(high, i)) for i, day in enumerate(when))


def _gray(survival: Survival, group: IntArray, cause: int) -> tuple[ChiSquare | None, str]:
    """The test and why there is none: groups that lack information leave it undefined."""
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            test = gray_test(survival, group, cause=cause)
    except Refused as refused:
        return None, refused.codes[0]
    except np.linalg.LinAlgError:
        return None, notices.NOTHING_TO_COMPARE.code
    return (test, "") if np.isfinite(test.chi_square) and test.chi_square >= 0.0 else (None, notices.NOTHING_TO_COMPARE.code)
