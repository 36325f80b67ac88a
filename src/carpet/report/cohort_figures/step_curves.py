"""Step curves over time with bands, a table of the groups above and of those at risk below: the frame of survival and of incidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import Time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Limits = Sequence[float | None]
PLOT_IN, RIGHT_IN, BELOW_IN = 2.75, 0.25, 0.44
LEAST_LEFT_IN, MOST_NAME_IN = 0.72, 1.25
BAND_ALPHA = 0.16
LEAST_BANDED = 5  # patients [P]: the band of fewer fills the picture and says only that nothing is known; limits stand in the CSV
PERCENT = 100.0
ROOM = 1.02  # of the longest follow-up: the last step does not stand on the edge


@dataclass(frozen=True, slots=True)
class StepCurve:
    """One curve: probability from each day on (`before` until the first), its limits (None where there are none), days of censoring.

    cells: what stands in the table above, one text a column. banded: whether the limits are drawn; not of fewer than LEAST_BANDED patients.
    """

    name: str
    days: Sequence[int]
    values: Sequence[float]
    low: Limits
    high: Limits
    censored: Sequence[int]
    cells: tuple[str, ...]
    colour: str
    line: Any
    end: int
    patients: int
    before: float = 1.0
    banded: bool = True


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One line of the table below: a group, and how many are at risk on a day."""

    name: str
    colour: str
    at_risk: Callable[[float], int]


@dataclass(frozen=True, slots=True)
class Frame:
    """Words and axes around the curves. columns: heads of the table above, the first over the names."""

    title: str
    outcome: str
    columns: tuple[str, ...]
    says: tuple[str, ...]
    time: Time
    origin: str
    last_day: int


def step_figure(curves: Sequence[StepCurve], risk: Sequence[RiskRow], frame: Frame) -> Figure:
    """The curves in percent; the table of groups and the tests stand above the plot, the numbers at risk below it."""
    says = style.note_lines(frame.says, style.MIDDLE_IN - 0.3)
    head = style.head_in(frame.title) + style.LINE_IN * (len(curves) + 1 + len(says)) + 0.14
    foot = BELOW_IN + style.LINE_IN * (len(risk) + 1) + 0.10
    figure, page = style.new_page(style.MIDDLE_IN, head + PLOT_IN + foot, frame.title)
    top = head + PLOT_IN + foot - style.head_in(frame.title)
    _draw_groups(page, curves, frame.columns, top)
    for n, line in enumerate(says):
        drawing.write(page, 0.12, top - style.LINE_IN * (len(curves) + 1.55 + n), line, size_pt=style.TICK_PT, ha="left")
    left = _left_in(risk)
    axes = style.plot_axes(figure, (left, foot, style.MIDDLE_IN - left - RIGHT_IN, PLOT_IN))
    ticks = style.put_time(axes, 0, ROOM * frame.last_day, frame.time)
    axes.set_ylim(0, 102)
    style.put_ticks(axes, "y", range(0, 101, 20), [str(n) for n in range(0, 101, 20)])
    style.name_axes(axes, style.time_words(frame.time, frame.origin), f"{frame.outcome} (%)")
    for curve in curves:
        _draw_curve(axes, curve, frame.time)
    _draw_risk(page, risk, [(one, _days(one, frame.time)) for one in ticks], axes, left)
    return figure


def day_ticks(last_day: int, time: Time) -> list[float]:
    """The days below which the table of those at risk stands."""
    return [_days(one, time) for one in style.time_ticks(0, style.on_axis(max(ROOM * last_day, 1), time), time)]


def _days(place: float, time: Time) -> float:
    return place if time == "days" else place * style.DAYS_PER_MONTH


def _left_in(risk: Sequence[RiskRow]) -> float:
    widest = max((style.text_width_in(one.name, style.TICK_PT) for one in risk), default=0.0)
    return max(LEAST_LEFT_IN, min(widest, MOST_NAME_IN) + 0.32)


