"""Swimmer plot: a bar a patient from infusion, coloured by response, with therapy, transplantation and death on their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import KeyEntry, Time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

What = Literal["scan", "therapy", "hsct", "death"]
# sign, colour, size in points, words
MARKS: dict[str, tuple[str, str, float, str]] = {
    "scan": ("|", drawing.INK, 0.75, "scan"),
    "therapy": ("v", drawing.INK, 0.62, "new therapy"),
    "hsct": ("D", "#CC79A7", 0.55, "HSCT"),
    "death": ("X", drawing.INK, 0.72, "death"),
}
BEFORE = ("#DEDEDE", "before the first response")
ONE_COLUMN = 60  # patients; beyond it two columns
TALLEST_IN, ROW_IN, LEAST_ROW_IN, NAMED_ROW_IN = 7.6, 0.16, 0.012, 0.085
BELOW_IN, RIGHT_IN, GUTTER_IN = 0.46, 0.22, 0.10
EMPTY = "No patient to draw."


@dataclass(frozen=True, slots=True)
class SwimmerPatient:
    """A patient: responses (day, category), each valid until the next; events (day, what); ongoing: followed and free of progression."""

    patient_id: str
    last_day: int
    responses: tuple[tuple[int, str], ...] = ()
    events: tuple[tuple[int, What], ...] = ()
    ongoing: bool = False

    @property
    def stretches(self) -> list[tuple[int, int, str]]:
        """(first day, last day, category): an empty category before the first response; nothing of no length."""
        starts = [(0, ""), *sorted(one for one in self.responses if one[0] <= self.last_day), (self.last_day, "")]
        return [(max(a, 0), b, category) for (a, category), (b, _) in pairwise(starts) if b > max(a, 0)]


@dataclass(frozen=True, slots=True)
class SwimmerData:
    """All patients; drawn from the longest bar to the shortest. origin: day 0."""

    title: str
    patients: tuple[SwimmerPatient, ...]
    time: Time = "months"
    origin: str = "infusion"


def swimmer_figure(data: SwimmerData) -> Figure:
    """Up to 60 patients in one column, more in two; ids are written as long as they can be read. Says so where there is nobody."""
    if not data.patients:
        return style.no_data(style.FULL_IN, data.title, EMPTY)
    patients = _in_order(data)
    columns = [patients] if len(patients) <= ONE_COLUMN else [patients[: -(-len(patients) // 2)], patients[-(-len(patients) // 2) :]]
    row_in = max(min(ROW_IN, TALLEST_IN / len(columns[0])), LEAST_ROW_IN)
    named = row_in >= NAMED_ROW_IN
    entries = _key(patients)
    key_in = style.key_height_in(entries, style.FULL_IN - 0.3)
    height = row_in * (len(columns[0]) + 0.6)
    figure, page = style.new_page(style.FULL_IN, BELOW_IN + height + key_in + 0.08 + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, BELOW_IN + height + key_in + 0.06, style.FULL_IN - 0.3)
    ids = [style.text_width_in(drawing.shortened(one.patient_id, style.SHORT_ID), _id_pt(row_in)) for one in patients]
    left = max(ids) + 0.16 if named else 0.34
    whole = style.FULL_IN / len(columns)
    last = max(max(one.last_day for one in patients) * 1.03, 7)
    for n, column in enumerate(columns):
        box = (n * whole + left, BELOW_IN, whole - left - RIGHT_IN, height)
        axes = style.plot_axes(figure, box)
        _draw_column(axes, column, data.time, last=last, row_in=row_in)
        words = [drawing.shortened(one.patient_id, style.SHORT_ID) for one in column] if named else []
        _name_rows(axes, words, row_in)
        style.name_axes(axes, style.time_words(data.time, data.origin), "" if named else "Patients, longest follow-up first", left_in=0.18)
    return figure


def swimmer_rows(data: SwimmerData) -> list[dict[str, Any]]:
    """Every stretch and every event, in the order of the figure."""
    rows: list[dict[str, Any]] = []
    for one in _in_order(data):
        named = {"patient_id": one.patient_id}
        rows += [{**named, "what": category or BEFORE[1], "day": first, "to_day": last} for first, last, category in one.stretches]
        rows += [{**named, "what": what, "day": day} for day, what in one.events]
        rows.append({**named, "what": "ongoing" if one.ongoing else "end of follow-up", "day": one.last_day})
    return rows


def _in_order(data: SwimmerData) -> list[SwimmerPatient]:
    return sorted(data.patients, key=lambda one: (-one.last_day, one.patient_id))


def _id_pt(row_in: float) -> float:
    return min(style.TICK_PT, row_in * 72 * 0.78)


def _key(patients: Sequence[SwimmerPatient]) -> list[KeyEntry]:
    found = {category for one in patients for _, _, category in one.stretches}
    events = {what for one in patients for _, what in one.events}
    entries = style.response_key(found - {""})
    entries += [KeyEntry(BEFORE[1], BEFORE[0])] if "" in found else []
    entries += [KeyEntry(words, colour, sign) for what, (sign, colour, _, words) in MARKS.items() if what in events]
    return entries + ([KeyEntry("ongoing, no progression", drawing.INK, ">")] if any(one.ongoing for one in patients) else [])


def _draw_column(axes: Axes, patients: Sequence[SwimmerPatient], time: Time, *, last: float, row_in: float) -> None:
    style.put_time(axes, 0, last, time)
    axes.set_ylim(len(patients) - 0.2, -0.8)
    axes.grid(axis="x", color=style.GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    size_pt = min(row_in * 72, 10.0)
    for n, one in enumerate(patients):
        for first, end, category in one.stretches:
            start, width = style.on_axis(first, time), style.on_axis(end - first, time)
            colour = style.response_colour(category) if category else BEFORE[0]
            axes.barh(n, width, left=start, height=0.78, color=colour, linewidth=0, gid=style.artist_id(f"bar {one.patient_id}"))
        for day, what in one.events:
            sign, colour, share, _ = MARKS[what]
            how: dict[str, Any] = {"marker": sign, "markersize": max(size_pt * share, 2.2), "clip_on": False, "zorder": 5}
            axes.plot([style.on_axis(day, time)], [n], color=colour, markeredgecolor="white" if sign != "|" else colour,
                      markeredgewidth=0.35, linestyle="none", gid=style.artist_id(f"{what} {one.patient_id}"), **how)  # fmt: skip
        if one.ongoing:
            x = style.on_axis(one.last_day + 0.012 * last, time)
            how = {"marker": ">", "markersize": max(size_pt * 0.5, 2.0), "markeredgewidth": 0, "clip_on": False}
            axes.plot([x], [n], color=drawing.INK, linestyle="none", gid=style.artist_id(f"ongoing {one.patient_id}"), **how)


def _name_rows(axes: Axes, words: Sequence[str], row_in: float) -> None:
    style.put_ticks(axes, "y", range(len(words)), words)
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        label.set_fontsize(_id_pt(row_in))
