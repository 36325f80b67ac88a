"""Decision curve: the net benefit of acting on a model, on nobody and on everybody, over the threshold of risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carpet.report import drawing
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.style import KeyEntry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLOT_IN, LEFT_IN, RIGHT_IN = 2.6, 0.72, 0.2
DEPTH = 0.25  # of the highest net benefit: so far the axis goes below 0 [P]
ALL, NONE = ("#8A8A8A", (0, (1.2, 1.2))), (drawing.INK, "-")
EMPTY = "No decision curve: no threshold with an estimate."


@dataclass(frozen=True, slots=True)
class BenefitCurve:
    """A model's net benefit at each threshold of `DecisionData`; None where there is none."""

    name: str
    net_benefit: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class DecisionData:
    """thresholds: risks from 0 to 1, rising. treat_all: net benefit of acting on everybody. by: `12 months`."""

    title: str
    outcome: str
    by: str
    thresholds: tuple[float, ...]
    models: tuple[BenefitCurve, ...]
    treat_all: tuple[float | None, ...]
    says: tuple[str, ...] = ()


def decision_curve_figure(data: DecisionData) -> Figure:
    """Lines of net benefit; acting on nobody is 0. A stretch without an estimate stays open. Says so where there is nothing."""
    every = [value for one in data.models for value in one.net_benefit if value is not None]
    if not every:
        return style.no_data(style.MIDDLE_IN, data.title, EMPTY)
    lines = [(one.name, one.net_benefit, *style.group_look(n)) for n, one in enumerate(data.models)]
    lines.append(("act on everybody", data.treat_all, *ALL))
    entries = [KeyEntry(drawing.shortened(name, style.SHORT_LABEL), colour, "s", line) for name, _, colour, line in lines]
    entries.append(KeyEntry("act on nobody", NONE[0], "s", NONE[1]))
    key_in = style.key_height_in(entries, style.MIDDLE_IN - 0.3)
    notes = style.note_lines(data.says, style.MIDDLE_IN - 0.3)
    below = style.foot_in(notes)
    figure, page = style.new_page(style.MIDDLE_IN, below + PLOT_IN + 0.12 + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, below + PLOT_IN + 0.1 + key_in, style.MIDDLE_IN - 0.3)
    axes = style.plot_axes(figure, (LEFT_IN, below, style.MIDDLE_IN - LEFT_IN - RIGHT_IN, PLOT_IN))
    percent = [100 * one for one in data.thresholds]
    last = max(10.0, *percent)
    axes.set_xlim(0, last)
    highest = max([*every, *(value for value in data.treat_all if value is not None), 0.05])
    axes.set_ylim(-DEPTH * highest, highest * 1.05)
    _put_ticks(axes, last, highest)
    axes.axhline(0, color=NONE[0], linewidth=0.9, zorder=2)
    for name, values, colour, line in lines:
        shown = [float("nan") if value is None else value for value in values]
        axes.plot(
            percent,
            shown,
            color=colour,
            linestyle=line,
            linewidth=1.5,
            marker="o" if len(percent) == 1 else "",
            gid=style.artist_id(f"net benefit {name}"),
            zorder=4,
        )
    style.name_axes(axes, f"Threshold: risk of {data.outcome} by {data.by} (%)", "Net benefit", left_in=0.52)
    style.draw_notes(page, notes)
    return figure


def decision_curve_rows(data: DecisionData) -> list[dict[str, Any]]:
    """A row a strategy and threshold."""
    strategies = [
        *data.models,
        BenefitCurve("act on everybody", data.treat_all),
        BenefitCurve("act on nobody", (0.0,) * len(data.thresholds)),
    ]
    return [
        {"strategy": one.name, "threshold": threshold, "net_benefit": value}
        for one in strategies
        for threshold, value in zip(data.thresholds, one.net_benefit, strict=True)
    ]


def _put_ticks(axes: Any, last: float, highest: float) -> None:
    step = 10 if last <= 60 else 20
    style.put_ticks(axes, "x", range(0, int(last) + 1, step), [str(n) for n in range(0, int(last) + 1, step)])
    step_y = next((one for one in (0.01, 0.02, 0.05, 0.1, 0.2) if highest * (1 + DEPTH) / one <= 8), 0.5)
    ticks = [n * step_y for n in range(-int(DEPTH * highest / step_y), int(highest * 1.05 / step_y) + 1)]
    style.put_ticks(axes, "y", ticks, [style.number_words(round(one, 4)) for one in ticks])
