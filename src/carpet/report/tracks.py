"""Scans as coronal projections, each lesion in the colour of its track, with what is new, gone, split or merged: two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carpet.core.space import Grid, Quantity, Region
from carpet.report import drawing
from carpet.report.mip import BAR_IN, FOOT_IN, GUTTER_IN, HEAD_IN, TALLEST_IN, Projected, draw_view, mark, shown_mm
from carpet.report.patient_view import drawn_region

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito, Color Universal Design (2008); yellow is cased in black. Beyond seven tracks colours recur: the label tells them apart.
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
PALE = "#F0E442"
DOTTED = (0, (1.0, 1.2))
SAID = {"new", "gone", "reappeared", "split", "merged"}  # events that stand beside the track's name
LEADING = 14  # labelled regions of a view, the largest
GONE, NEW = "gone", "new"


@dataclass(frozen=True, eq=False)
class TrackedRegion:
    """A region of one scan, its track (T01, …), what happens to it on the other scan, and whether that is sure.

    On the earlier scan `gone` says that the later one no longer shows it; on the later scan `new` that the earlier one did not.
    """

    region: Region
    track: str
    event: str
    sure: bool = True

    @property
    def label(self) -> str:
        words = [self.track, *([self.event] if self.event in SAID else [])]
        return " ".join(words) + ("" if self.sure else " ?")

    @property
    def look(self) -> drawing.Look:
        """Colour by the track's number, line by the event: dotted when gone, filled when new."""
        digits = "".join(letter for letter in self.track if letter.isdigit())
        colour = COLOURS[(int(digits or "1") - 1) % len(COLOURS)]
        style = DOTTED if self.event == GONE else "-"
        casing = "#222222" if colour == PALE else "#FFFFFF"
        return drawing.Look(self.event, colour, casing, style, fill=colour if self.event == NEW else None)


@dataclass(frozen=True, eq=False)
class TrackedScan:
    """One scan: what stands above it, its coronal projection in SUVbw, and its tracked regions.

    mip_coronal: float32 (head→feet, right→left), `mip.project(suv, "coronal")`; mip_grid: `patient_view.drawn_grid` of the PET's grid,
    on which the regions lie.
    """

    title: str
    mip_coronal: NDArray[np.float32]
    mip_grid: Grid
    regions: Sequence[TrackedRegion]


def tracks_png(earlier: TrackedScan, later: TrackedScan, *, alignment_text: str, status_text: str) -> bytes:
    """The picture as PNG: inverse grey from 0 to 10, the patient's right on the left; the alignment's figures stand below."""
    return drawing.png_bytes(tracks_figure(earlier, later, alignment_text=alignment_text, status_text=status_text))


def tracks_figure(earlier: TrackedScan, later: TrackedScan, *, alignment_text: str, status_text: str) -> Figure:
    """The figure behind `tracks_png`."""
    views = [projected_scan(scan) for scan in (earlier, later)]
    heights_mm = [view.pixels.shape[0] * view.step_mm[0] for view in views]
    widths_mm = [view.shown_mm[1] - view.shown_mm[0] for view in views]
    gutter_in = 2.2 * GUTTER_IN  # labels hold a track and a word
    room_in = drawing.WIDTH_IN - 4 * gutter_in - BAR_IN
    inch_per_mm = min(room_in / sum(widths_mm), TALLEST_IN / max(heights_mm))
    left_in = (drawing.WIDTH_IN - BAR_IN - 4 * gutter_in - inch_per_mm * sum(widths_mm)) / 2 + gutter_in
    figure = drawing.new_figure(drawing.WIDTH_IN, max(heights_mm) * inch_per_mm + HEAD_IN + FOOT_IN)
    for n, (scan, view) in enumerate(zip((earlier, later), views, strict=True)):
        width_in, height_in = widths_mm[n] * inch_per_mm, heights_mm[n] * inch_per_mm
        axes = drawing.bare_axes(figure, left_in, FOOT_IN + max(heights_mm) * inch_per_mm - height_in, width_in, height_in)
        draw_view(axes, view, inch_per_mm=inch_per_mm, title=drawing.shortened(scan.title, 36), letters="RL")
        if n == 0:
            pt_mm = 1 / (72 * inch_per_mm)
            drawing.scale_bar(axes, view.shown_mm[0], heights_mm[0] + 8 * pt_mm, 100.0, above_mm=-7 * pt_mm)
        left_in += width_in + 2 * gutter_in
    _draw_words(figure, bar_left_in=left_in - gutter_in + 0.15, alignment_text=alignment_text, status_text=status_text)
    return figure


def projected_scan(scan: TrackedScan) -> Projected:
    """The view that `mip.draw_view` draws: the projection, and the regions in the colours of their tracks, the largest with labels."""
    pixels, grid = scan.mip_coronal, scan.mip_grid
    step_mm = (round(grid.spacing_mm_kji[0], 4), round(grid.spacing_mm_kji[2], 4))
    ranked = sorted(scan.regions, key=lambda one: (-one.region.voxels, one.label))
    labels = [one.label if n < LEADING else "" for n, one in enumerate(ranked)]
    marks = tuple(mark(drawn_region(one.region, grid), one.look, label, 1, step_mm) for one, label in zip(ranked, labels, strict=True))
    return Projected(pixels, step_mm, shown_mm(pixels, step_mm, marks), marks)


def _draw_words(figure: Figure, *, bar_left_in: float, alignment_text: str, status_text: str) -> None:
    """The mark on top, the colour bar on the right, what the lines mean and how the scans were aligned at the bottom."""
    width_in, height_in = (float(size) for size in figure.get_size_inches())
    paper = drawing.bare_axes(figure, 0, 0, width_in, height_in)
    paper.set_xlim(0, width_in)
    paper.set_ylim(0, height_in)
    drawing.draw_mark(paper, 0.08, height_in - 0.14, status_text, ha="left")
    says = f"maximum intensity, {Quantity.SUV_BW.says}"
    drawing.write(paper, width_in, height_in - 0.14, says, size_pt=6.5, ha="right", color=drawing.QUIET)
    bar = drawing.bare_axes(figure, bar_left_in, FOOT_IN, 0.13, min(2.2, height_in - HEAD_IN - FOOT_IN - 0.3))
    drawing.draw_colour_bar(bar, np.repeat(np.linspace(1.0, 0.0, 128)[:, None], 3, axis=1), f"SUV\n({Quantity.SUV_BW.unit})")
    draw_track_legend(paper)
    drawing.write(paper, 0.08, 0.06, drawing.shortened(alignment_text, 150), size_pt=6.5, ha="left", color=drawing.QUIET)


def draw_track_legend(paper: Axes) -> None:
    """What the lines mean, along the foot of a sheet whose axes are in inches."""
    from matplotlib.path import Path

    x = 0.6
    for event, says in (("present", "on both scans"), (NEW, "new"), (GONE, "gone on the later scan")):
        box = Path([(x, 0.19), (x + 0.26, 0.19), (x + 0.26, 0.33), (x, 0.33), (x, 0.19)], closed=True)
        style = DOTTED if event == GONE else "-"
        drawing.draw_region(paper, box, drawing.Look(says, drawing.INK, "#FFFFFF", style, fill=drawing.INK if event == NEW else None))
        drawing.write(paper, x + 0.33, 0.255, says, size_pt=7)
        x += 0.55 + 0.069 * len(says)
    drawing.write(paper, x, 0.255, "a colour is a track; ? is unsure", size_pt=7)
