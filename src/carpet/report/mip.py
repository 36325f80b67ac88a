"""Maximum-intensity projections: the whole body at a glance, with every region that was found and what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Region, Volume
from carpet.report import drawing
from carpet.report.patient_view import drawn_grid, drawn_region, drawn_volume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

View = Literal["coronal", "sagittal"]
LEADING_DISEASE = 8  # labelled regions: enough to find one's way, few enough to stay legible
LEADING_UNDECIDED = 4
DRAWN_REFERENCES = {"liver": "liver", "blood_pool": "blood pool"}
TALLEST_IN = 5.4  # what the first page of the PDF has room for
GUTTER_IN = 0.42  # beside each view, for labels
BAR_IN = 0.75
HEAD_IN, FOOT_IN = 0.42, 0.62
BODY_SUV = 0.3  # g/mL; background air in a corrected image lies well below
BODY_SHARE = 0.04  # a column belongs to the body when this share of its pixels is above BODY_SUV
BODY_MARGIN_MM = 12.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A region on one projection: its outline, look, middle (row, column in mm) and label, empty for none."""

    path: Any
    look: drawing.Look
    row_mm: float
    column_mm: float
    label: str


@dataclass(frozen=True, slots=True)
class Projected:
    """One view: the maximum per line of sight, pixel size (row, column), the columns to show (mm) and the marked regions."""

    pixels: NDArray[np.float32]
    step_mm: tuple[float, float]
    shown_mm: tuple[float, float]
    marks: tuple[Mark, ...]


def project(suv: Volume, axis: View) -> NDArray[np.float32]:
    """The largest value along each line of sight, one row a transverse plane, head at the top; one pixel a voxel of the grid.

    Coronal: the patient's right on the left of the picture. Sagittal: facing left, the front on the left.
    """
    across = 1 if axis == "coronal" else 2
    return np.ascontiguousarray(drawn_volume(suv).values.max(axis=across))


def mip_png(suv: Volume, lesions: Sequence[Lesion], anatomy: Anatomy, *, status_text: str) -> bytes:
    """Coronal and sagittal projection side by side, inverse grey from 0 to 10, as PNG; `status_text` is printed as the mark."""
    return drawing.png_bytes(mip_figure(suv, lesions, anatomy, status_text=status_text))


def mip_figure(suv: Volume, lesions: Sequence[Lesion], anatomy: Anatomy, *, status_text: str) -> Figure:
    """The figure behind `mip_png`."""
    coronal = _projected(suv, lesions, anatomy, "coronal")
    sagittal = _projected(suv, lesions, anatomy, "sagittal")
    height_mm = coronal.pixels.shape[0] * coronal.step_mm[0]
    widths_mm = [view.shown_mm[1] - view.shown_mm[0] for view in (coronal, sagittal)]
    room_in = drawing.WIDTH_IN - 4 * GUTTER_IN - BAR_IN
    inch_per_mm = min(room_in / sum(widths_mm), TALLEST_IN / height_mm)
    left_in = (drawing.WIDTH_IN - BAR_IN - 4 * GUTTER_IN - inch_per_mm * sum(widths_mm)) / 2 + GUTTER_IN
    figure = drawing.new_figure(drawing.WIDTH_IN, height_mm * inch_per_mm + HEAD_IN + FOOT_IN)
    for view, title, letters, width_mm in (
        (coronal, "Coronal", "RL", widths_mm[0]),
        (sagittal, "Sagittal", "AP", widths_mm[1]),
    ):
        axes = drawing.bare_axes(figure, left_in, FOOT_IN, width_mm * inch_per_mm, height_mm * inch_per_mm)
        draw_view(axes, view, inch_per_mm=inch_per_mm, title=title, letters=letters)
        left_in += width_mm * inch_per_mm + 2 * GUTTER_IN
    _draw_frame(figure, suv, [mark.look for mark in coronal.marks], bar_left_in=left_in - 0.2, status_text=status_text)
    return figure


