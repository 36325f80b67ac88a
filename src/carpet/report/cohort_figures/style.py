"""What all cohort figures share: sizes, colours of groups and responses, axes placed in inches, keys, and the figure of no data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from carpet.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_IN, MIDDLE_IN, FULL_IN = 3.5, 5.2, 7.1  # one, one and a half and two columns of Blood (9, 13 and 18 cm)
TICK_PT, LABEL_PT, TITLE_PT, SMALL_PT = 7.0, 8.0, 9.0, 6.0
LINE_IN = 0.145  # from one line of text at TICK_PT to the next
MARGIN_IN = 0.10
GRID = "#E2E2E2"
SHORT_ID, SHORT_LABEL = 12, 40  # characters
# Okabe and Ito, Color Universal Design (2008); groups differ by line style too, for print in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")
STYLES: tuple[Any, ...] = ("-", (0, (7.0, 1.4)), (0, (2.6, 1.2)), (0, (7.0, 1.2, 1.4, 1.2)), (0, (1.0, 1.0)))
# Blue for disease that shrinks, orange for disease that stays or grows: safe for colour-blind readers; in grey, PR and SD look alike.
RESPONSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CR": ("#0072B2", "complete response"),
        "PR": ("#56B4E9", "partial response"),
        "MR": ("#009E73", "minor response"),
        "SD": ("#E69F00", "stable disease"),
        "IR": ("#CC79A7", "indeterminate response"),
        "DISCORDANT": ("#F0E442", "PET and CT discordant"),
        "PD": ("#D55E00", "progressive disease"),
        "new therapy": ("#8F8F8F", "new therapy"),
        "NE": ("#BDBDBD", "not evaluable"),
        "n/a": ("#E3E3E3", "not assessed"),
        "dead": ("#222222", "dead"),
    }
)
SAME_AS = {"CMR": "CR", "PMR": "PR", "NMR": "SD", "PMD": "PD", "IR1": "IR", "IR2": "IR", "IR3": "IR"}
OTHER_COLOUR = "#7F7F7F"
Time = Literal["days", "months"]
DAYS_PER_MONTH = 365.25 / 12
TIME_STEPS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"days": (7, 14, 30, 60, 90, 180, 365, 730, 1460), "months": (1, 2, 3, 6, 12, 24, 48)}
)
MOST_TICKS = 9


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One sign of a key and its words; marker or a filled square, or a line of `style`."""

    words: str
    colour: str
    marker: str = "s"
    style: Any = None
    hollow: bool = False


def response_colour(category: str) -> str:
    """The colour of a response category of any criterion; grey for one that is not known here."""
    return RESPONSES.get(_kind(category), (OTHER_COLOUR, ""))[0]


def _kind(category: str) -> str:
    return SAME_AS.get(category, category)


def response_words(category: str) -> str:
    """The category and what it means: `CR, complete response`."""
    kind = _kind(category)
    means = RESPONSES[kind][1] if kind in RESPONSES else ""
    if kind != category and category.endswith(("MR", "MD")):
        means = means.replace(" ", " metabolic ", 1) if category != "NMR" else "no metabolic response"
    return f"{category}, {means}" if means and means != category else category


def in_order(categories: set[str]) -> list[str]:
    """Categories from complete response to death, unknown ones last."""
    places = list(RESPONSES)
    return sorted(categories, key=lambda one: (places.index(_kind(one)) if _kind(one) in places else len(places), one))


def response_key(categories: set[str]) -> list[KeyEntry]:
    """The key of the responses that occur."""
    return [KeyEntry(response_words(one), response_colour(one)) for one in in_order(categories)]


def new_page(width_in: float, height_in: float, title: str = "") -> tuple[Figure, Axes]:
    """A figure and a bare sheet over all of it with inches as coordinates; the title at its upper left."""
    figure = drawing.new_figure(width_in, height_in)
    page = drawing.bare_axes(figure, 0, 0, width_in, height_in)
    page.set_xlim(0, width_in)
    page.set_ylim(0, height_in)
    if title:
        line = fitted(title, width_in - 2 * MARGIN_IN, TITLE_PT, bold=True)
        drawing.write(page, MARGIN_IN, height_in - 0.15, line, size_pt=TITLE_PT, fontweight="bold", ha="left")
    return figure, page


