"""Survival by group: Kaplan–Meier curves, medians, survival on horizons, restricted means, log-rank test; from infusion or a landmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.terms import FROM_RESPONSE, MOST_GROUPS, competing_happened, endpoint_columns, groups_of, usable
from carpet.cohort.follow_up import median_follow_up
from carpet.cohort.kaplan_meier import Curve, DaysTo, SurvivalAt, days_to, kaplan_meier, survival_at
from carpet.cohort.landmark import landmark as from_landmark
from carpet.cohort.log_rank import LogRank, log_rank
from carpet.cohort.rmst import Estimate, RestrictedMeans, compare_restricted_means, restricted_mean
from carpet.cohort.survival import IntArray, Survival
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError, Refused

EVERYBODY = "all"  # the one group where nothing is compared
NO_DAY = DaysTo(None, None, None)


@dataclass(frozen=True, eq=False)
class GroupCurve:
    """One group: its curve, median days, survival on the horizons with those at risk, and restricted mean up to the last horizon.

    Days count from `ByGroup.from_day`. rmst None: rmst_reason says why.
    """

    group: str
    patients: int
    events: int
    curve: Curve
    median: DaysTo
    at: tuple[SurvivalAt, ...]
    rmst: Estimate | None
    rmst_reason: str = ""


@dataclass(frozen=True, eq=False)
class ByGroup:
    """The curves of one endpoint. group_by: the column, empty for all patients; landmark: the time point, empty for none.

    from_day: the day from infusion on which the clock starts. left_out: patients with the event (left_event: or a competing one) or out of
    follow-up (left_censored) up to the landmark;
    missing: those without endpoint, or still there and without group. rmst: the restricted means of two groups compared (second minus
    first), None for other numbers of groups, where follow-up is too short, or where one has no error; restricted_to: their day.
    log_rank None where asked for, or no curves: see reason_missing.
    """

    endpoint: str
    rules: str
    group_by: str
    landmark: str
    from_day: int
    missing: int
    left_out: int
    curves: tuple[GroupCurve, ...]
    log_rank: LogRank | None
    follow_up: DaysTo
    reason_missing: str
    flags: tuple[str, ...]
    rmst: RestrictedMeans | None = None
    restricted_to: int = 0
    left_event: int = 0
    left_censored: int = 0

    @property
    def patients(self) -> int:
        return sum(one.patients for one in self.curves)

    @property
    def events(self) -> int:
        return sum(one.events for one in self.curves)


def by_group(
    cohort: Cohort,
    endpoint: str,
    *,
    rules: str,
    horizons_days: Sequence[int],
    group_by: str = "",
    landmark: tuple[str, int] | None = None,
) -> ByGroup:
    """Kaplan–Meier by the groups of a column; `landmark`: a time point and the day from infusion on which the clock restarts.

    horizons_days: rising days on the curve's own clock, the last one that of restricted means. An endpoint of which competing events
    happened has no Kaplan–Meier curve (see `incidences`); one that counts from a response has no landmark. Source: METHODS G.2.
    """
    if not horizons_days:
        raise ProtocolError("a horizon at least: the days on which survival is given")
    name, day = landmark or ("", 0)
    everybody = usable(cohort, endpoint, [])
    empty = ByGroup(endpoint, rules, group_by, name, day, everybody.missing, 0, (), None, NO_DAY, "", (), None, horizons_days[-1])
    if landmark and endpoint in FROM_RESPONSE:
        return replace(empty, reason_missing=notices.CLOCK_FROM_RESPONSE.code)
    days = np.array([cohort.rows[n][endpoint_columns(endpoint)[0]] for n in everybody.rows], dtype=np.float64)
    rows = everybody.rows[days > day] if landmark else everybody.rows
    known = usable(cohort, endpoint, [group_by] if group_by else [], as_measured=True)
    kept = np.intersect1d(rows, known.rows)
    left_out, missing = everybody.rows.size - rows.size, everybody.missing + rows.size - kept.size
    event = sum(cohort.rows[n][endpoint_columns(endpoint)[1]] != 0 for n in np.setdiff1d(everybody.rows, rows))
    empty = replace(empty, left_out=left_out, left_event=event, left_censored=left_out - event, missing=missing, flags=known.flags)
    return _of_rows(cohort, empty, kept, tuple(horizons_days))


def _of_rows(cohort: Cohort, empty: ByGroup, kept: IntArray, horizons: tuple[int, ...]) -> ByGroup:
    if not kept.size:
        nobody = notices.LANDMARK_WITHOUT_PATIENTS if empty.landmark and empty.left_out else notices.NO_PATIENTS
        return replace(empty, reason_missing=nobody.code)
    survival = cohort.survival(empty.endpoint, kept)
    if competing_happened(survival):
        return replace(empty, reason_missing=notices.COMPETING_EVENTS.code)
    if empty.landmark:
        survival = from_landmark(survival, empty.from_day).survival
    names, group = groups_of(cohort, empty.group_by, kept) if empty.group_by else ((EVERYBODY,), np.zeros(kept.size, dtype=np.int64))
    if len(names) > MOST_GROUPS:
        return replace(empty, reason_missing=notices.TOO_MANY_GROUPS.code)
    return _compared(empty, survival, names, group, horizons)


def _compared(empty: ByGroup, survival: Survival, names: tuple[str, ...], group: IntArray, horizons: tuple[int, ...]) -> ByGroup:
    parts = [survival.take(group == k) for k in range(len(names))]
    curves = tuple(_curve(name, part, horizons) for name, part in zip(names, parts, strict=True))
    test, reason = None, ""
    if empty.group_by:
        try:
            test = replace(log_rank(survival, group), groups=names)
        except Refused as refused:
            reason = refused.codes[0]
    means = None
    if len(parts) == 2 and all(one.rmst is not None and one.rmst.std_error > 0.0 for one in curves):
        means = compare_restricted_means(parts[0], parts[1], horizon=horizons[-1])
    return replace(empty, curves=curves, log_rank=test, follow_up=median_follow_up(survival), reason_missing=reason, rmst=means)


def _curve(name: str, survival: Survival, horizons: tuple[int, ...]) -> GroupCurve:
    curve = kaplan_meier(survival)
    try:
        mean, reason = restricted_mean(survival, horizon=horizons[-1]), ""
    except Refused as refused:
        mean, reason = None, refused.codes[0]
    events = int((survival.event > 0).sum())
    return GroupCurve(name, survival.rows, events, curve, days_to(curve), survival_at(curve, horizons), mean, reason)