def _labels(suv: Volume, lesions: Sequence[Lesion]) -> dict[str, str]:
    """The label of each leading region by lesion id: disease by TLG, undecided (with a question mark) by volume."""
    glycolysis = {lesion.id: float(lesion.region.values_of(suv).sum(dtype=np.float64)) for lesion in lesions}
    disease = [lesion for lesion in lesions if lesion.status is Status.DISEASE]
    undecided = [lesion for lesion in lesions if lesion.status is Status.UNDECIDED]
    leading = sorted(disease, key=lambda lesion: (-glycolysis[lesion.id], lesion.id))[:LEADING_DISEASE]
    open_ones = sorted(undecided, key=lambda lesion: (-lesion.region.voxels, lesion.id))[:LEADING_UNDECIDED]
    return {lesion.id: lesion.id for lesion in leading} | {lesion.id: f"{lesion.id} ?" for lesion in open_ones}


def _projected(suv: Volume, lesions: Sequence[Lesion], anatomy: Anatomy, axis: View) -> Projected:
    pixels = project(suv, axis)
    grid = drawn_grid(suv.grid)
    across, column = (1, 2) if axis == "coronal" else (2, 1)
    step_mm = (round(grid.spacing_mm_kji[0], 4), round(grid.spacing_mm_kji[column], 4))
    labels = _labels(suv, lesions)
    order = [Status.PHYSIOLOGIC, Status.UNDECIDED, Status.DISEASE]  # disease is drawn last, on top
    regions = [
        (lesion.region, drawing.LOOKS[lesion.status.value], labels.get(lesion.id, ""))
        for lesion in sorted(lesions, key=lambda lesion: (order.index(lesion.status), lesion.id))
    ]
    regions += [
        (anatomy.references[name], drawing.LOOKS["reference"], words)
        for name, words in DRAWN_REFERENCES.items()
        if name in anatomy.references and anatomy.references[name].voxels
    ]
    marks = tuple(mark(drawn_region(region, grid), look, label, across, step_mm) for region, look, label in regions)
    return Projected(pixels, step_mm, shown_mm(pixels, step_mm, marks), marks)


def mark(region: Region, look: drawing.Look, label: str, across: int, step_mm: tuple[float, float]) -> Mark:
    """A region as it shows on a view: its outline and where its label stands. across: the grid axis (0 k, 1 j, 2 i) looked along."""
    shadow = np.asarray(region.mask.any(axis=across))
    column = 3 - across
    first_mm = (region.origin_kji[0] * step_mm[0], region.origin_kji[column] * step_mm[1])
    rows, columns = np.nonzero(shadow)
    middle = first_mm[0] + rows.mean() * step_mm[0], first_mm[1] + columns.mean() * step_mm[1]
    path = drawing.outline(shadow, first_mm=first_mm, step_mm=step_mm)
    return Mark(path, look, round(middle[0], 3), round(middle[1], 3), label)


def shown_mm(pixels: NDArray[np.float32], step_mm: tuple[float, float], marks: Sequence[Mark]) -> tuple[float, float]:
    """The columns that hold the body and every marked region, with a margin; the whole width where no body is seen."""
    edge_mm = pixels.shape[1] * step_mm[1] - step_mm[1] / 2
    body = np.flatnonzero((pixels > BODY_SUV).mean(axis=0) >= BODY_SHARE)
    if body.size == 0:
        return -step_mm[1] / 2, edge_mm
    extents = [mark.path.get_extents() for mark in marks]
    low = min([body[0] * step_mm[1], *(box.x0 for box in extents)]) - BODY_MARGIN_MM
    high = max([body[-1] * step_mm[1], *(box.x1 for box in extents)]) + BODY_MARGIN_MM
    return round(max(low, -step_mm[1] / 2), 3), round(min(high, edge_mm), 3)


def draw_view(axes: Axes, view: Projected, *, inch_per_mm: float, title: str, letters: str) -> None:
    """Draw a view to scale: uptake in grey, marked regions, title, letters of orientation."""
    rows, columns = view.pixels.shape
    dy, dx = view.step_mm
    bottom_mm, left_mm, right_mm = (rows - 0.5) * dy, view.shown_mm[0], view.shown_mm[1]
    low, high = drawing.SUV_WINDOW
    axes.imshow(
        view.pixels,
        cmap="gray_r",
        vmin=low,
        vmax=high,
        extent=(-dx / 2, (columns - 0.5) * dx, bottom_mm, -dy / 2),
        interpolation="bilinear",
        interpolation_stage="data",
        aspect="auto",
    )
    for mark in view.marks:
        drawing.draw_region(axes, mark.path, mark.look)
    axes.set_xlim(left_mm, right_mm)
    axes.set_ylim(bottom_mm, -dy / 2)
    middle_mm = (left_mm + right_mm) / 2
    pt_mm = 1 / (72 * inch_per_mm)
    drawing.write(axes, middle_mm, -dy / 2 - 6 * pt_mm, title, size_pt=7.5, color=drawing.QUIET, ha="center")
    for letter, x_mm in zip(letters, (left_mm - 5 * pt_mm, right_mm + 5 * pt_mm), strict=True):
        drawing.write(axes, x_mm, -dy / 2 - 6 * pt_mm, letter, size_pt=9, fontweight="bold", ha="center")
    if title == "Coronal":
        drawing.scale_bar(axes, left_mm, bottom_mm + 17 * pt_mm, 100.0, above_mm=6 * pt_mm)
    _draw_labels(axes, view, pt_mm)


