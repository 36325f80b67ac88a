"""The whole course at a glance: the coronal projection of every scan side by side, each lesion in the colour of its track."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carpet.core.lesion import Status
from carpet.core.space import Grid, Quantity, Region
from carpet.report import drawing
from carpet.report.mip import Projected, draw_view, mark, shown_mm
from carpet.report.patient_view import drawn_region
from carpet.report.tracks import COLOURS, LEADING, TrackedRegion

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_DPI = 300  # what a journal asks for
MOST_IN_ROW = 4  # scans beside each other that stay legible on A4
BAR_IN, GAP_IN = 0.68, 0.40  # the colour bar's column; a time point without a scan
LABEL_IN = 0.27  # beside each body, for the names of tracks
HEAD_IN, NAME_IN, LINE_IN, FOOT_IN = 0.28, 0.44, 0.125, 0.36  # on top, above each scan, a line below it, the legend
TALLEST_IN, SHEET_IN = 3.6, 7.4  # a row of bodies; all rows together fit a page
SLOT_IN, EMPTY_IN = 2.6, 1.75  # a single scan need not fill the sheet; height of rows in which no scan was measured
LINES = 4  # of text below a scan


@dataclass(frozen=True, eq=False)
class RowScan:
    """A scan of the row: its time point, its day in words, its projection with the tracked regions, undecided regions, and what is
    said below.

    mip_coronal: float32 (head→feet, right→left) in SUVbw; mip_grid: `patient_view.drawn_grid` of the PET's grid.
    """

    name: str
    day: str
    mip_coronal: NDArray[np.float32]
    mip_grid: Grid
    regions: Sequence[TrackedRegion] = ()
    undecided: Sequence[Region] = ()
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoScan:
    """A place in the row without a picture. wide: a scan that was made and cannot be shown; else a time point nobody scanned at."""

    name: str
    day: str
    because: str
    wide: bool


def mip_row_png(row: Sequence[RowScan | NoScan], *, status_text: str, foot: str = "") -> bytes | None:
    """The picture as PNG at 300 dpi, None for an empty row: one scale and one window for all, the patient's right on the left."""
    if not row:
        return None
    buffer = io.BytesIO()
    figure = mip_row_figure(row, status_text=status_text, foot=foot)
    figure.savefig(buffer, format="png", dpi=ROW_DPI, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def track_colour(track: str) -> str:
    """The colour in which a track is drawn; it recurs after seven tracks, so the name always stands beside it."""
    digits = "".join(letter for letter in track if letter.isdigit())
    return COLOURS[(int(digits or "1") - 1) % len(COLOURS)]


@dataclass(frozen=True, eq=False)
class _Layout:
    """Rows of the sheet and the scale that they share."""

    rows: list[list[tuple[RowScan | NoScan, Projected | None]]]
    inch_per_mm: float
    slot_in: float
    heights_in: list[float]


def mip_row_figure(row: Sequence[RowScan | NoScan], *, status_text: str, foot: str = "") -> Figure:
    """The figure behind `mip_row_png`."""
    layout = _laid_out(row)
    lines_in = LINE_IN * max((len(one.below[:LINES]) for one in row if isinstance(one, RowScan)), default=0) + 0.22
    heights_in = [NAME_IN + height + lines_in for height in layout.heights_in]
    height_in = sum(heights_in) + FOOT_IN + HEAD_IN
    figure = drawing.new_figure(drawing.WIDTH_IN, height_in)
    paper = drawing.bare_axes(figure, 0, 0, drawing.WIDTH_IN, height_in)
    paper.set_xlim(0, drawing.WIDTH_IN)
    paper.set_ylim(0, height_in)
    top_in = height_in - HEAD_IN
    drawing.draw_mark(paper, 0.08, top_in + 0.12, status_text, ha="left")
    if any(isinstance(one, RowScan) for one in row):
        _draw_window(figure, paper, top_in, layout.heights_in[0])
    scale_drawn = False
    for cells, row_in, body_in in zip(layout.rows, heights_in, layout.heights_in, strict=True):
        scale_drawn = _draw_row(figure, paper, layout, cells, top_in - NAME_IN, body_in, scale_drawn=scale_drawn)
        top_in -= row_in
    _draw_legend(paper, row, foot)
    return figure


def _laid_out(row: Sequence[RowScan | NoScan]) -> _Layout:
    """As few rows as hold four scans each, evenly filled; the scale is the largest that fits all of them."""
    wide = [n for n, one in enumerate(row) if isinstance(one, RowScan) or one.wide]
    number = max(1, -(-len(wide) // MOST_IN_ROW))
    per_row = -(-len(wide) // number) or 1
    starts = [0, *(wide[n] for n in range(per_row, len(wide), per_row)), len(row)]
    rows = [[(one, _view(one) if isinstance(one, RowScan) else None) for one in row[a:b]] for a, b in pairwise(starts)]
    narrow = max(sum(isinstance(one, NoScan) and not one.wide for one, _ in cells) for cells in rows)
    slot_in = min((drawing.WIDTH_IN - BAR_IN - narrow * GAP_IN) / per_row, SLOT_IN)
    views = [view for cells in rows for _, view in cells if view is not None]
    if not views:
        return _Layout(rows, 1.0, slot_in, [EMPTY_IN] * len(rows))
    tallest_in = min(TALLEST_IN, SHEET_IN / number - NAME_IN - 0.5)
    inch_per_mm = min(
        (slot_in - 2 * LABEL_IN) / max(_width_mm(view) for view in views), tallest_in / max(_height_mm(view) for view in views)
    )
    heights = [max((_height_mm(view) * inch_per_mm for _, view in cells if view is not None), default=EMPTY_IN) for cells in rows]
    return _Layout(rows, inch_per_mm, slot_in, heights)


def _width_mm(view: Projected) -> float:
    return view.shown_mm[1] - view.shown_mm[0]


def _height_mm(view: Projected) -> float:
    return float(view.pixels.shape[0]) * view.step_mm[0]


def _view(scan: RowScan) -> Projected:
    grid = scan.mip_grid
    step_mm = (round(grid.spacing_mm_kji[0], 4), round(grid.spacing_mm_kji[2], 4))
    ranked = sorted(scan.regions, key=lambda one: (-one.region.voxels, one.track))
    named = {id(one): f"{one.track}{'' if one.sure else ' ?'}" for one in ranked[:LEADING]}
    open_look = drawing.LOOKS[Status.UNDECIDED.value]
    marks = [mark(drawn_region(region, grid), open_look, "", 1, step_mm) for region in scan.undecided]
    marks += [mark(drawn_region(one.region, grid), _solid(one), named.get(id(one), ""), 1, step_mm) for one in ranked]
    return Projected(scan.mip_coronal, step_mm, shown_mm(scan.mip_coronal, step_mm, marks), tuple(marks))


def _solid(one: TrackedRegion) -> drawing.Look:
    """Filled where new; never dotted: what is drawn on a scan is there."""
    return replace(one.look, style="-")


def _draw_row(
    figure: Figure,
    paper: Axes,
    layout: _Layout,
    cells: Sequence[tuple[RowScan | NoScan, Projected | None]],
    top_in: float,
    body_in: float,
    *,
    scale_drawn: bool,
) -> bool:
    """One row of cells; `top_in` is the height of the upper edge of its bodies. The first scan of the sheet has the scale bar."""
    left_in = 0.0
    for one, view in cells:
        slot_in = layout.slot_in if isinstance(one, RowScan) or one.wide else GAP_IN
        middle_in = left_in + slot_in / 2
        name = _fitted(one.name or "–", 11, slot_in)  # bold is wider than what is measured
        drawing.write(paper, middle_in, top_in + 0.33, name, size_pt=10, ha="center", fontweight="bold")
        drawing.write(paper, middle_in, top_in + 0.19, _fitted(one.day, 7, slot_in), size_pt=7, ha="center", color=drawing.QUIET)
        if isinstance(one, RowScan) and view is not None:
            _draw_scan(figure, one, view, layout.inch_per_mm, (middle_in, top_in), scale=not scale_drawn)
            scale_drawn = True
            below_in = top_in - body_in - 0.24
            for n, line in enumerate(one.below[:LINES]):
                drawing.write(paper, middle_in, below_in - n * LINE_IN, _fitted(line, 6.5, slot_in - 0.06), size_pt=6.5, ha="center")
        elif isinstance(one, NoScan):
            _draw_absence(paper, one, (left_in, top_in - body_in), (slot_in, body_in))
        left_in += slot_in
    return scale_drawn


def _draw_scan(figure: Figure, scan: RowScan, view: Projected, inch_per_mm: float, at_in: tuple[float, float], *, scale: bool) -> None:
    width_in, height_in = _width_mm(view) * inch_per_mm, _height_mm(view) * inch_per_mm
    axes = drawing.bare_axes(figure, at_in[0] - width_in / 2, at_in[1] - height_in, width_in, height_in)
    draw_view(axes, view, inch_per_mm=inch_per_mm, title="", letters="RL")
    if scale:
        pt_mm = 1 / (72 * inch_per_mm)
        drawing.scale_bar(axes, view.shown_mm[0], _height_mm(view) + 3 * pt_mm, 100.0, above_mm=-6 * pt_mm)


def _draw_absence(paper: Axes, one: NoScan, corner_in: tuple[float, float], size_in: tuple[float, float]) -> None:
    """A box where the picture would be, with the reason; a narrow one reads from below."""
    from matplotlib.patches import Rectangle

    inset = 0.12 if one.wide else 0.05
    box = (corner_in[0] + inset, corner_in[1]), size_in[0] - 2 * inset, size_in[1]
    paper.add_patch(Rectangle(*box, facecolor="#F6F6F6", edgecolor="#B5B5B5", linewidth=0.6, linestyle=(0, (4.0, 3.0))))
    how: dict[str, Any] = {"ha": "center", "color": drawing.INK if one.wide else drawing.QUIET}
    x, y = corner_in[0] + size_in[0] / 2, corner_in[1] + size_in[1] / 2
    if not one.wide:
        drawing.write(paper, x, y, _fitted(one.because, 7, size_in[1]), size_pt=7, rotation=90, **how)
        return
    lines = _wrapped(one.because, 7, box[1] - 0.1)[:8]
    for n, line in enumerate(lines):
        drawing.write(paper, x, y + (len(lines) / 2 - n) * 0.14, line, size_pt=7, **how)


def _wrapped(text: str, size_pt: float, width_in: float) -> list[str]:
    """Lines that are no wider than this; a code breaks after an underscore."""
    lines = [""]
    for part in (part for word in text.split() for part in f"{word} ".replace("_", "_\0").split("\0")):
        if lines[-1] and _width_in(f"{lines[-1]}{part}".rstrip(), size_pt) > width_in:
            lines.append("")
        lines[-1] += part
    return [_fitted(line.strip(), size_pt, width_in) for line in lines]


def _fitted(text: str, size_pt: float, width_in: float) -> str:
    """As much of the text as has room, an ellipsis where something was left out."""
    most = len(text)
    while most > 1 and _width_in(drawing.shortened(text, most), size_pt) > width_in:
        most -= 1
    return drawing.shortened(text, most)


@cache
def _width_in(text: str, size_pt: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=drawing.FONT, size=size_pt)
    width_pt: float = text_to_path.get_text_width_height_descent(drawing.drawable(text), font, ismath=False)[0]
    return 1.02 * width_pt / 72  # hinting widens a line by a hair


def _draw_window(figure: Figure, paper: Axes, top_in: float, body_in: float) -> None:
    """What is shown, and the colour bar beside the first row."""
    says = f"coronal maximum intensity, {Quantity.SUV_BW.says}; one scale for all scans"
    drawing.write(paper, drawing.WIDTH_IN, top_in + 0.14, says, size_pt=6.5, ha="right", color=drawing.QUIET)
    height_in = min(1.9, body_in - 0.25)
    bar = drawing.bare_axes(figure, drawing.WIDTH_IN - BAR_IN + 0.12, top_in - NAME_IN - body_in, 0.13, height_in)
    drawing.draw_colour_bar(bar, np.repeat(np.linspace(1.0, 0.0, 128)[:, None], 3, axis=1), f"SUV\n({Quantity.SUV_BW.unit})")


def _draw_legend(paper: Axes, row: Sequence[RowScan | NoScan], foot: str) -> None:
    """What the lines mean, of those that occur; below it what else must be said of the row."""
    from matplotlib.path import Path

    scans = [one for one in row if isinstance(one, RowScan)]
    looks = [drawing.Look("disease, a colour is a track", COLOURS[0], "#FFFFFF", "-")] if any(one.regions for one in scans) else []
    if any(region.event == "new" for one in scans for region in one.regions):
        looks.append(drawing.Look("new", drawing.QUIET, "#FFFFFF", "-", fill=drawing.QUIET))
    if any(one.undecided for one in scans):
        looks.append(replace(drawing.LOOKS[Status.UNDECIDED.value], says="undecided, in no total"))
    x = 0.08
    for look in looks:
        box = Path([(x, 0.20), (x + 0.26, 0.20), (x + 0.26, 0.34), (x, 0.34), (x, 0.20)], closed=True)
        drawing.draw_region(paper, box, look)
        drawing.write(paper, x + 0.33, 0.27, look.says, size_pt=7)
        x += 0.56 + 0.058 * len(look.says)
    if any(not region.sure for one in scans for region in one.regions):
        drawing.write(paper, x, 0.27, "? unsure that it is the same lesion", size_pt=7)
    drawing.write(paper, 0.08, 0.07, _fitted(foot, 6.5, drawing.WIDTH_IN - 0.16), size_pt=6.5, ha="left", color=drawing.QUIET)
