"""Toxicity: the grades of each event as stacked bars, one bar a scale and group; grades of two scales never share a bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import KeyEntry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Grade 0 to 5: one hue from pale to dark reads as an order, also in grey and to the colour-blind (ColorBrewer Oranges, ends darkened).
GRADES = ("#ECECEC", "#FDD0A2", "#FD9F4D", "#E05A0C", "#9A3403", "#3B1002")
WHITE_FROM = 3  # the grade from which numbers are written in white
ROW_IN, RIGHT_IN = 0.24, 0.62
MOST_NAME_IN = 1.5
TIGHT_PT = 5.5  # of a number in a narrow part
EMPTY = "No patient with a graded event."


@dataclass(frozen=True, slots=True)
class ToxicityBar:
    """One bar: the event, the scale its grades belong to, a group (empty: all), patients by grade 0 to 5 and those not assessed."""

    event: str
    scale: str
    grades: tuple[int, int, int, int, int, int]
    group: str = ""
    not_assessed: int = 0

    @property
    def assessed(self) -> int:
        return sum(self.grades)

    @property
    def heading(self) -> str:
        return f"{self.event}, {self.scale}"


@dataclass(frozen=True, slots=True)
class ToxicityData:
    """Bars from top to bottom; those of one event and scale follow each other. says: lines below, as tests between groups."""

    title: str
    bars: tuple[ToxicityBar, ...]
    says: tuple[str, ...] = ()


def toxicity_figure(data: ToxicityData) -> Figure:
    """Percent of patients assessed; numbers of patients stand in the bars, those assessed beside them. Says so where there is nothing."""
    if not any(one.assessed for one in data.bars):
        return style.no_data(style.MIDDLE_IN, data.title, EMPTY)
    lines = _lines(data)
    entries = [KeyEntry("no event" if n == 0 else f"grade {n}", GRADES[n]) for n in range(6) if any(one.grades[n] for one in data.bars)]
    key_in = style.key_height_in(entries, style.MIDDLE_IN - 0.3)
    notes = style.note_lines(_notes(data), style.MIDDLE_IN - 0.3)
    below, height = style.foot_in(notes), ROW_IN * len(lines)
    figure, page = style.new_page(style.MIDDLE_IN, below + height + 0.2 + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, below + height + 0.18 + key_in, style.MIDDLE_IN - 0.3)
    widest = max(style.text_width_in(one.group or "all patients", style.TICK_PT) for one in data.bars)
    left = 0.34 + min(widest, MOST_NAME_IN)
    axes = style.plot_axes(figure, (left, below, style.MIDDLE_IN - left - RIGHT_IN, height))
    _draw_bars(axes, page, lines, (left, below))
    drawing.write(page, style.MIDDLE_IN - 0.12, below + height + 0.07, "assessed", size_pt=style.TICK_PT, ha="right", color=drawing.QUIET)
    style.name_axes(axes, "Patients assessed (%)", "")
    style.draw_notes(page, notes)
    return figure


def toxicity_rows(data: ToxicityData) -> list[dict[str, Any]]:
    """A row a part of a bar; percent of those assessed."""
    return [
        {
            "event": one.event,
            "scale": one.scale,
            "group": one.group,
            "grade": grade,
            "patients": n,
            "percent": 100 * n / one.assessed if one.assessed else None,
            "assessed": one.assessed,
            "not_assessed": one.not_assessed,
        }
        for one in data.bars
        for grade, n in enumerate(one.grades)
    ]


def _lines(data: ToxicityData) -> list[str | ToxicityBar]:
    """Bars under the heading of their event and scale."""
    lines: list[str | ToxicityBar] = []
    heading = ""
    for one in data.bars:
        if one.heading != heading:
            lines.append(one.heading)
        heading = one.heading
        lines.append(one)
    return lines


def _notes(data: ToxicityData) -> list[str]:
    missing = [f"{one.heading}{', ' + one.group if one.group else ''}: {one.not_assessed}" for one in data.bars if one.not_assessed]
    scales = {event: {one.scale for one in data.bars if one.event == event} for event in dict.fromkeys(one.event for one in data.bars)}
    twice = [event for event, found in scales.items() if len(found) > 1]
    notes = [*data.says, f"Not assessed: {'; '.join(missing)}."] if missing else list(data.says)
    return notes + ([f"Grades of different scales can't be compared ({', '.join(twice)})."] if twice else [])


def _draw_bars(axes: Axes, page: Axes, lines: list[str | ToxicityBar], corner: tuple[float, float]) -> None:
    left, below = corner
    axes.set_xlim(0, 100)
    axes.set_ylim(len(lines), 0)
    axes.spines["left"].set_visible(False)
    style.put_ticks(axes, "x", range(0, 101, 20), [str(n) for n in range(0, 101, 20)])
    style.put_ticks(axes, "y", [], [])
    for n, line in enumerate(lines):
        y = below + ROW_IN * (len(lines) - n - 0.5)
        if isinstance(line, str):
            words = style.fitted(line, style.MIDDLE_IN - 0.24 - RIGHT_IN, style.TICK_PT, bold=True)
            drawing.write(page, 0.12, y - 0.02, words, size_pt=style.TICK_PT, ha="left", fontweight="bold")
            continue
        words = style.fitted(line.group or "all patients", left - 0.26, style.TICK_PT)
        drawing.write(page, left - 0.08, y, words, size_pt=style.TICK_PT, ha="right")
        drawing.write(page, style.MIDDLE_IN - 0.12, y, f"n = {line.assessed}", size_pt=style.TICK_PT, ha="right")
        _draw_bar(axes, line, n + 0.5, style.MIDDLE_IN - left - RIGHT_IN)


def _draw_bar(axes: Axes, bar: ToxicityBar, y: float, width_in: float) -> None:
    start = 0.0
    for grade, n in enumerate(bar.grades):
        if not n:
            continue
        width = 100 * n / bar.assessed
        gid = style.artist_id(f"{bar.heading} {bar.group} {grade}")
        axes.barh(y, width, left=start, height=0.74, color=GRADES[grade], edgecolor="white", linewidth=0.5, gid=gid)
        room = width / 100 * width_in
        size = next((pt for pt in (style.TICK_PT, TIGHT_PT) if style.text_width_in(str(n), pt) + 0.01 <= room), None)
        if size:
            ink = "white" if grade >= WHITE_FROM else drawing.INK
            drawing.write(axes, start + width / 2, y, str(n), size_pt=size, ha="center", color=ink)
        start += width
