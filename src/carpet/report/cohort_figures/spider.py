"""Spider plot: each patient's change of a quantity over time, coloured by the best response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import Time
from carpet.report.mip import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIGHEST = 150.0  # percent [P]: a line leaves the plot there, a tip says so
LINES = (-50.0, 50.0)
NAMED = 8  # up to so many patients the id stands at the end of the line
PLOT_IN, LEFT_IN, RIGHT_IN, BELOW_IN = 3.0, 0.66, 0.30, 0.46
EMPTY = "No line: no patient with a value before and after infusion."


@dataclass(frozen=True, slots=True)
class SpiderPatient:
    """Changes (day from infusion, percent of baseline), the baseline itself (its day, 0) among them; response: the best one."""

    patient_id: str
    changes: tuple[tuple[int, float], ...]
    response: str


@dataclass(frozen=True, slots=True)
class SpiderData:
    """quantity: `TMTV`. lines: reference lines, percent."""

    title: str
    quantity: str
    patients: tuple[SpiderPatient, ...]
    time: Time = "months"
    origin: str = "infusion"
    lines: tuple[float, ...] = LINES

    @property
    def drawn(self) -> list[SpiderPatient]:
        """Patients with at least two points, in order of id."""
        return sorted((one for one in self.patients if len(one.changes) > 1), key=lambda one: one.patient_id)


def spider_figure(data: SpiderData) -> Figure:
    """The lines; what rises above +150 % ends in a tip at the edge. Says so where nobody has two values."""
    if not data.drawn:
        return style.no_data(style.MIDDLE_IN, data.title, EMPTY)
    entries = style.response_key({one.response for one in data.drawn})
    key_in = style.key_height_in(entries, style.MIDDLE_IN - 0.3)
    figure, page = style.new_page(style.MIDDLE_IN, BELOW_IN + PLOT_IN + 0.18 + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, BELOW_IN + PLOT_IN + 0.18 + key_in, style.MIDDLE_IN - 0.3)
    right = RIGHT_IN + (0.45 if len(data.drawn) <= NAMED else 0.0)
    axes = style.plot_axes(figure, (LEFT_IN, BELOW_IN, style.MIDDLE_IN - LEFT_IN - right, PLOT_IN))
    days = [day for one in data.drawn for day, _ in one.changes]
    first, last = min([0, *days]), max([*days, 7])
    style.put_time(axes, first - 0.02 * (last - first), last + 0.02 * (last - first), data.time)
    _draw_frame(axes, data)
    for one in data.drawn:
        _draw_patient(axes, one, data.time)
    if len(data.drawn) <= NAMED:
        _name_ends(axes, data.drawn, data.time)
    words = f"{style.time_words(data.time, data.origin)} (n = {len(data.drawn)})"
    style.name_axes(axes, words, f"Change of {data.quantity} from baseline (%)")
    return figure


def spider_rows(data: SpiderData) -> list[dict[str, Any]]:
    """A row a point."""
    return [
        {"patient_id": one.patient_id, "day": day, "percent": percent, "response": one.response}
        for one in data.drawn
        for day, percent in sorted(one.changes)
    ]


def _draw_frame(axes: Axes, data: SpiderData) -> None:
    highest = max(percent for one in data.drawn for _, percent in one.changes)
    top = min(max(highest, *data.lines, 50.0), HIGHEST)
    axes.set_ylim(-105, top + 4)
    ticks = list(range(-100, int(top) + 1, 50))
    style.put_ticks(axes, "y", ticks, [style.number_words(n) for n in ticks])
    axes.axhline(0, color=drawing.INK, linewidth=0.7, zorder=1)
    for line in data.lines:
        axes.axhline(line, color=drawing.QUIET, linewidth=0.8, linestyle=(0, (4.0, 2.5)), zorder=1)


def _draw_patient(axes: Axes, one: SpiderPatient, time: Time) -> None:
    """A line with a dot a scan; a tip marks what lies above the edge."""
    points = sorted(one.changes)
    x, y = [style.on_axis(day, time) for day, _ in points], [percent for _, percent in points]
    colour, top = style.response_colour(one.response), axes.get_ylim()[1]
    axes.plot(x, y, color=colour, linewidth=0.8, marker="o", markersize=2.8, markeredgecolor=drawing.INK, markeredgewidth=0.25,
              zorder=4, gid=style.artist_id(f"line {one.patient_id}"))  # fmt: skip
    for place, percent in zip(x, y, strict=True):
        if percent > top:
            axes.plot(
                [place], [top], marker="^", markersize=4, color=colour, markeredgecolor=drawing.INK, markeredgewidth=0.3, clip_on=False
            )


def _name_ends(axes: Axes, patients: Sequence[SpiderPatient], time: Time) -> None:
    """The ids at the ends of the lines, moved apart where they would touch."""
    (first, last), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    ends = sorted((min(max(one.changes)[1], top), max(one.changes)[0], one.patient_id) for one in patients)
    gap = (top - bottom) / PLOT_IN * 0.09
    for y, (_, day, name) in zip(spread([y for y, _, _ in ends], gap=gap, low=bottom, high=top), ends, strict=True):
        words = drawing.shortened(name, style.SHORT_ID)
        x = style.on_axis(day, time) + 0.015 * (last - first)
        drawing.write(axes, x, y, words, size_pt=style.SMALL_PT, ha="left", clip_on=False)
