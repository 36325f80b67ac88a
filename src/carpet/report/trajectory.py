"""The course in numbers: burden and uptake over days from infusion, with what was done to the patient and what happened, as one SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from carpet.report import drawing
from carpet.report.mip import spread
from carpet.report.numbers import decimal_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

What = Literal["infusion", "therapy", "progression", "death", "contact", "decision"]
LEFT_IN, RIGHT_IN, PANEL_IN, BETWEEN_IN = 1.12, 0.30, 0.86, 0.14
LANE_IN, NAMES_IN, FOOT_IN, LEVEL_IN = 0.10, 0.30, 0.42, 0.15
LOG_FROM = 30.0  # [P] highest over lowest value above zero: beyond it a linear axis hides what is small
LINEAR_BELOW = 1.0  # on a logarithmic axis 0 to 1 is linear, so that zero has a place
STEPS_D = (7, 14, 30, 60, 90, 180, 365, 730)
MOST_TICKS = 10
FAR = 1.3  # [P] death and last contact beyond this times the last scan are written at the edge
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#7A4B8C")  # one a panel; no meaning hangs on them
GREYS = (("#EFEFEF", "#ABABAB"), ("#DEDEDE", "#6E6E6E"))  # of an interval: through the panels, its bar
# Okabe and Ito's colours, a line style and the word itself tell events apart
LOOKS: dict[str, tuple[str, Any]] = {
    "infusion": (drawing.INK, "-"),
    "therapy": ("#0072B2", (0, (5.0, 2.0))),
    "progression": ("#D55E00", (0, (2.0, 1.5))),
    "death": (drawing.INK, (0, (5.0, 1.5, 1.0, 1.5))),
    "contact": (drawing.QUIET, (0, (1.0, 2.0))),
    "decision": (drawing.QUIET, (0, (1.0, 2.0))),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A scan's number on its day; None with the reason in a word or two."""

    day: int
    value: float | None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity over time. log: may be drawn on a logarithmic axis (volumes and their like, which span orders of magnitude)."""

    title: str
    unit: str
    points: tuple[Point, ...]
    decimals: int = 1
    log: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on one day."""

    day: int
    label: str
    what: What


@dataclass(frozen=True, slots=True)
class Interval:
    """What was done from one day to another."""

    first_day: int
    last_day: int
    label: str


@dataclass(frozen=True, slots=True)
class Trajectory:
    """All that the figure shows. scans: (day, time point) of every scan."""

    panels: tuple[Panel, ...]
    scans: tuple[tuple[int, str], ...]
    events: tuple[Event, ...] = ()
    intervals: tuple[Interval, ...] = ()

    @property
    def days(self) -> list[int]:
        """Days that must lie on the axis."""
        ends = [day for one in self.intervals for day in (one.first_day, one.last_day)]
        happened = [one.day for one in self.events if one.what not in ("death", "contact")]
        return sorted({0, *(day for day, _ in self.scans), *ends, *happened, *(point.day for one in self.panels for point in one.points)})


def trajectory_svg(course: Trajectory) -> bytes | None:
    """The figure as SVG, text as outlines, the same bytes for the same course; None where there is no number to show."""
    if not any(point.value is not None for one in course.panels for point in one.points):
        return None
    import matplotlib as mpl

    figure, buffer = trajectory_figure(course), io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "carpet", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def trajectory_figure(course: Trajectory) -> Figure:
    """The figure behind `trajectory_svg`: a lane of events, then a panel a quantity over one axis of days."""
    panels = [one for one in course.panels if one.points]
    first, last = _axis(course)
    level_of = _levels(course, first, last)
    lane_in = LANE_IN + LEVEL_IN * (1 + max(level_of.values(), default=0)) + LEVEL_IN * len(course.intervals)
    height_in = FOOT_IN + len(panels) * (PANEL_IN + BETWEEN_IN) + NAMES_IN + lane_in
    figure = drawing.new_figure(drawing.WIDTH_IN, height_in)
    width_in, bottom_in = drawing.WIDTH_IN - LEFT_IN - RIGHT_IN, height_in - lane_in - NAMES_IN
    for number, panel in enumerate(panels):
        bottom_in -= PANEL_IN + BETWEEN_IN * (number > 0)
        axes = _panel_axes(figure, (LEFT_IN, bottom_in, width_in, PANEL_IN), (first, last))
        _draw_panel(axes, panel, COLOURS[number % len(COLOURS)])
        _draw_days(axes, course, (first, last), last_panel=number == len(panels) - 1)
    lane = drawing.bare_axes(figure, LEFT_IN, height_in - lane_in - NAMES_IN, width_in, lane_in + NAMES_IN)
    lane.set_xlim(first, last)
    lane.set_ylim(0, lane_in + NAMES_IN)
    _draw_names(lane, course, day_per_in=(last - first) / width_in)
    _draw_lane(lane, course, level_of, first, last, width_in)
    return figure


