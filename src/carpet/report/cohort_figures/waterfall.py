"""Waterfall plot: each patient's best change of a quantity as a bar, from the largest growth to the largest decrease."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.report import drawing
from carpet.report.cohort_figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = (-50.0, 50.0)  # percent: partial response and progression by Lugano 2014; other criteria have others
HIGHEST = 100.0  # percent [P]: a longer bar is cut there and its number written
FEWEST = 12  # bars for which there is room at least: one patient is no wall
NAMED = 45  # up to so many bars an id below each can be read
PLOT_IN, LEFT_IN, RIGHT_IN = 2.7, 0.66, 0.12
EMPTY = "No bar: no patient with a value before and after infusion."


@dataclass(frozen=True, slots=True)
class Change:
    """A patient's best change in percent of baseline; None with the reason in words. response: the best one by the stated criterion."""

    patient_id: str
    percent: float | None
    response: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class WaterfallData:
    """quantity: `TMTV`. lines: reference lines, percent."""

    title: str
    quantity: str
    changes: tuple[Change, ...]
    lines: tuple[float, ...] = LINES

    @property
    def bars(self) -> list[tuple[str, float, str]]:
        """(patient, percent, response) from left to right."""
        known = [(one.patient_id, one.percent, one.response) for one in self.changes if one.percent is not None]
        return sorted(known, key=lambda one: (-one[1], one[0]))

    @property
    def missing(self) -> str:
        """How many patients have no bar and why; empty where all have one."""
        why = Counter(one.because or "no reason given" for one in self.changes if one.percent is None)
        words = "; ".join(f"{reason} {n}" for reason, n in sorted(why.items(), key=lambda one: (-one[1], one[0])))
        return f"No bar for {why.total()} of {len(self.changes)} patients: {words}." if why else ""


def waterfall_figure(data: WaterfallData) -> Figure:
    """The bars; above +100 % they are cut and numbered. Patients without a number are counted below. Says so where there is no bar."""
    bars = data.bars
    if not bars:
        return style.no_data(style.FULL_IN, data.title, f"{EMPTY} {data.missing}".strip())
    entries = style.response_key({response for _, _, response in bars})
    key_in = style.key_height_in(entries, style.FULL_IN - 0.3)
    notes = style.wrapped(data.missing, style.FULL_IN - 0.3, style.TICK_PT) if data.missing else []
    words = [drawing.shortened(name, style.SHORT_ID) for name, _, _ in bars] if len(bars) <= NAMED else []
    ids_in = max((style.text_width_in(word, style.SMALL_PT) for word in words), default=0.18)
    below = 0.26 + style.LINE_IN * len(notes) + ids_in
    above = below + PLOT_IN + (0.34 if bars[0][1] > HIGHEST else 0.12)
    figure, page = style.new_page(style.FULL_IN, above + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, above + key_in, style.FULL_IN - 0.3)
    axes = style.plot_axes(figure, (LEFT_IN, below, style.FULL_IN - LEFT_IN - RIGHT_IN, PLOT_IN))
    _draw_bars(axes, bars, data.lines)
    style.put_ticks(axes, "x", range(len(words)), words)
    axes.tick_params(axis="x", length=0, labelrotation=90, labelsize=style.SMALL_PT)
    style.name_axes(axes, "" if words else f"Patients (n = {len(bars)})", f"Best change of {data.quantity} (%)", below_in=0.16)
    style.draw_notes(page, notes)
    return figure


def waterfall_rows(data: WaterfallData) -> list[dict[str, Any]]:
    """A row a bar from left to right, then the patients without one."""
    rows: list[dict[str, Any]] = [
        {"place": n + 1, "patient_id": name, "percent": percent, "response": response, "because": ""}
        for n, (name, percent, response) in enumerate(data.bars)
    ]
    missing = sorted((one for one in data.changes if one.percent is None), key=lambda one: one.patient_id)
    return rows + [{"patient_id": one.patient_id, "response": one.response, "because": one.because} for one in missing]


def _draw_bars(axes: Axes, bars: list[tuple[str, float, str]], lines: tuple[float, ...]) -> None:
    heights = [percent for _, percent, _ in bars]
    low, high = -105.0, min(max([*heights, *lines, 0.0]), HIGHEST) + 5.0
    axes.set_xlim(-0.8, max(len(bars), FEWEST) - 0.2)
    axes.set_ylim(low, high)
    ticks = [n for n in range(-100, int(HIGHEST) + 1, 25) if n <= high]
    style.put_ticks(axes, "y", ticks, [style.number_words(n) for n in ticks])
    axes.spines["bottom"].set_visible(False)
    for line in lines:
        axes.axhline(line, color=drawing.QUIET, linewidth=0.8, linestyle=(0, (4.0, 2.5)), zorder=3)
    colours = [style.response_colour(response) for _, _, response in bars]
    axes.bar(range(len(bars)), heights, width=0.8, color=colours, linewidth=0, zorder=2)
    axes.axhline(0, color=drawing.INK, linewidth=0.7, zorder=4)
    for n in [n for n, percent in enumerate(heights) if percent == 0]:
        axes.plot([n], [0], marker="_", markersize=4, color=drawing.INK, zorder=5)
    _mark_cut(axes, heights, high)


def _mark_cut(axes: Axes, heights: list[float], high: float) -> None:
    """A white stroke through each cut bar; its number above it, or one line for all where bars stand too close."""
    cut = [percent for percent in heights if percent > HIGHEST]
    for n in range(len(cut)):
        axes.plot([n - 0.45, n + 0.45], [high - 7.5, high - 4.5], color="white", linewidth=1.4, zorder=5)
    how: dict[str, Any] = {"size_pt": style.SMALL_PT, "va": "bottom", "clip_on": False}
    if len(heights) <= NAMED:
        for n, percent in enumerate(cut):
            drawing.write(axes, n, high + 1.5, f"+{percent:.0f}", ha="center", rotation=90, **how)
    elif cut:
        words = f"{len(cut)} cut at +{HIGHEST:g}%: up to +{max(cut):.0f}%"
        drawing.write(axes, -0.5, high + 2.0, words, ha="left", **how)
