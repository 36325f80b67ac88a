"""Specification curve: the main effect under every segmenter and endpoint rule, sorted, with the choices as a matrix below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.core.errors import ProtocolError
from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import KeyEntry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_IN, ROW_IN, GAP_IN, RIGHT_IN = 2.1, 0.135, 0.12, 0.15
MOST_NAME_IN = 1.75
MAIN, SURE, UNSURE = "#D55E00", "#0072B2", "#8A8A8A"
EMPTY = "No specification could be estimated."


@dataclass(frozen=True, slots=True)
class Specification:
    """One analysis: the option chosen in each dimension, its effect and interval; None where it could not be estimated, and why."""

    choices: tuple[str, ...]
    effect: float | None
    low: float | None = None
    high: float | None = None
    main: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class SpecificationData:
    """effect: `Hazard ratio of TMTV`. dimensions: `Segmenter`, `Endpoint rule`. null: the line of no effect."""

    title: str
    effect: str
    dimensions: tuple[str, ...]
    specifications: tuple[Specification, ...]
    null: float = 1.0
    log: bool = True
    level: float = 0.95

    @property
    def drawn(self) -> list[Specification]:
        """Those with an effect, from the smallest to the largest."""
        return sorted((one for one in self.specifications if one.effect is not None), key=lambda one: (one.effect or 0.0, one.choices))


def specification_curve_figure(data: SpecificationData) -> Figure:
    """Effects above, choices below. Raises ProtocolError for a missing choice, or an effect that the axis can't hold."""
    if any(len(one.choices) != len(data.dimensions) for one in data.specifications):
        raise ProtocolError(f"every specification needs {len(data.dimensions)} choices: {', '.join(data.dimensions)}")
    if data.log and any(one.effect is not None and one.effect <= 0 for one in data.specifications):
        raise ProtocolError("an effect on a logarithmic axis is above 0")
    if not data.drawn:
        return style.no_data(style.FULL_IN, data.title, EMPTY)
    lines = _lines(data)
    entries, notes = _key(data), style.wrapped(_summary(data), style.FULL_IN - 0.3, style.TICK_PT)
    key_in = style.key_height_in(entries, style.FULL_IN - 0.3)
    matrix, foot = ROW_IN * len(lines), 0.14 + style.LINE_IN * len(notes)
    whole = foot + matrix + GAP_IN + PLOT_IN + 0.1 + key_in + style.head_in(data.title)
    figure, page = style.new_page(style.FULL_IN, whole, data.title)
    style.draw_key(page, entries, 0.12, foot + matrix + GAP_IN + PLOT_IN + 0.08 + key_in, style.FULL_IN - 0.3)
    left = 0.32 + min(max(style.text_width_in(option, style.TICK_PT) for option, _ in lines), MOST_NAME_IN)
    left = max(left, 0.72)
    width = style.FULL_IN - left - RIGHT_IN
    axes = style.plot_axes(figure, (left, foot + matrix + GAP_IN, width, PLOT_IN))
    _draw_effects(axes, data)
    style.name_axes(axes, "", data.effect + (", log axis" if data.log else ""), left_in=0.5)
    below = drawing.bare_axes(figure, left, foot, width, matrix)
    _draw_matrix(below, data, lines, left)
    style.draw_notes(page, notes)
    return figure


def specification_curve_rows(data: SpecificationData) -> list[dict[str, Any]]:
    """A row a specification in the order drawn, then those without an effect."""
    rows: list[dict[str, Any]] = []
    for n, one in enumerate([*data.drawn, *(one for one in data.specifications if one.effect is None)]):
        place = n + 1 if one.effect is not None else None
        chosen = dict(zip(data.dimensions, one.choices, strict=True))
        numbers = {"effect": one.effect, "low": one.low, "high": one.high, "main": "yes" if one.main else "no", "because": one.because}
        rows.append({"place": place, **chosen, **numbers})
    return rows


def _lines(data: SpecificationData) -> list[tuple[str, int | None]]:
    """The matrix from top to bottom: (option, its dimension); a dimension's name has none."""
    lines: list[tuple[str, int | None]] = []
    for n, dimension in enumerate(data.dimensions):
        options = dict.fromkeys(one.choices[n] for one in data.specifications)
        lines += [(dimension, None), *((option, n) for option in options)]
    return lines


def _excludes_null(one: Specification, null: float) -> bool:
    return one.low is not None and one.high is not None and (one.low > null or one.high < null)


def _colour(one: Specification, null: float) -> str:
    return MAIN if one.main else SURE if _excludes_null(one, null) else UNSURE