def _draw_groups(page: Axes, curves: Sequence[StepCurve], columns: Sequence[str], top: float) -> None:
    """Line, name and numbers of each curve; columns stand flush right."""
    widths = [
        max([style.text_width_in(columns[n], style.TICK_PT), *(style.text_width_in(one.cells[n - 1], style.TICK_PT) for one in curves)])
        for n in range(1, len(columns))
    ]
    rights = [style.MIDDLE_IN - 0.15 - sum(widths[n + 1 :]) - 0.22 * (len(widths) - 1 - n) for n in range(len(widths))]
    room = rights[0] - widths[0] - 0.22 - 0.5 if widths else style.MIDDLE_IN - 0.7
    quiet: dict[str, Any] = {"size_pt": style.TICK_PT, "color": drawing.QUIET}
    y = top - style.LINE_IN * 0.5
    drawing.write(page, 0.5, y, columns[0], ha="left", **quiet)
    for right, words in zip(rights, columns[1:], strict=True):
        drawing.write(page, right, y, words, ha="right", **quiet)
    for n, one in enumerate(curves):
        y = top - style.LINE_IN * (n + 1.5)
        page.plot([0.12, 0.42], [y, y], color=one.colour, linestyle=one.line, linewidth=1.6, solid_capstyle="butt")
        drawing.write(page, 0.5, y, style.fitted(one.name, room, style.TICK_PT), size_pt=style.TICK_PT, ha="left")
        for right, words in zip(rights, one.cells, strict=True):
            drawing.write(page, right, y, words, size_pt=style.TICK_PT, ha="right")


def _draw_curve(axes: Axes, curve: StepCurve, time: Time) -> None:
    """The step line from day 0 to the end of follow-up, the band between the limits, a stroke for each day of censoring."""
    days = np.array([0, *curve.days, curve.end], dtype=np.float64)
    values = np.array([curve.before, *curve.values, curve.values[-1] if curve.values else curve.before]) * PERCENT
    x = np.array([style.on_axis(day, time) for day in days])
    if curve.banded and curve.patients >= LEAST_BANDED:
        _draw_band(axes, curve, x)
    gid = style.artist_id(f"curve {curve.name}")
    axes.plot(x, values, drawstyle="steps-post", color=curve.colour, linestyle=curve.line, linewidth=1.5, gid=gid, zorder=4)
    if curve.censored:
        places = np.searchsorted(days[:-1], np.array(curve.censored), side="right") - 1
        x_censored = [style.on_axis(day, time) for day in curve.censored]
        how: dict[str, Any] = {"marker": "|", "markersize": 5.5, "markeredgewidth": 0.8, "linestyle": "none", "zorder": 5}
        axes.plot(x_censored, values[places], color=curve.colour, gid=style.artist_id(f"censored {curve.name}"), **how)


def _draw_band(axes: Axes, curve: StepCurve, x: Any) -> None:
    """The limits as steps; a stretch without them stays bare."""
    low = np.array([np.nan if one is None else one for one in (curve.before, *curve.low)]) * PERCENT
    high = np.array([np.nan if one is None else one for one in (curve.before, *curve.high)]) * PERCENT
    corners = np.repeat(x, 2)[1:-1]
    low, high = np.repeat(low, 2), np.repeat(high, 2)
    known = np.isfinite(low) & np.isfinite(high)
    how: dict[str, Any] = {"facecolor": curve.colour, "alpha": BAND_ALPHA, "linewidth": 0, "zorder": 2}
    axes.fill_between(corners, low, high, where=known, gid=style.artist_id(f"band {curve.name}"), **how)


def _draw_risk(page: Axes, risk: Sequence[RiskRow], ticks: Sequence[tuple[float, float]], axes: Axes, left: float) -> None:
    """Numbers at risk, below their ticks, in the colour of their group."""
    first, last = axes.get_xlim()
    width = style.MIDDLE_IN - left - RIGHT_IN
    y = style.LINE_IN * (len(risk) + 0.5) + 0.06
    drawing.write(page, 0.12, y, "No. at risk", size_pt=style.TICK_PT, ha="left", fontweight="bold")
    for n, row in enumerate(risk):
        y = style.LINE_IN * (len(risk) - n - 0.5) + 0.06
        name = style.fitted(row.name, left - 0.30, style.TICK_PT)
        drawing.write(page, 0.12, y, name, size_pt=style.TICK_PT, ha="left", color=row.colour)
        for place, day in ticks:
            x = left + width * (place - first) / (last - first)
            drawing.write(page, x, y, str(row.at_risk(day)), size_pt=style.TICK_PT, ha="center", gid=style.artist_id(f"at risk {row.name}"))
