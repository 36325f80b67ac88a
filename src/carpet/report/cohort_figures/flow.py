"""Flow of patients: from all who were enrolled to those analysed, with every exclusion as a box beside its step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from carpet.core.errors import ProtocolError
from carpet.report import drawing
from carpet.report.cohort_figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOX_IN, ASIDE_IN, SPACE_IN, PAD_IN = 2.7, 3.2, 0.20, 0.09
LEFT_IN = 0.35
EMPTY = "No patient entered."


@dataclass(frozen=True, slots=True)
class FlowStep:
    """Patients at a step, and who is left out after it: (reason, patients). The rest go on to the next step."""

    says: str
    patients: int
    excluded: tuple[tuple[str, int], ...] = ()

    @property
    def left_out(self) -> int:
        return sum(n for _, n in self.excluded)


@dataclass(frozen=True, slots=True)
class FlowData:
    """Steps from the first to the analysis, which may be split into groups: (name, patients)."""

    title: str
    steps: tuple[FlowStep, ...]
    groups: tuple[tuple[str, int], ...] = ()


def flow_figure(data: FlowData) -> Figure:
    """The boxes and arrows. Raises ProtocolError where the numbers do not add up: a flow that loses patients silently is no flow."""
    _check(data)
    if not data.steps or not data.steps[0].patients:
        return style.no_data(style.FULL_IN, data.title, EMPTY)
    heights = [_height(one.says, BOX_IN, extra=1) for one in data.steps]
    asides = [_aside_in(one) for one in data.steps]
    groups = _group_lines(data)
    tail = SPACE_IN * 2 + max((style.LINE_IN * len(lines) + 2 * PAD_IN for lines in groups), default=0.0) if groups else 0.0
    spaces = [max(SPACE_IN, aside + 0.16) if aside else SPACE_IN for aside in asides]
    whole = sum(heights) + sum(spaces[:-1]) + (asides[-1] + 0.16 if asides[-1] else 0.0) + tail
    figure, page = style.new_page(style.FULL_IN, whole + 0.1 + style.head_in(data.title), data.title)
    y = whole + 0.06
    for n, one in enumerate(data.steps):
        lines = [*style.wrapped(one.says, BOX_IN - 2 * PAD_IN, style.TICK_PT), f"n = {one.patients}"]
        _box(page, (LEFT_IN, y - heights[n], BOX_IN, heights[n]), lines, centred=True)
        y -= heights[n]
        if one.excluded:
            _draw_aside(page, one, y - (spaces[n] - asides[n]) / 2, asides[n])
        y = _trunk(page, y, (spaces[n], asides[n]), last=n + 1 == len(data.steps), groups=bool(groups))
    if groups:
        _draw_groups(page, groups, y)
    return figure


def flow_rows(data: FlowData) -> list[dict[str, Any]]:
    """A row a box, from top to bottom."""
    rows: list[dict[str, Any]] = []
    for one in data.steps:
        rows.append({"box": "step", "says": one.says, "patients": one.patients})
        rows += [{"box": "excluded", "says": reason, "patients": n} for reason, n in one.excluded]
    return rows + [{"box": "group", "says": name, "patients": n} for name, n in data.groups]


def _check(data: FlowData) -> None:
    for one, after in pairwise(data.steps):
        if one.patients - one.left_out != after.patients:
            raise ProtocolError(f"{one.says}: {one.patients} − {one.left_out} excluded is not {after.patients} ({after.says})")
    if data.groups and data.steps:
        last = data.steps[-1]
        if last.patients - last.left_out != sum(n for _, n in data.groups):
            raise ProtocolError(
                f"{last.says}: the groups hold {sum(n for _, n in data.groups)} patients, not {last.patients - last.left_out}"
            )


def _height(says: str, width_in: float, *, extra: int) -> float:
    return style.LINE_IN * (len(style.wrapped(says, width_in - 2 * PAD_IN, style.TICK_PT)) + extra) + 2 * PAD_IN


def _aside_lines(one: FlowStep) -> list[str]:
    width = ASIDE_IN - 2 * PAD_IN
    lines = [f"Excluded (n = {one.left_out})"]
    for reason, n in one.excluded:
        first, *more = style.wrapped(f"• {reason} (n = {n})", width - 0.08, style.TICK_PT)
        lines += [first, *(f"  {line}" for line in more)]
    return lines


def _aside_in(one: FlowStep) -> float:
    return style.LINE_IN * len(_aside_lines(one)) + 2 * PAD_IN if one.excluded else 0.0


def _box(page: Axes, box: tuple[float, float, float, float], lines: list[str], *, centred: bool) -> None:
    """A frame with lines of text, the last of a centred one in bold."""
    from matplotlib.patches import Rectangle

    left, bottom, width, height = box
    page.add_patch(
        Rectangle((left, bottom), width, height, facecolor="white" if centred else "#F4F4F4", edgecolor=drawing.INK, linewidth=0.8)
    )
    for n, line in enumerate(lines):
        bold = n == (len(lines) - 1 if centred else 0)
        y = bottom + height - PAD_IN - style.LINE_IN * (n + 0.5)
        x = left + width / 2 if centred else left + PAD_IN + (0.1 if line.startswith("  ") else 0.0)
        weight = "bold" if bold else "normal"
        drawing.write(page, x, y, line, size_pt=style.TICK_PT, ha="center" if centred else "left", fontweight=weight)


def _draw_aside(page: Axes, one: FlowStep, top: float, height: float) -> None:
    x, left = LEFT_IN + BOX_IN / 2, style.FULL_IN - ASIDE_IN - 0.15
    _arrow(page, (x, top - height / 2), (left, top - height / 2))
    _box(page, (left, top - height, ASIDE_IN, height), _aside_lines(one), centred=False)


def _arrow(page: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    shape = {"arrowstyle": "-|>,head_length=0.35,head_width=0.18", "color": drawing.INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
    page.annotate("", xy=end, xytext=start, arrowprops=shape)


def _trunk(page: Axes, y: float, room: tuple[float, float], *, last: bool, groups: bool) -> float:
    """The way down from a step: an arrow to the next, a line past the last exclusions; returns where it ends."""
    space, aside = room
    x = LEFT_IN + BOX_IN / 2
    if not last:
        _arrow(page, (x, y), (x, y - space))
        return y - space
    if not aside:
        return y
    end = y - space if groups else y - space / 2
    page.plot([x, x], [y, end], color=drawing.INK, linewidth=0.8)
    return end


def _group_lines(data: FlowData) -> list[list[str]]:
    if not data.groups:
        return []
    width = (style.FULL_IN - 0.3) / len(data.groups) - 0.15 - 2 * PAD_IN
    return [[*style.wrapped(name, width, style.TICK_PT), f"n = {n}"] for name, n in data.groups]


def _draw_groups(page: Axes, groups: list[list[str]], y: float) -> None:
    """The groups side by side below the last step, joined to it."""
    height = max(style.LINE_IN * len(lines) + 2 * PAD_IN for lines in groups)
    whole = (style.FULL_IN - 0.3) / len(groups)
    middles = [0.15 + whole * (n + 0.5) for n in range(len(groups))]
    bar, trunk = y - SPACE_IN, LEFT_IN + BOX_IN / 2
    page.plot([trunk, trunk], [y, bar], color=drawing.INK, linewidth=0.8)
    page.plot([min(middles[0], trunk), max(middles[-1], trunk)], [bar, bar], color=drawing.INK, linewidth=0.8)
    for middle, lines in zip(middles, groups, strict=True):
        _arrow(page, (middle, bar), (middle, bar - SPACE_IN))
        _box(page, (middle - whole / 2 + 0.075, bar - SPACE_IN - height, whole - 0.15, height), lines, centred=True)