def head_in(title: str) -> float:
    """The room that a title takes."""
    return 0.34 if title else 0.12


def no_data(width_in: float, title: str, says: str) -> Figure:
    """The figure of nothing to draw: its title, and the reason in words."""
    lines = wrapped(says, width_in - 4 * MARGIN_IN, LABEL_PT)
    figure, page = new_page(width_in, head_in(title) + 0.6 + LINE_IN * len(lines), title)
    for n, line in enumerate(lines):
        drawing.write(page, width_in / 2, 0.3 + LINE_IN * (len(lines) - n), line, size_pt=LABEL_PT, ha="center", color=drawing.QUIET)
    return figure


def plot_axes(figure: Figure, box_in: tuple[float, float, float, float]) -> Axes:
    """Axes at (left, bottom, width, height) in inches with a thin left and lower line; above the sheet."""
    whole_width, whole_height = figure.get_size_inches()
    left, bottom, width, height = box_in
    axes = figure.add_axes((left / whole_width, bottom / whole_height, width / whole_width, height / whole_height))
    axes.patch.set_alpha(0.0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(linewidth=0.7, color=drawing.INK)
    axes.tick_params(which="major", width=0.7, length=3, color=drawing.INK, pad=2.5)
    axes.tick_params(which="minor", length=0)
    return axes


def put_ticks(axes: Axes, which: Literal["x", "y"], places: Sequence[float], words: Sequence[str]) -> None:
    """Ticks at these places with these words and no others."""
    how: dict[str, Any] = {"fontsize": TICK_PT, "fontfamily": drawing.FONT, "color": drawing.INK, "parse_math": False}
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(list(places), labels=[drawing.drawable(one) for one in words], **how)
    axis.set_ticks([], minor=True)


def name_axes(axes: Axes, x: str, y: str, *, left_in: float = 0.45, below_in: float = 0.31) -> None:
    """The names of both axes with their units, `left_in` and `below_in` away from them."""
    from matplotlib.transforms import ScaledTranslation

    figure = axes.figure
    left = axes.transAxes + ScaledTranslation(-left_in, 0, figure.dpi_scale_trans)
    below = axes.transAxes + ScaledTranslation(0, -below_in, figure.dpi_scale_trans)
    drawing.write(axes, 0.0, 0.5, y, size_pt=LABEL_PT, ha="center", rotation=90, transform=left)
    drawing.write(axes, 0.5, 0.0, x, size_pt=LABEL_PT, ha="center", transform=below)


@cache
def text_width_in(text: str, size_pt: float, *, bold: bool = False) -> float:
    """The printed width of a line of text."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    face = FontProperties(family=drawing.FONT, size=size_pt, weight="bold" if bold else "normal")
    return float(text_to_path.get_text_width_height_descent(drawing.drawable(text), face, ismath=False)[0]) / 72.0


def wrapped(text: str, width_in: float, size_pt: float) -> list[str]:
    """The text in lines that fit the width; a word that is too long is shortened. At least one line."""
    lines = [""]
    for word in drawing.drawable(text).split():
        while len(word) > 2 and text_width_in(word, size_pt) > width_in:
            word = drawing.shortened(word, len(word) - 1)
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width_in(longer, size_pt) > width_in:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def fitted(text: str, width_in: float, size_pt: float, *, bold: bool = False) -> str:
    """The text on one line that fits the width, shortened where it must be."""
    shown, most = drawing.drawable(text), len(text)
    while most > 1 and text_width_in(shown, size_pt, bold=bold) > width_in:
        most -= 1
        shown = drawing.shortened(text, most)
    return shown


def note_lines(texts: Sequence[str], width_in: float) -> list[str]:
    """Each text on as many lines as it needs."""
    return [line for text in texts for line in wrapped(text, width_in, TICK_PT)]


def artist_id(text: str) -> str:
    """What is drawn as the id of its element in an SVG: letters, digits, stops and hyphens."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-")