def _axis(course: Trajectory) -> tuple[float, float]:
    """The days shown: all scans and therapies; death and last contact where they are not far behind."""
    days = course.days
    near = [one.day for one in course.events if one.day <= max(FAR * days[-1], days[-1] + 14)]
    first, last = min(days[0], 0), max([days[-1], *near, 7])
    margin = 0.04 * (last - first)
    return first - margin, last + margin


def _panel_axes(figure: Figure, box_in: tuple[float, float, float, float], days: tuple[float, float]) -> Axes:
    whole_width, whole_height = figure.get_size_inches()
    left, bottom, width, height = box_in
    axes = figure.add_axes((left / whole_width, bottom / whole_height, width / whole_width, height / whole_height))
    axes.set_xlim(*days)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_linewidth(0.6)
        axes.spines[side].set_color(drawing.QUIET)
    axes.tick_params(width=0.6, length=2.5, color=drawing.QUIET, which="major")
    axes.tick_params(length=0, which="minor")
    return axes


def _draw_panel(axes: Axes, panel: Panel, colour: str) -> None:
    """Numbers joined by a line, dotted over a scan without one; what is missing stands above zero with its reason."""
    known = [(n, point.day, point.value) for n, point in enumerate(panel.points) if point.value is not None]
    logarithmic = _scale(axes, panel, [value for _, _, value in known])
    for (n, day, value), (m, later, now) in pairwise(known):
        line: dict[str, Any] = {"linewidth": 1.3} if m == n + 1 else {"linewidth": 0.9, "linestyle": (0, (1.0, 2.0))}
        axes.plot([day, later], [value, now], color=colour, clip_on=False, **line)
    axes.plot(
        [day for _, day, _ in known],
        [value for _, _, value in known],
        linestyle="none",
        marker="o",
        markersize=4.2,
        markerfacecolor=colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        clip_on=False,
        zorder=5,
    )
    _write_values(axes, panel, [(day, value) for _, day, value in known])
    for point in panel.points:
        if point.value is None:
            _draw_missing(axes, point)
    left = -(LEFT_IN - 0.05) / (drawing.WIDTH_IN - LEFT_IN - RIGHT_IN)
    how: dict[str, Any] = {"transform": axes.transAxes, "ha": "left"}
    drawing.write(axes, left, 0.58, panel.title, size_pt=8.5, fontweight="bold", color=colour, **how)
    unit = f"{panel.unit}, log axis" if logarithmic else panel.unit
    drawing.write(axes, left, 0.42, unit, size_pt=6.5, color=drawing.QUIET, **how)