def _key(data: SpecificationData) -> list[KeyEntry]:
    entries = [
        KeyEntry("main analysis", MAIN, "D"),
        KeyEntry(f"{100 * data.level:g}% interval excludes {data.null:g}", SURE, "o"),
        KeyEntry(f"interval includes {data.null:g}", UNSURE, "o", hollow=True),
    ]
    found = {_colour(one, data.null) for one in data.drawn}
    return [one for one in entries if one.colour in found]


def _summary(data: SpecificationData) -> str:
    """How many specifications agree, and how many could not be estimated."""
    drawn = data.drawn
    sure = sum(_excludes_null(one, data.null) for one in drawn)
    effects = [one.effect for one in drawn if one.effect is not None]
    many = "specification" if len(drawn) == 1 else "specifications"
    ends = f"effect from {effects[0]:.2f} to {effects[-1]:.2f}"
    text = f"{len(drawn)} {many}; {ends}; the interval excludes {data.null:g} in {sure}."
    lost = len(data.specifications) - len(drawn)
    return f"{text} {lost} more could not be estimated." if lost else text


def _draw_effects(axes: Axes, data: SpecificationData) -> None:
    drawn = data.drawn
    axes.set_xlim(-0.8, len(drawn) - 0.2)
    if data.log:
        axes.set_yscale("log")
    known = [value for one in drawn for value in (one.low, one.effect, one.high) if value is not None and math.isfinite(value)]
    values = [value for value in known if value > 0 or not data.log]
    low, high = min([*values, data.null]), max([*values, data.null])
    pad = (high / low) ** 0.06 if data.log else 0.06 * (high - low or 1.0)
    axes.set_ylim((low / max(pad, 1.02), high * max(pad, 1.02)) if data.log else (low - pad, high + pad))
    _put_effect_ticks(axes, log=data.log)
    style.put_ticks(axes, "x", [], [])
    axes.spines["bottom"].set_visible(False)
    axes.axhline(data.null, color=drawing.QUIET, linewidth=0.8, linestyle=(0, (4.0, 2.5)), zorder=1)
    for n, one in enumerate(drawn):
        colour = _colour(one, data.null)
        if one.low is not None and one.high is not None:
            ends = [max(one.low, axes.get_ylim()[0]), min(one.high, axes.get_ylim()[1])]
            axes.plot([n, n], ends, color=colour, linewidth=1.0, gid=style.artist_id(f"interval {n}"), zorder=3)
        hollow = colour == UNSURE
        how: dict[str, Any] = {"marker": "D" if one.main else "o", "markersize": 4.6 if one.main else 3.6, "linestyle": "none"}
        how |= {"markerfacecolor": "white" if hollow else colour, "markeredgewidth": 0.9, "gid": style.artist_id(f"effect {n}")}
        axes.plot([n], [one.effect or 0.0], color=colour, zorder=5 if one.main else 4, **how)


def _put_effect_ticks(axes: Axes, *, log: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_ylim()
    if log:
        places = [m * 10.0**p for p in range(-3, 4) for m in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)]
        ticks = [one for one in places if low <= one <= high]
        ticks = ticks if len(ticks) <= 9 else [one for one in ticks if f"{one:g}".lstrip("0.")[0] in "125"]
    else:
        ticks = [float(one) for one in MaxNLocator(6).tick_values(low, high) if low <= one <= high]
    style.put_ticks(axes, "y", ticks, [style.number_words(one) for one in ticks])


def _draw_matrix(axes: Axes, data: SpecificationData, lines: list[tuple[str, int | None]], left_in: float) -> None:
    """A dot where a specification chose the option; the main analysis as a pale column."""
    drawn = data.drawn
    axes.set_xlim(-0.8, len(drawn) - 0.2)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    per_in = (len(drawn) + 0.6) / (style.FULL_IN - left_in - RIGHT_IN)
    for n, one in enumerate(drawn):
        if one.main:
            axes.axvspan(n - 0.5, n + 0.5, facecolor=MAIN, alpha=0.14, linewidth=0)
    shaded = 0
    for y, (option, dimension) in enumerate(lines):
        bold = {"fontweight": "bold"} if dimension is None else {}
        words = style.fitted(option, left_in - 0.3, style.TICK_PT)
        x = -0.8 - per_in * (left_in - (0.12 if dimension is None else 0.2))
        drawing.write(axes, x, y, words, size_pt=style.TICK_PT, ha="left", clip_on=False, **bold)
        if dimension is None:
            continue
        shaded += 1
        if shaded % 2:
            axes.axhspan(y - 0.5, y + 0.5, facecolor="#F1F1F1", linewidth=0, zorder=0)
        chosen = [n for n, one in enumerate(drawn) if one.choices[dimension] == option]
        colours = [_colour(drawn[n], data.null) for n in chosen]
        axes.scatter(chosen, [y] * len(chosen), c=colours, s=7, marker="s", linewidths=0, gid=style.artist_id(f"chosen {option}"), zorder=3)
