"""A figure as files: vectors with real text (SVG, PDF), PNG at 300 dpi, and beside them a CSV of what is drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRINT_DPI = 300  # what Blood, JCO and their like ask of pictures with text
SALT = "carpet"  # of the ids in an SVG: the same figure has the same ids
# Verdana has the widths of DejaVu Sans: a machine without the font shows the same layout.
FAMILIES = (b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, Arial, sans-serif")
SVG_METADATA = {"Date": None, "Creator": None}
NOTHING_DRAWN = b"nothing_drawn\n"
PDF_PAGE = b'#set document(date: none)\n#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg")'


def figure_files(figure: Figure, rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, bytes]:
    """`name`.svg, .pdf, .png and .csv; the same bytes for the same figure. Text in SVG and PDF is text, not outlines."""
    svg = svg_bytes(figure)
    return {
        f"{name}.svg": svg,
        f"{name}.pdf": pdf_bytes(svg),
        f"{name}.png": _saved(figure, "png", dpi=PRINT_DPI, metadata={"Software": None}),
        f"{name}.csv": rows_csv(rows),
    }


def svg_bytes(figure: Figure) -> bytes:
    """The figure as SVG with real text, for a page or a typesetter."""
    return _saved(figure, "svg", metadata=SVG_METADATA).replace(*FAMILIES)


def pdf_bytes(svg: bytes) -> bytes:
    """The same figure as PDF, its text with embedded fonts; matplotlib's own way takes thirty times as long to cut each font down."""
    import matplotlib as mpl
    import typst

    sources: Any = {"main.typ": PDF_PAGE, "figure.svg": svg}  # file name → bytes: the stub of typst.compile knows single files only
    fonts = [Path(mpl.get_data_path()) / "fonts" / "ttf"]
    return bytes(typst.compile(sources, font_paths=fonts, ignore_system_fonts=True, timestamp=0))


def rows_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV (UTF-8, line feeds): columns in the order they first appear, all digits, None left empty."""
    if not rows:
        return NOTHING_DRAWN
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _saved(figure: Figure, kind: str, **how: Any) -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none"}):
        figure.savefig(buffer, format=kind, facecolor="white", **how)
    return buffer.getvalue()
