"""What every picture shares: the palette, outlines told apart by colour, line and fill, text that draws any string, PNG bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carpet.core.lesion import Status
from carpet.core.space import BoolArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT = "DejaVu Sans"  # shipped with matplotlib: the same picture on every machine
DPI = 200
WIDTH_IN = 7.1  # the text width of an A4 page
SUV_WINDOW = (0.0, 10.0)  # g/mL, the usual reading window for FDG in lymphoma
MARK_COLOUR = "#A3160F"
INK = "#222222"
QUIET = "#666666"
UNREVIEWED = "UNREVIEWED"


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of region is drawn. Colours: Okabe and Ito, Color Universal Design (2008), safe for colour-blind readers."""

    says: str
    line: str
    casing: str
    style: str | tuple[int, tuple[float, ...]]
    fill: str | None = None
    hatch: str | None = None


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        Status.DISEASE.value: Look("disease", "#D55E00", "#FFFFFF", "-", fill="#D55E00"),
        Status.UNDECIDED.value: Look("undecided", "#F0E442", "#222222", (0, (0.6, 1.4))),
        Status.PHYSIOLOGIC.value: Look("physiologic", "#0072B2", "#FFFFFF", (0, (3.5, 2.0)), hatch="#56B4E9"),
        "reference": Look("reference region", "#009E73", "#FFFFFF", (0, (5.0, 1.5, 1.0, 1.5))),
    }
)


def new_figure(width_in: float, height_in: float) -> Figure:
    """A white figure of its own, outside pyplot's global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def bare_axes(figure: Figure, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Axes:
    """Axes without frame or ticks, placed in inches from the lower left."""
    whole_width, whole_height = figure.get_size_inches()
    axes = figure.add_axes((left_in / whole_width, bottom_in / whole_height, width_in / whole_width, height_in / whole_height))
    axes.set_axis_off()
    return axes


@cache
def _drawable_characters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family=FONT))).get_charmap())


def drawable(text: str) -> str:
    """One line that the font can draw: white space is one blank, a character the font lacks becomes □."""
    return "".join(c if ord(c) in _drawable_characters() and c.isprintable() else "□" for c in " ".join(text.split()))


def shortened(text: str, most: int) -> str:
    """At most `most` characters, an ellipsis where something was left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def write(axes: Axes, x: float, y: float, text: str, *, size_pt: float, halo: str = "", **how: Any) -> None:
    """Text as it is: never read as mathematics, never in a font of the user's own settings; `halo` sets it off from an image."""
    from matplotlib.patheffects import withStroke

    given: dict[str, Any] = {"color": INK, "fontfamily": FONT, "parse_math": False, "va": "center", **how}
    if halo:
        given["path_effects"] = [withStroke(linewidth=1.6, foreground=halo)]
    axes.text(x, y, drawable(text), fontsize=size_pt, **given)


def draw_mark(axes: Axes, x: float, y: float, text: str, **how: Any) -> None:
    """The review status: a filled plate when unreviewed, quiet words otherwise, nothing for an empty text."""
    if text == UNREVIEWED:
        plate = {"boxstyle": "square,pad=0.35", "facecolor": MARK_COLOUR, "edgecolor": "none"}
        write(axes, x, y, text, size_pt=7.5, color="white", fontweight="bold", bbox=plate, **how)
    elif text:
        write(axes, x, y, text, size_pt=7.5, color=QUIET, **how)


def outline(mask: BoolArray, *, first_mm: tuple[float, float], step_mm: tuple[float, float]) -> Any:
    """The outline of a 2-D mask (rows, columns) as a matplotlib Path in mm; holes keep their own rings.

    first_mm: (row, column) position of the first pixel's centre; step_mm: row and column spacing.
    """
    from contourpy import contour_generator
    from matplotlib.path import Path

    padded = np.pad(mask, 1).astype(np.float64)
    x = first_mm[1] + step_mm[1] * np.arange(-1, mask.shape[1] + 1)
    y = first_mm[0] + step_mm[0] * np.arange(-1, mask.shape[0] + 1)
    rings: list[NDArray[np.float64]] = contour_generator(x, y, padded).lines(0.5)  # type: ignore[assignment]
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def draw_region(axes: Axes, path: Any, look: Look, *, weight: float = 1.0) -> None:
    """One region: fill or hatch beneath, then a casing and the coloured line, so that it shows on black and on white."""
    from matplotlib.patches import PathPatch

    if look.fill:
        axes.add_patch(PathPatch(path, facecolor=look.fill, alpha=0.30, linewidth=0))
    if look.hatch:
        hatched = PathPatch(path, facecolor="none", edgecolor=look.hatch, hatch="/////", linewidth=0)
        hatched.set_hatch_linewidth(0.5)
        axes.add_patch(hatched)
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=look.casing, linewidth=2.0 * weight))
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor=look.line, linewidth=1.1 * weight, linestyle=look.style, capstyle="butt"))


def draw_colour_bar(axes: Axes, colours: NDArray[np.float64], label: str, *, window: tuple[float, float] = SUV_WINDOW) -> None:
    """A vertical bar of `colours` (n, 3), lowest first, with five ticks; the top tick says that larger values share its colour."""
    low, high = window
    axes.imshow(colours[::-1, None, :], extent=(0, 1, low, high), aspect="auto", interpolation="nearest")
    axes.plot([0, 1, 1, 0, 0], [low, low, high, high, low], color=QUIET, linewidth=0.5, clip_on=False)
    for value in np.linspace(low, high, 6):
        text = f"≥ {value:g}" if value == high else f"{value:g}"
        write(axes, 1.4, value, text, size_pt=6.5)
    axes.set_xlim(0, 1)
    axes.set_ylim(low, high)
    write(axes, 0.0, high + 0.06 * (high - low), label, size_pt=6.5, ha="left", va="bottom", clip_on=False)


def scale_bar(axes: Axes, x_mm: float, y_mm: float, length_mm: float, *, above_mm: float, colour: str = INK, halo: str = "") -> None:
    """A horizontal bar and its length in cm, `above_mm` higher up; axes in mm."""
    ends = [x_mm, x_mm + length_mm]
    if halo:
        axes.plot(ends, [y_mm, y_mm], color=halo, linewidth=2.8, solid_capstyle="butt", clip_on=False)
    axes.plot(ends, [y_mm, y_mm], color=colour, linewidth=1.6, solid_capstyle="butt", clip_on=False)
    how: dict[str, Any] = {"color": colour, "halo": halo, "ha": "center"}
    write(axes, x_mm + length_mm / 2, y_mm - above_mm, f"{length_mm / 10:g} cm", size_pt=6.5, **how)