def foot_in(lines: Sequence[str]) -> float:
    """The room below axes for ticks, their name and lines of notes."""
    return 0.46 + (0.08 + LINE_IN * len(lines) if lines else 0.0)


def draw_notes(page: Axes, lines: Sequence[str]) -> None:
    """Lines of notes at the foot of the sheet."""
    for n, line in enumerate(lines):
        drawing.write(page, 0.12, 0.08 + LINE_IN * (len(lines) - n - 0.5), line, size_pt=TICK_PT, ha="left", color=drawing.QUIET)


def key_lines(entries: Sequence[KeyEntry], width_in: float) -> list[list[tuple[float, KeyEntry]]]:
    """A key in lines: each entry with its distance from the left, inches."""
    lines: list[list[tuple[float, KeyEntry]]] = [[]]
    x = 0.0
    for one in entries:
        needs = _sign_in(one) + text_width_in(one.words, TICK_PT) + 0.16
        if lines[-1] and x + needs > width_in:
            lines.append([])
            x = 0.0
        lines[-1].append((x, one))
        x += needs
    return lines


def key_height_in(entries: Sequence[KeyEntry], width_in: float) -> float:
    """The height of the key, 0 without entries."""
    return LINE_IN * 1.1 * len(key_lines(entries, width_in)) if entries else 0.0


def draw_key(page: Axes, entries: Sequence[KeyEntry], left_in: float, top_in: float, width_in: float) -> None:
    """The key on the sheet, below `top_in`."""
    for n, line in enumerate(key_lines(entries, width_in)):
        y = top_in - LINE_IN * 1.1 * (n + 0.5)
        for x, one in line:
            _draw_sign(page, one, left_in + x, y)
            drawing.write(page, left_in + x + _sign_in(one), y, one.words, size_pt=TICK_PT, ha="left")


def _sign_in(one: KeyEntry) -> float:
    return 0.33 if one.style is not None else 0.15


def _draw_sign(page: Axes, one: KeyEntry, x: float, y: float) -> None:
    if one.style is not None:
        page.plot([x, x + 0.27], [y, y], color=one.colour, linestyle=one.style, linewidth=1.5, solid_capstyle="butt")
        return
    inside = "white" if one.hollow else one.colour
    page.plot([x + 0.05], [y], marker=one.marker, markersize=5.2, color=one.colour, markerfacecolor=inside, linestyle="none")


def group_look(number: int) -> tuple[str, Any]:
    """Colour and line style of the n-th group."""
    return COLOURS[number % len(COLOURS)], STYLES[number % len(STYLES)]


def on_axis(day: float, time: Time) -> float:
    """A day on the axis of days or months (of 365.25/12 days)."""
    return float(day) if time == "days" else float(day) / DAYS_PER_MONTH


def time_ticks(first: float, last: float, time: Time) -> list[float]:
    """Round places between `first` and `last` in the axis' own unit, zero among them; at most MOST_TICKS where steps allow."""
    steps = TIME_STEPS[time]
    step = next((one for one in steps if (last - first) / one <= MOST_TICKS - 1), steps[-1])
    low = -int(-first // step) if first < 0 else 0
    return [float(n * step) for n in range(low, int(last // step) + 1)]


def put_time(axes: Axes, first_day: float, last_day: float, time: Time) -> list[float]:
    """The axis of time from one day to another; returns its ticks in the axis' own unit."""
    first, last = on_axis(first_day, time), on_axis(max(last_day, first_day + 1), time)
    axes.set_xlim(first, last)
    ticks = time_ticks(first, last, time)
    put_ticks(axes, "x", ticks, [number_words(one) for one in ticks])
    return ticks


def number_words(value: float) -> str:
    """A number of an axis: no needless digits, a true minus."""
    return f"{value:g}".replace("-", "\u2212")


def time_words(time: Time, origin: str) -> str:
    """`Months from infusion`."""
    return f"{time.capitalize()} from {origin}"
