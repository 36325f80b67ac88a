"""Cumulative incidence of competing causes, by group: bands on the first cause, numbers at risk below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.step_curves import Frame, Limits, RiskRow, StepCurve, day_ticks, step_figure
from carpet.report.cohort_figures.style import Time

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EMPTY = "No curve: no patient with this endpoint."


@dataclass(frozen=True, slots=True)
class CauseCurve:
    """One cause: its incidence from 0 to 1 on days with an event, limits (None where there are none), number of its events.

    at_time: the incidence at a stated time in words, as `38% (27–49)`.
    """

    cause: str
    days: tuple[int, ...]
    incidence: tuple[float, ...]
    low: Limits
    high: Limits
    events: int
    at_time: str


@dataclass(frozen=True, slots=True)
class IncidenceGroup:
    """A group: the day on which each patient's follow-up ends, and its causes."""

    name: str
    follow_up: tuple[int, ...]
    causes: tuple[CauseCurve, ...]

    def at_risk_on(self, day: float) -> int:
        """How many are followed up to that day or longer, free of every event."""
        return sum(one >= day for one in self.follow_up)


@dataclass(frozen=True, slots=True)
class IncidenceData:
    """at_time: head of the column of `CauseCurve.at_time`, as `at 12 months (95% CI)`. says: Gray's P and what else stands above."""

    title: str
    groups: tuple[IncidenceGroup, ...]
    at_time: str
    says: tuple[str, ...] = ()
    time: Time = "months"
    origin: str = "infusion"
    last_day: int | None = None


def cumulative_incidence_figure(data: IncidenceData) -> Figure:
    """The curves: colour tells groups apart and line causes; of a single group, colour tells causes. Says so where nobody is."""
    groups = [one for one in data.groups if one.follow_up]
    if not groups:
        return style.no_data(style.MIDDLE_IN, data.title, EMPTY)
    single = len(groups) == 1
    curves = [_curve(groups, n, m, single=single) for n, one in enumerate(groups) for m in range(len(one.causes))]
    ink = [style.COLOURS[-1] if single else style.group_look(n)[0] for n in range(len(groups))]
    risk = [RiskRow(one.name, colour, one.at_risk_on) for one, colour in zip(groups, ink, strict=True)]
    frame = Frame(
        data.title, "Cumulative incidence", ("", "patients", "events", data.at_time), data.says, data.time, data.origin, _last_day(data)
    )
    return step_figure(curves, risk, frame)


def cumulative_incidence_rows(data: IncidenceData) -> list[dict[str, Any]]:
    """Every step of every cause with its limits, and the table of those at risk; incidence from 0 to 1."""
    rows: list[dict[str, Any]] = []
    for group in data.groups:
        for one in group.causes:
            steps = zip(one.days, one.incidence, one.low, one.high, strict=True)
            named = {"what": "curve", "group": group.name, "cause": one.cause}
            rows += [{**named, "day": day, "incidence": value, "low": low, "high": high} for day, value, low, high in steps]
            rows.append({**named, "what": "at time", "text": one.at_time})
        rows += [
            {"what": "risk table", "group": group.name, "day": day, "at_risk": group.at_risk_on(day)}
            for day in day_ticks(_last_day(data), data.time)
            if group.follow_up
        ]
    return rows + [{"what": "text", "text": text} for text in data.says]


def _last_day(data: IncidenceData) -> int:
    return data.last_day if data.last_day is not None else max((day for one in data.groups for day in one.follow_up), default=1)


def _curve(groups: list[IncidenceGroup], n: int, m: int, *, single: bool) -> StepCurve:
    group, one = groups[n], groups[n].causes[m]
    colour = style.COLOURS[m % len(style.COLOURS)] if single else style.group_look(n)[0]
    return StepCurve(
        name=one.cause if single else f"{group.name}: {one.cause}",
        days=one.days,
        values=one.incidence,
        low=one.low,
        high=one.high,
        censored=(),
        cells=(str(len(group.follow_up)), str(one.events), one.at_time),
        colour=colour,
        line=style.STYLES[m % len(style.STYLES)],
        end=max(group.follow_up),
        patients=len(group.follow_up),
        before=0.0,
        banded=single or m == 0,
    )
