"""Area under the time-dependent ROC curve over time, for one or several models or markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.step_curves import Limits
from carpet.report.cohort_figures.style import KeyEntry, Time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_IN, LEFT_IN, RIGHT_IN = 2.6, 0.66, 0.2
NO_BETTER = 0.5  # the AUC of a coin
APART = 0.012  # of the axis, from one model's points to the next one's
EMPTY = "No AUC could be estimated."


@dataclass(frozen=True, slots=True)
class AucCurve:
    """A model's AUC on rising days, with limits (None where there are none)."""

    name: str
    days: tuple[int, ...]
    auc: tuple[float, ...]
    low: Limits
    high: Limits


@dataclass(frozen=True, slots=True)
class AucData:
    """outcome: `progression or death`. says: how it was estimated and validated, below the plot."""

    title: str
    outcome: str
    curves: tuple[AucCurve, ...]
    says: tuple[str, ...] = ()
    time: Time = "months"
    origin: str = "infusion"


def auc_over_time_figure(data: AucData) -> Figure:
    """A line with a dot a day of evaluation, and its limits as bars side by side, for bands of several models would hide each other; 0.5
    is drawn. Says so where there is nothing."""
    curves = [one for one in data.curves if one.days]
    if not curves:
        return style.no_data(style.MIDDLE_IN, data.title, EMPTY)
    looks = [style.group_look(n) for n in range(len(curves))]
    entries = [
        KeyEntry(drawing.shortened(one.name, style.SHORT_LABEL), *(look[0], "s", look[1])) for one, look in zip(curves, looks, strict=True)
    ]
    key_in = style.key_height_in(entries, style.MIDDLE_IN - 0.3)
    notes = style.note_lines(data.says, style.MIDDLE_IN - 0.3)
    below = style.foot_in(notes)
    figure, page = style.new_page(style.MIDDLE_IN, below + PLOT_IN + 0.12 + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, below + PLOT_IN + 0.1 + key_in, style.MIDDLE_IN - 0.3)
    axes = style.plot_axes(figure, (LEFT_IN, below, style.MIDDLE_IN - LEFT_IN - RIGHT_IN, PLOT_IN))
    last = max(day for one in curves for day in one.days) * 1.05
    style.put_time(axes, 0, last, data.time)
    _draw_levels(axes, curves)
    for n, (one, (colour, line)) in enumerate(zip(curves, looks, strict=True)):
        aside = style.on_axis(APART * last * (n - (len(curves) - 1) / 2), data.time)
        _draw_auc(axes, one, (colour, line), data.time, aside)
    style.name_axes(axes, style.time_words(data.time, data.origin), f"AUC for {data.outcome}")
    style.draw_notes(page, notes)
    return figure


def auc_over_time_rows(data: AucData) -> list[dict[str, Any]]:
    """A row a model and day."""
    return [
        {"model": one.name, "day": day, "auc": value, "low": low, "high": high}
        for one in data.curves
        for day, value, low, high in zip(one.days, one.auc, one.low, one.high, strict=True)
    ]


def _draw_levels(axes: Axes, curves: list[AucCurve]) -> None:
    """From 0.4, or lower where a curve goes there, to 1."""
    lowest = min([0.4, *(value for one in curves for value in (*one.auc, *one.low) if value is not None)])
    start = int(lowest * 10 + 1e-9) / 10
    axes.set_ylim(start, 1.0)
    ticks = [n / 10 for n in range(round(start * 10), 11)]
    style.put_ticks(axes, "y", ticks, [f"{one:.1f}" for one in ticks])
    axes.axhline(NO_BETTER, color=drawing.QUIET, linewidth=0.8, linestyle=(0, (4.0, 2.5)), zorder=1)
    drawing.write(axes, 0.005, NO_BETTER, "no better than chance", size_pt=style.SMALL_PT, ha="left", va="bottom", color=drawing.QUIET,
                  transform=axes.get_yaxis_transform())  # fmt: skip


def _draw_auc(axes: Axes, one: AucCurve, look: tuple[str, Any], time: Time, aside: float) -> None:
    """`aside`: how far this model stands beside the day, in the axis' own unit."""
    x = [style.on_axis(day, time) + aside for day in one.days]
    known = [(at, low, high) for at, low, high in zip(x, one.low, one.high, strict=True) if low is not None and high is not None]
    if known:
        places, lows, highs = zip(*known, strict=True)
        axes.vlines(places, lows, highs, color=look[0], linewidth=1.0, alpha=0.75, gid=style.artist_id(f"limits {one.name}"), zorder=3)
    how: dict[str, Any] = {"linewidth": 1.5, "marker": "o", "markersize": 3.2, "clip_on": False, "gid": style.artist_id(f"auc {one.name}")}
    axes.plot(x, one.auc, color=look[0], linestyle=look[1], zorder=4, **how)