def _draw_labels(axes: Axes, view: Projected, pt_mm: float) -> None:
    """Labels stand beside the body, at the height of their region where there is room, joined to it by a hair line."""
    left_mm, right_mm = view.shown_mm
    labelled = [mark for mark in view.marks if mark.label]
    for side in (-1, 1):
        own = sorted(
            (mark for mark in labelled if (mark.column_mm < (left_mm + right_mm) / 2) == (side < 0)),
            key=lambda mark: (mark.row_mm, mark.label),
        )
        edge_mm = left_mm if side < 0 else right_mm
        lowest_mm = view.pixels.shape[0] * view.step_mm[0]
        heights = spread([mark.row_mm for mark in own], gap=9 * pt_mm, low=4 * pt_mm, high=lowest_mm - 6 * pt_mm)
        for mark, height_mm in zip(own, heights, strict=True):
            x = [mark.column_mm, edge_mm, edge_mm + side * 3 * pt_mm]
            y = [mark.row_mm, height_mm, height_mm]
            axes.plot(x, y, color="white", linewidth=1.3, alpha=0.7, clip_on=False)
            axes.plot(x, y, color=drawing.INK, linewidth=0.45, clip_on=False)
            place: dict[str, Any] = {"ha": "right" if side < 0 else "left"}
            drawing.write(axes, edge_mm + side * 4 * pt_mm, height_mm, drawing.shortened(mark.label, 10), size_pt=6.5, **place)


def spread(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones (rising), at least `gap` apart, from `low` to `high` as far as they fit."""
    placed: list[float] = []
    for position in wanted:
        placed.append(max(position, placed[-1] + gap if placed else low))
    for index in range(len(placed) - 1, -1, -1):
        ceiling = high if index == len(placed) - 1 else placed[index + 1] - gap
        placed[index] = min(placed[index], ceiling)
    return placed


def _draw_frame(figure: Figure, suv: Volume, looks: Sequence[drawing.Look], *, bar_left_in: float, status_text: str) -> None:
    """The mark on top, the colour bar on the right, the legend of the looks that occur at the bottom."""
    width_in, height_in = (float(size) for size in figure.get_size_inches())
    paper = drawing.bare_axes(figure, 0, 0, width_in, height_in)
    paper.set_xlim(0, width_in)
    paper.set_ylim(0, height_in)
    drawing.draw_mark(paper, 0.08, height_in - 0.14, status_text, ha="left")
    drawing.write(
        paper,
        width_in,
        height_in - 0.14,
        f"maximum intensity, {suv.quantity.says}",
        size_pt=6.5,
        ha="right",
        color=drawing.QUIET,
    )
    bar_height_in = min(2.2, height_in - HEAD_IN - FOOT_IN - 0.3)
    bar = drawing.bare_axes(figure, bar_left_in, FOOT_IN, 0.13, bar_height_in)
    grey = np.repeat(np.linspace(1.0, 0.0, 128)[:, None], 3, axis=1)
    drawing.draw_colour_bar(bar, grey, f"SUV\n({suv.quantity.unit})")
    _draw_legend(paper, [look for look in drawing.LOOKS.values() if look in looks])


def _draw_legend(paper: Axes, looks: Sequence[drawing.Look]) -> None:
    from matplotlib.path import Path

    x = 1.55
    for look in looks:
        box = Path([(x, 0.10), (x + 0.26, 0.10), (x + 0.26, 0.24), (x, 0.24), (x, 0.10)], closed=True)
        drawing.draw_region(paper, box, look)
        drawing.write(paper, x + 0.33, 0.165, look.says, size_pt=7)
        x += 0.52 + 0.069 * len(look.says)
