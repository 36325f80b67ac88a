"""Alluvial plot: how responses change from one time point to the next, for all patients, the dead and not evaluable included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from carpet.core.errors import ProtocolError
from carpet.report import drawing
from carpet.report.cohort_figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_IN, NODE_IN, GAP_SHARE = 3.5, 0.56, 0.022
WIDTH_IN = style.FULL_IN - 0.5
NUMBERED_SHARE = 0.028  # of the height: words in a thinner box are smaller, a thinner ribbon has no number
DARK = ("CR", "PD", "dead")  # written on in white
IN_BOX = {"DISCORDANT": "PET≠CT", "new therapy": "therapy"}  # what is too long for a box
EMPTY = "No patient to draw."


@dataclass(frozen=True, slots=True)
class AlluvialData:
    """paths: a patient's category at each time point, in the order of `stages`; `dead` and `NE` are categories."""

    title: str
    criterion: str
    stages: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]

    def nodes(self, stage: int) -> Counter[str]:
        """Patients by category at a time point."""
        return Counter(path[stage] for path in self.paths)

    def flows(self, stage: int) -> Counter[tuple[str, str]]:
        """Patients by category at a time point and at the next."""
        return Counter((path[stage], path[stage + 1]) for path in self.paths)


def alluvial_figure(data: AlluvialData) -> Figure:
    """Boxes as high as their patients are many, ribbons in the colour of where they come from. Raises ProtocolError for a short path."""
    if any(len(path) != len(data.stages) for path in data.paths):
        raise ProtocolError(f"every path needs {len(data.stages)} categories, one for each of {', '.join(data.stages)}")
    if not data.paths or not data.stages:
        return style.no_data(style.FULL_IN, data.title, EMPTY)
    entries = style.response_key({one for path in data.paths for one in path})
    key_in = style.key_height_in(entries, style.FULL_IN - 0.3)
    figure, page = style.new_page(style.FULL_IN, 0.48 + PLOT_IN + 0.1 + key_in + style.head_in(data.title), data.title)
    style.draw_key(page, entries, 0.12, 0.48 + PLOT_IN + 0.08 + key_in, style.FULL_IN - 0.3)
    axes = drawing.bare_axes(figure, 0.25, 0.48, WIDTH_IN, PLOT_IN)
    half = _node_width(data) / 2
    axes.set_xlim(-half, max(len(data.stages) - 1, 1) + half)
    tallest = max(len(data.nodes(n)) for n in range(len(data.stages)))
    total = len(data.paths) * (1 + GAP_SHARE * (tallest - 1))
    axes.set_ylim(-total, 0)
    for n in range(len(data.stages)):
        _draw_nodes(axes, data, n, total)
        _name_stage(page, axes, data.stages[n], n)
    for n in range(len(data.stages) - 1):
        _draw_flows(axes, data, n, total)
    words = f"{data.criterion}; n = {len(data.paths)} at every time point"
    drawing.write(page, style.FULL_IN / 2, 0.12, words, size_pt=style.TICK_PT, ha="center", color=drawing.QUIET)
    return figure


def alluvial_rows(data: AlluvialData) -> list[dict[str, Any]]:
    """A row a box, and a row a ribbon (with `to_stage`)."""
    rows: list[dict[str, Any]] = []
    for n, stage in enumerate(data.stages):
        nodes = data.nodes(n)
        rows += [{"stage": stage, "category": one, "patients": nodes[one]} for one in style.in_order(set(nodes))]
    for n, (stage, later) in enumerate(pairwise(data.stages)):
        flows = data.flows(n)
        rows += [
            {"stage": stage, "category": a, "to_stage": later, "to_category": b, "patients": flows[a, b]}
            for a in style.in_order(set(data.nodes(n)))
            for b in style.in_order(set(data.nodes(n + 1)))
            if flows[a, b]
        ]
    return rows


def _node_width(data: AlluvialData) -> float:
    """The width of a box in units of one time point to the next."""
    return NODE_IN * max(len(data.stages) - 1, 1) / (WIDTH_IN - NODE_IN)


def _tops(data: AlluvialData, stage: int) -> dict[str, float]:
    """The upper edge of each box, 0 at the top, in patients."""
    nodes, gap = data.nodes(stage), GAP_SHARE * len(data.paths)
    tops, y = {}, 0.0
    for one in style.in_order(set(nodes)):
        tops[one] = -y
        y += nodes[one] + gap
    return tops


def _draw_nodes(axes: Axes, data: AlluvialData, stage: int, total: float) -> None:
    from matplotlib.patches import Rectangle

    nodes, width = data.nodes(stage), _node_width(data)
    for one, top in _tops(data, stage).items():
        box = (stage - width / 2, top - nodes[one])
        colour = style.response_colour(one)
        gid = style.artist_id(f"node {stage} {one}")
        axes.add_patch(Rectangle(box, width, nodes[one], facecolor=colour, linewidth=0, gid=gid, zorder=4))
        how: dict[str, Any] = {"size_pt": style.TICK_PT, "color": "white" if style.SAME_AS.get(one, one) in DARK else drawing.INK}
        if nodes[one] < NUMBERED_SHARE * total:
            how = {"size_pt": style.SMALL_PT - 1, "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.4}}
        words = style.fitted(f"{IN_BOX.get(one, one)} {nodes[one]}", NODE_IN, how["size_pt"])
        drawing.write(axes, stage, top - nodes[one] / 2, words, ha="center", fontweight="bold", zorder=6, **how)


def _draw_flows(axes: Axes, data: AlluvialData, stage: int, total: float) -> None:
    """Ribbons leave a box in the order of the boxes they reach, and arrive in the order of those they come from."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    flows, start, end = data.flows(stage), _tops(data, stage), _tops(data, stage + 1)
    half = _node_width(data) / 2
    x0, x1 = stage + half, stage + 1 - half
    middle = (x0 + x1) / 2
    curve, line = Path.CURVE4, Path.LINETO
    for a in list(start):
        for b in list(end):
            n = flows[a, b]
            if not n:
                continue
            y0, y1 = start[a], end[b]
            upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
            lower = [(x1, y1 - n), (middle, y1 - n), (middle, y0 - n), (x0, y0 - n), (x0, y0)]
            path = Path(upper + lower, [Path.MOVETO, curve, curve, curve, line, curve, curve, curve, Path.CLOSEPOLY])
            colour = style.response_colour(a)
            axes.add_patch(
                PathPatch(path, facecolor=colour, alpha=0.42, linewidth=0, gid=style.artist_id(f"flow {stage} {a} {b}"), zorder=2)
            )
            start[a], end[b] = y0 - n, y1 - n
            if a != b and n >= NUMBERED_SHARE * total:
                place = x0 + 0.04 * (x1 - x0)
                drawing.write(axes, place, y0 - n / 2, str(n), size_pt=style.SMALL_PT, ha="left", zorder=5)


def _name_stage(page: Axes, axes: Axes, stage: str, n: int) -> None:
    first, last = axes.get_xlim()
    x = 0.25 + WIDTH_IN * (n - first) / (last - first)
    drawing.write(page, x, 0.34, drawing.shortened(stage, 16), size_pt=style.LABEL_PT, ha="center", fontweight="bold")
