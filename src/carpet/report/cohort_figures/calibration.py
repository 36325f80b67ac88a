"""Calibration: observed risk by a stated day against predicted risk, in groups and smoothed, with the predictions' spread below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import KeyEntry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE_IN, LEFT_IN, SPREAD_IN, GAP_IN = 2.55, 0.66, 0.42, 0.14
BINS = 25  # of the spread of predictions [P]
GROUPS, SMOOTH = "#0072B2", "#D55E00"
EMPTY = "No calibration: no patient with a prediction and an outcome."


@dataclass(frozen=True, slots=True)
class CalibrationGroup:
    """Patients of similar predicted risk: its mean, the observed risk (1 − Kaplan–Meier) and its limits, from 0 to 1; n of them."""

    predicted: float
    observed: float
    low: float | None
    high: float | None
    patients: int


@dataclass(frozen=True, slots=True)
class CalibrationData:
    """by: `12 months`. smooth: (predicted, observed) along a line. predictions: of every patient. says: slope, O/E, ICI in words."""

    title: str
    outcome: str
    by: str
    groups: tuple[CalibrationGroup, ...]
    smooth: tuple[tuple[float, float], ...] = ()
    predictions: tuple[float, ...] = ()
    says: tuple[str, ...] = ()


def calibration_figure(data: CalibrationData) -> Figure:
    """A square from 0 to 100 %, the line of perfect agreement, groups with limits, the smoothed line, and the spread below."""
    if not data.groups:
        return style.no_data(style.COLUMN_IN, data.title, EMPTY)
    entries = [KeyEntry("groups", GROUPS, "o"), *([KeyEntry("smoothed", SMOOTH, "s", "-")] if data.smooth else [])]
    entries.append(KeyEntry("perfect", drawing.QUIET, "s", (0, (4.0, 2.5))))
    width = style.COLUMN_IN
    key_in = style.key_height_in(entries, width - 0.24)
    notes = style.note_lines((f"Risk of {data.outcome}.", *data.says), width - 0.24)
    below = style.foot_in(notes)
    spread = SPREAD_IN + GAP_IN if data.predictions else 0.0
    figure, page = style.new_page(width, below + spread + SIDE_IN + 0.12 + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, below + spread + SIDE_IN + 0.1 + key_in, width - 0.24)
    axes = style.plot_axes(figure, (LEFT_IN, below + spread, SIDE_IN, SIDE_IN))
    _draw_square(axes, data)
    names = f"Predicted risk by {data.by} (%)"
    if data.predictions:
        lower = style.plot_axes(figure, (LEFT_IN, below, SIDE_IN, SPREAD_IN))
        _draw_spread(lower, data.predictions)
        axes.set_xticklabels([])
        style.name_axes(lower, names, "n")
        style.name_axes(axes, "", f"Observed risk by {data.by} (%)")
    else:
        style.name_axes(axes, names, f"Observed risk by {data.by} (%)")
    style.draw_notes(page, notes)
    return figure


def calibration_rows(data: CalibrationData) -> list[dict[str, Any]]:
    """A row a group, a point of the smoothed line, a bar of the spread; risks from 0 to 1."""
    rows: list[dict[str, Any]] = [
        {"what": "group", "predicted": one.predicted, "observed": one.observed, "low": one.low, "high": one.high, "patients": one.patients}
        for one in data.groups
    ]
    rows += [{"what": "smoothed", "predicted": x, "observed": y} for x, y in data.smooth]
    counts, edges = _bars(data.predictions)
    return rows + [
        {"what": "spread", "predicted": float(edges[n]), "to_predicted": float(edges[n + 1]), "patients": int(count)}
        for n, count in enumerate(counts)
        if data.predictions
    ]


def _bars(predictions: tuple[float, ...]) -> tuple[Any, Any]:
    return np.histogram(predictions, bins=np.arange(BINS + 1) / BINS)


def _draw_square(axes: Axes, data: CalibrationData) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    for which in ("x", "y"):
        style.put_ticks(axes, "x" if which == "x" else "y", range(0, 101, 20), [str(n) for n in range(0, 101, 20)])
    axes.plot([0, 100], [0, 100], color=drawing.QUIET, linewidth=0.9, linestyle=(0, (4.0, 2.5)), zorder=1)
    if data.smooth:
        x, y = [100 * x for x, _ in data.smooth], [100 * y for _, y in data.smooth]
        axes.plot(x, y, color=SMOOTH, linewidth=1.5, gid="smoothed", zorder=3)
    for n, one in enumerate(data.groups):
        if one.low is not None and one.high is not None:
            ends = [100 * one.low, 100 * one.high]
            axes.plot(
                [100 * one.predicted] * 2, ends, color=GROUPS, linewidth=1.1, clip_on=False, gid=style.artist_id(f"interval {n}"), zorder=4
            )
    x, y = [100 * one.predicted for one in data.groups], [100 * one.observed for one in data.groups]
    axes.plot(x, y, marker="o", markersize=4.6, linestyle="none", color=GROUPS, clip_on=False, gid="groups", zorder=5)


def _draw_spread(axes: Axes, predictions: tuple[float, ...]) -> None:
    """How many patients have which prediction."""
    counts, edges = _bars(predictions)
    axes.bar(100 * edges[:-1], counts, width=100 / BINS, align="edge", color="#9A9A9A", edgecolor="white", linewidth=0.3)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, max(int(counts.max()), 1) * 1.05)
    style.put_ticks(axes, "x", range(0, 101, 20), [str(n) for n in range(0, 101, 20)])
    style.put_ticks(axes, "y", [0, int(counts.max())], ["0", str(int(counts.max()))])
