"""Kaplan–Meier curves of groups: bands, strokes of censoring, medians and tests in words, numbers at risk below."""

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
class SurvivalGroup:
    """A group's curve on the days on which somebody's follow-up ends, as `cohort.kaplan_meier` tells it.

    at_risk: number on the morning of the day; survival: after it, from 0 to 1; low, high: None where there is no interval.
    median: in words and in the unit of the axis, as `8.2 (5.1–not reached)`.
    """

    name: str
    days: tuple[int, ...]
    at_risk: tuple[int, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]
    survival: tuple[float, ...]
    low: Limits
    high: Limits
    median: str

    @property
    def patients(self) -> int:
        return self.at_risk[0] if self.at_risk else 0

    def at_risk_on(self, day: float) -> int:
        """How many are followed up to that day or longer."""
        return next((n for when, n in zip(self.days, self.at_risk, strict=True) if when >= day), 0)


@dataclass(frozen=True, slots=True)
class KaplanMeierData:
    """outcome: `Progression-free survival`. says: P, hazard ratio and what else stands above the plot. level: of the bands.

    last_day: where the axis ends; None: with the longest follow-up.
    """

    title: str
    outcome: str
    groups: tuple[SurvivalGroup, ...]
    says: tuple[str, ...] = ()
    time: Time = "months"
    origin: str = "infusion"
    last_day: int | None = None
    level: float = 0.95


def kaplan_meier_figure(data: KaplanMeierData) -> Figure:
    """The curves; a figure that says so where no group has a patient."""
    groups = [one for one in data.groups if one.patients]
    if not groups:
        return style.no_data(style.MIDDLE_IN, data.title, EMPTY)
    looks = [style.group_look(n) for n in range(len(groups))]
    curves = [
        StepCurve(
            name=one.name,
            days=one.days,
            values=one.survival,
            low=[_limit(limit, value) for limit, value in zip(one.low, one.survival, strict=True)],
            high=[_limit(limit, value) for limit, value in zip(one.high, one.survival, strict=True)],
            censored=[day for day, n in zip(one.days, one.censored, strict=True) if n],
            cells=(str(one.patients), str(sum(one.events)), one.median),
            colour=colour,
            line=line,
            end=one.days[-1],
            patients=one.patients,
        )
        for one, (colour, line) in zip(groups, looks, strict=True)
    ]
    risk = [RiskRow(one.name, colour, one.at_risk_on) for one, (colour, _) in zip(groups, looks, strict=True)]
    columns = ("", "patients", "events", f"median, {data.time} ({100 * data.level:g}% CI)")
    frame = Frame(data.title, data.outcome, columns, data.says, data.time, data.origin, _last_day(data))
    return step_figure(curves, risk, frame)


def kaplan_meier_rows(data: KaplanMeierData) -> list[dict[str, Any]]:
    """Every step with its limits and counts, and the table of those at risk; survival from 0 to 1."""
    rows: list[dict[str, Any]] = []
    for one in data.groups:
        table = zip(one.days, one.at_risk, one.events, one.censored, one.survival, one.low, one.high, strict=True)
        for day, risk, events, censored, value, low, high in table:
            counts = {"at_risk": risk, "events": events, "censored": censored}
            rows.append({"what": "curve", "group": one.name, "day": day, **counts, "survival": value, "low": low, "high": high})
        rows += [
            {"what": "risk table", "group": one.name, "day": day, "at_risk": one.at_risk_on(day)}
            for day in day_ticks(_last_day(data), data.time)
            if one.patients
        ]
        rows.append({"what": "median", "group": one.name, "text": one.median})
    return rows + [{"what": "text", "text": text} for text in data.says]


def _last_day(data: KaplanMeierData) -> int:
    return data.last_day if data.last_day is not None else max((one.days[-1] for one in data.groups if one.days), default=1)


def _limit(limit: float | None, value: float) -> float | None:
    """Before the first event nobody is lost and the curve has no width."""
    return 1.0 if limit is None and value == 1.0 else limit