def _scale(axes: Axes, panel: Panel, values: Sequence[float]) -> bool:
    """Linear from zero, or logarithmic with a linear foot where the numbers span more than LOG_FROM; whether it is logarithmic."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    positive = [value for value in values if value > 0]
    logarithmic = panel.log and bool(positive) and max(positive) > LOG_FROM * max(min(positive), LINEAR_BELOW)
    high = max(positive, default=1.0)
    if logarithmic:
        axes.set_yscale("symlog", linthresh=LINEAR_BELOW, linscale=0.35)
        axes.set_ylim(0, high * 2.2)
        axes.yaxis.set_major_locator(FixedLocator([0.0, *(10.0**power for power in range(9) if 10.0**power <= high * 2.2)]))
    else:
        axes.set_ylim(0, high * 1.22)
        axes.yaxis.set_major_locator(MaxNLocator(4) if values else FixedLocator([0.0]))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value < 1e5 else f"{value:.0e}"))
    for label in axes.get_yticklabels():
        label.set(fontsize=6.5, fontfamily=drawing.FONT, color=drawing.INK, parse_math=False)
    return logarithmic


def _write_values(axes: Axes, panel: Panel, known: Sequence[tuple[int, float]]) -> None:
    """Each number beside its point: on the side where its neighbour in time is further away."""
    from matplotlib.patheffects import withStroke

    first, last = axes.get_xlim()
    near = 0.055 * (last - first)
    for n, (day, value) in enumerate(known):
        before = day - known[n - 1][0] if n else near + 1
        after = known[n + 1][0] - day if n + 1 < len(known) else near + 1
        ha = "center" if min(before, after) > near else "right" if after <= before else "left"
        axes.annotate(
            drawing.drawable(decimal_text(value, panel.decimals if value else 0)),
            (day, value),
            xytext=({"center": 0, "right": -1, "left": 1}[ha], 4.5),
            textcoords="offset points",
            ha=ha,
            va="bottom",
            fontsize=6.5,
            fontfamily=drawing.FONT,
            color=drawing.INK,
            parse_math=False,
            annotation_clip=False,
            path_effects=[withStroke(linewidth=1.6, foreground="white")],
            zorder=8,
        )


def _draw_missing(axes: Axes, point: Point) -> None:
    how: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    axes.plot([point.day], [0.10], marker="x", markersize=4.2, markeredgewidth=1.0, color=drawing.QUIET, **how)
    text = drawing.shortened(point.says or "no value", 22)
    drawing.write(axes, point.day, 0.26, text, size_pt=6, ha="center", color=drawing.QUIET, halo="white", **how)


def _draw_days(axes: Axes, course: Trajectory, days: tuple[float, float], *, last_panel: bool) -> None:
    """Ticks of days on every panel, written below the last; lines of what happened, and the intervals, through all."""
    from matplotlib.ticker import FixedLocator

    step = next((step for step in STEPS_D if (days[1] - days[0]) / step <= MOST_TICKS), STEPS_D[-1])
    ticks = [n * step for n in range(-(-int(days[0]) // step) - 1, int(days[1]) // step + 1) if days[0] <= n * step <= days[1]]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.set_xticklabels([decimal_text(day, 0) for day in ticks] if last_panel else [])
    for label in axes.get_xticklabels():
        label.set(fontsize=7, fontfamily=drawing.FONT, color=drawing.INK, parse_math=False)
    if last_panel:
        drawing.write(axes, 0.5, -0.34, "days from infusion", size_pt=7.5, transform=axes.transAxes, ha="center", color=drawing.QUIET)
    for n, one in enumerate(course.intervals):
        axes.axvspan(one.first_day, one.last_day, facecolor=GREYS[n % 2][0], linewidth=0, zorder=0)
    for event in course.events:
        if days[0] <= event.day <= days[1]:
            colour, style = LOOKS[event.what]
            axes.axvline(event.day, color=colour, linestyle=style, linewidth=0.8, zorder=1)


def _draw_names(lane: Axes, course: Trajectory, *, day_per_in: float) -> None:
    """The time points above the first panel, moved apart where they would touch, each joined to its day."""
    scans = sorted(course.scans)
    first, last = lane.get_xlim()
    places = spread([float(day) for day, _ in scans], gap=0.36 * day_per_in, low=first, high=last)
    for (day, name), place in zip(scans, places, strict=True):
        lane.plot([day, place], [0.05, 0.13], color=drawing.QUIET, linewidth=0.5, clip_on=False)
        drawing.write(lane, place, 0.205, name or "–", size_pt=8, fontweight="bold", ha="center", halo="white", zorder=5)


def _levels(course: Trajectory, first: float, last: float) -> dict[int, int]:
    """Event (by its place) → the lowest level at which its words touch no other's; infusion first, and words that reach over the day of
    one placed before stand above it, so that its line does not cross them."""
    per_letter = (last - first) / (drawing.WIDTH_IN - LEFT_IN - RIGHT_IN) * 0.062
    ends: list[list[tuple[float, float]]] = []
    found: dict[int, int] = {}
    ranks = [(one.what != "infusion", one.day, one.label) for one in course.events]
    for n in sorted(range(len(ranks)), key=lambda n: ranks[n]):
        one = course.events[n]
        width = per_letter * (len(_words(one, last)) + 2.5)
        start = min(one.day, last) - (width if _to_the_left(one, first, last, width) else 0.0)
        least = max((found[m] + 1 for m in found if start < min(course.events[m].day, last) < start + width), default=0)
        free = (k for k, taken in enumerate(ends) if k >= least and all(start >= b or start + width <= a for a, b in taken))
        level = next(free, len(ends))
        if level == len(ends):
            ends.append([])
        ends[level].append((start, start + width))
        found[n] = level
    return found


def _words(one: Event, last: float) -> str:
    day = decimal_text(one.day, 0) if one.day else "0"
    return f"{one.label}, day {day}" + (" →" if one.day > last else "")


def _to_the_left(one: Event, first: float, last: float, width: float) -> bool:
    """Words stand to the right of their day where they fit; a decision before infusion and what is late stand to the left."""
    return min(one.day, last) + width > last and min(one.day, last) - width > first - 0.1 * (last - first)


def _draw_lane(lane: Axes, course: Trajectory, level_of: dict[int, int], first: float, last: float, width_in: float) -> None:
    """Events with their words, one level above the other where they would touch; intervals as bars above them."""
    per_in = (last - first) / width_in
    for n, one in enumerate(course.events):
        colour, style = LOOKS[one.what]
        y = NAMES_IN + 0.06 + LEVEL_IN * level_of[n]
        words, day = _words(one, last), min(float(one.day), last)
        left = _to_the_left(one, first, last, (len(words) + 2.5) * 0.062 * per_in)
        if one.day <= last:
            lane.plot([day, day], [0.0, y], color=colour, linestyle=style, linewidth=0.8, clip_on=False, zorder=1)
            lane.plot([day], [y], marker="o", markersize=3, color=colour, clip_on=False)
        side = -0.06 if left else 0.06
        how: dict[str, Any] = {"ha": "right" if left else "left", "color": colour, "halo": "white", "zorder": 4}
        drawing.write(lane, day + side * per_in, y, words, size_pt=7, fontweight="bold" if one.what == "infusion" else "normal", **how)
    for n, interval in enumerate(course.intervals):
        y, ends = lane.get_ylim()[1] - 0.08 - LEVEL_IN * n, [interval.first_day, interval.last_day]
        lane.plot(ends, [y, y], color=GREYS[n % 2][1], linewidth=4, solid_capstyle="butt", clip_on=False)
        how = {"ha": "left", "color": drawing.QUIET, "halo": "white"}
        drawing.write(lane, interval.last_day + 0.06 * per_in, y, interval.label, size_pt=6.5, **how)
