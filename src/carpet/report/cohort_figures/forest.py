"""Forest plot: effects with intervals, own results beside published ones, slips of the publications as notes below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.core.errors import ProtocolError
from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import KeyEntry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_IN, BELOW_IN, GAP_IN = 0.19, 0.50, 0.14
SIDE_IN = 0.08
WIDEST_LABEL_IN = 2.35
OWN, PUBLISHED = "#0072B2", "#D55E00"
MOST_TICKS = 8
EMPTY = "No effect to draw."


@dataclass(frozen=True, slots=True)
class ForestRow:
    """An effect and its interval; None where there is none, with the reason in `text`. note: a slip of the publication, printed below.

    heading: rows that follow each other under the same heading form a block. counts: `n` or `events/n` in words.
    """

    label: str
    effect: float | None
    low: float | None = None
    high: float | None = None
    counts: str = ""
    own: bool = True
    heading: str = ""
    note: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ForestData:
    """effect: `Hazard ratio` or `Overall response (%)`. null: the line of no effect; None for none. sides: words left and right of it.

    interval: what the limits are, where they are no intervals at `level`.
    """

    title: str
    effect: str
    rows: tuple[ForestRow, ...]
    log: bool = True
    null: float | None = 1.0
    sides: tuple[str, str] = ("", "")
    level: float = 0.95
    decimals: int = 2
    interval: str = ""


def forest_figure(data: ForestData) -> Figure:
    """Own effects as filled squares, published ones as open diamonds, an arrow where an interval leaves the plot.

    Raises ProtocolError for an effect that a logarithmic axis can't hold.
    """
    if data.log and any(one.effect is not None and one.effect <= 0 for one in data.rows):
        raise ProtocolError("an effect on a logarithmic axis is above 0")
    if not data.rows:
        return style.no_data(style.FULL_IN, data.title, EMPTY)
    lines, notes = _lines(data.rows), _notes(data.rows)
    foot = [line for n, text in enumerate(notes) for line in style.wrapped(f"{n + 1}  {text}", style.FULL_IN - 0.3, style.TICK_PT)]
    below = BELOW_IN + style.LINE_IN * len(foot) + 0.08 + (style.LINE_IN if any(data.sides) else 0.0)
    entries = _key(data.rows)
    key_in = style.key_height_in(entries, style.FULL_IN - 0.3)
    height = ROW_IN * (len(lines) + 1)
    figure, page = style.new_page(style.FULL_IN, below + height + key_in + 0.06 + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, below + height + key_in + 0.04, style.FULL_IN - 0.3)
    counts_at, left, right = _columns(data)
    axes = style.plot_axes(figure, (left, below, right - left, height))
    _draw_axis(axes, data, len(lines))
    for n, line in enumerate(lines):
        y = below + height - ROW_IN * (n + 1.5)
        if isinstance(line, str):
            drawing.write(page, 0.12, y, line, size_pt=style.TICK_PT, ha="left", fontweight="bold")
        else:
            _write_row(page, data, line, (y, counts_at, right), notes)
            _draw_effect(axes, line, n)
    _write_heads(page, data, below + height - ROW_IN * 0.5, counts_at, right)
    style.draw_notes(page, foot)
    return figure


def forest_rows(data: ForestData) -> list[dict[str, Any]]:
    """A row an effect, as drawn from top to bottom."""
    return [
        {
            "heading": one.heading,
            "label": one.label,
            "from": "own" if one.own else "published",
            "counts": one.counts,
            "effect": one.effect,
            "low": one.low,
            "high": one.high,
            "text": one.text,
            "note": one.note,
        }
        for one in data.rows
    ]


def effect_text(row: ForestRow, decimals: int) -> str:
    """`1.85 (1.10–3.12)`, the effect alone where there is no interval, the reason where there is no effect."""
    if row.effect is None:
        return row.text or "not estimable"
    ends = [_words(one, decimals) if one is not None else "…" for one in (row.low, row.high)]
    known = row.low is not None or row.high is not None
    return _words(row.effect, decimals) + (f" ({ends[0]}–{ends[1]})" if known else "")


def _words(value: float, decimals: int) -> str:
    fewer = 0 if abs(value) < 10 else 1 if abs(value) < 100 else 2  # 161.34 is no more exact than 161
    return "∞" if value == math.inf else f"{value:.{max(decimals - fewer, 0)}f}".replace("-", "\u2212")


def _lines(rows: Sequence[ForestRow]) -> list[str | ForestRow]:
    lines: list[str | ForestRow] = []
    heading = ""
    for one in rows:
        if one.heading and one.heading != heading:
            lines.append(one.heading)
        heading = one.heading
        lines.append(one)
    return lines


def _notes(rows: Sequence[ForestRow]) -> list[str]:
    return list(dict.fromkeys(one.note for one in rows if one.note))


def _key(rows: Sequence[ForestRow]) -> list[KeyEntry]:
    kinds = {one.own for one in rows}
    own, published = KeyEntry("this cohort", OWN, "s"), KeyEntry("published", PUBLISHED, "D", hollow=True)
    return [own, published] if len(kinds) == 2 else []


def _columns(data: ForestData) -> tuple[float, float, float]:
    """Inches from the left: right edge of the counts, left and right edge of the plot."""
    labels = [style.text_width_in(one.label, style.TICK_PT) + 0.12 * bool(one.note) for one in data.rows]
    counts = max([style.text_width_in(one.counts, style.TICK_PT) for one in data.rows] + [0.1])
    texts = max(style.text_width_in(effect_text(one, data.decimals), style.TICK_PT) for one in data.rows)
    head = style.text_width_in(_head(data), style.TICK_PT)
    counts_at = 0.22 + min(max(labels), WIDEST_LABEL_IN) + 0.2 + counts
    return counts_at, counts_at + 0.16, style.FULL_IN - 0.12 - max(texts, head) - GAP_IN


def _head(data: ForestData) -> str:
    return f"{drawing.shortened(data.effect, 26)} ({data.interval or f'{100 * data.level:g}% CI'})"


def _range(data: ForestData) -> tuple[float, float]:
    """What the axis must hold: all effects and their limits, at most tenfold (log) beyond the outermost effect, and the null."""
    effects = [one.effect for one in data.rows if one.effect is not None] + ([data.null] if data.null is not None else [])
    known = [one for one in data.rows if one.effect is not None]
    limits = [limit for one in known for limit in (one.low, one.high) if limit is not None and math.isfinite(limit)]
    effects = effects or [1.0]
    if not data.log:
        low, high = min([*effects, *limits]), max([*effects, *limits])
        return low - 0.06 * (high - low or 1.0), high + 0.06 * (high - low or 1.0)
    low = max(min([*effects, *(one for one in limits if one > 0)]), min(effects) / 10)
    high = min(max([*effects, *limits]), max(effects) * 10)
    return min(low * 0.87, 0.7), max(high * 1.15, 1.4)


def _draw_axis(axes: Axes, data: ForestData, rows: int) -> None:
    axes.set_ylim(rows - 0.5, -1.5)
    axes.spines["left"].set_visible(False)
    if data.log:
        axes.set_xscale("log")
    low, high = _range(data)
    axes.set_xlim(low, high)
    if data.log:
        ticks = _log_ticks(low, high)
    else:
        from matplotlib.ticker import MaxNLocator

        ticks = [float(one) for one in MaxNLocator(6).tick_values(low, high) if low <= one <= high]
    style.put_ticks(axes, "x", ticks, [style.number_words(one) for one in ticks])
    style.put_ticks(axes, "y", [], [])
    if data.null is not None:
        axes.axvline(data.null, color=drawing.QUIET, linewidth=0.8, linestyle=(0, (4.0, 2.5)), ymax=rows / (rows + 1), zorder=1)
    style.name_axes(axes, data.effect + (", log axis" if data.log else ""), "")
    how: dict[str, Any] = {"size_pt": style.TICK_PT, "color": drawing.QUIET, "clip_on": False}
    if data.null is not None and any(data.sides):
        from matplotlib.transforms import ScaledTranslation

        at, inches = axes.get_xaxis_transform(), axes.figure.dpi_scale_trans
        left, right = (at + ScaledTranslation(side * SIDE_IN, 0, inches) for side in (-1, 1))
        depth = -(0.31 + style.LINE_IN) / (ROW_IN * (rows + 1))
        drawing.write(axes, data.null, depth, f"← {data.sides[0]}", ha="right", **(how | {"transform": left}))
        drawing.write(axes, data.null, depth, f"{data.sides[1]} →", ha="left", **(how | {"transform": right}))


def _log_ticks(low: float, high: float) -> list[float]:
    """Round numbers, as many as have room: tens, or 1 2 5, or finer where the axis is short."""
    found: list[float] = []
    for leading in ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)):
        ticks = [m * 10.0**p for p in range(-6, 7) for m in leading if low <= m * 10.0**p <= high]
        if len(ticks) <= MOST_TICKS:
            found = ticks
    return found


def _draw_effect(axes: Axes, row: ForestRow, n: int) -> None:
    if row.effect is None:
        return
    colour = OWN if row.own else PUBLISHED
    low, high = axes.get_xlim()
    if row.low is not None or row.high is not None:
        first, end = (-math.inf if row.low is None else row.low), (math.inf if row.high is None else row.high)
        axes.plot(
            [max(first, low), min(end, high)],
            [n, n],
            color=colour,
            linewidth=1.2,
            solid_capstyle="butt",
            gid=style.artist_id(f"interval {n}"),
            zorder=3,
        )
        for outside, edge, sign in ((first < low, low, "<"), (end > high, high, ">")):
            if outside:
                axes.plot([edge], [n], marker=sign, markersize=4.5, color=colour, clip_on=False, zorder=4)
    inside = colour if row.own else "white"
    how: dict[str, Any] = {"marker": "s" if row.own else "D", "markersize": 5.4 if row.own else 4.8, "markerfacecolor": inside}
    axes.plot([row.effect], [n], color=colour, markeredgewidth=1.0, linestyle="none", gid=style.artist_id(f"effect {n}"), zorder=5, **how)


def _write_row(page: Axes, data: ForestData, row: ForestRow, at: tuple[float, float, float], notes: Sequence[str]) -> None:
    y, counts_at, right = at
    label = style.fitted(row.label, WIDEST_LABEL_IN - 0.12 * bool(row.note), style.TICK_PT)
    drawing.write(page, 0.22, y, label, size_pt=style.TICK_PT, ha="left")
    if row.note:
        x = 0.22 + style.text_width_in(label, style.TICK_PT) + 0.03
        drawing.write(page, x, y + 0.03, str(notes.index(row.note) + 1), size_pt=5.5, ha="left", color=PUBLISHED, fontweight="bold")
    drawing.write(page, counts_at, y, row.counts, size_pt=style.TICK_PT, ha="right")
    drawing.write(page, right + GAP_IN, y, effect_text(row, data.decimals), size_pt=style.TICK_PT, ha="left")


def _write_heads(page: Axes, data: ForestData, y: float, counts_at: float, right: float) -> None:
    how: dict[str, Any] = {"size_pt": style.TICK_PT, "color": drawing.QUIET}
    if any(one.counts for one in data.rows):
        events = any("/" in one.counts for one in data.rows)
        drawing.write(page, counts_at, y, "events/n" if events else "n", ha="right", **how)
    drawing.write(page, right + GAP_IN, y, _head(data), ha="left", **how)
