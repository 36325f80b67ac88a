"""A figure as files: vectors with real text (SVG, PDF), PNG at 300 dpi, and beside them a CSV of what is drawn."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRINT_DPI = 300  # what Blood, JCO and their like ask of pictures with text
M_PER_IN = 0.0254
PNG_HEAD = 33  # bytes: the signature and the chunk IHDR, which comes first
SALT = "carpet"  # of the ids in an SVG: the same figure has the same ids
# Verdana has the widths of DejaVu Sans: a machine without the font shows the same layout.
FAMILIES = (b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, Arial, sans-serif")
SVG_METADATA = {"Date": None, "Creator": None}
NOTHING_DRAWN = b"nothing_drawn\n"
SVG_PAGE = b'#set document(date: none)\n#set page(width: auto, height: auto, margin: 0pt)\n#image("figure.svg")'


def figure_files(figure: Figure, rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, bytes]:
    """`name`.svg, .pdf, .png and .csv; the same bytes for the same figure. Text in SVG and PDF is text, not outlines."""
    svg = svg_bytes(figure)
    return {
        f"{name}.svg": svg,
        f"{name}.pdf": pdf_bytes(svg),
        f"{name}.png": png_bytes(svg),
        f"{name}.csv": rows_csv(rows),
    }


def svg_bytes(figure: Figure) -> bytes:
    """The figure as SVG with real text, for a page or a typesetter."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", facecolor="white", metadata=SVG_METADATA)
    return buffer.getvalue().replace(*FAMILIES)


def pdf_bytes(svg: bytes) -> bytes:
    """The same figure as PDF, its text with embedded fonts; matplotlib's own way takes thirty times as long to cut each font down."""
    return _typeset(svg, timestamp=0)


def png_bytes(svg: bytes) -> bytes:
    """The same figure as PNG at PRINT_DPI, which stands in the file too; drawn from the SVG, for matplotlib would draw all of it again."""
    png = _typeset(svg, format="png", ppi=float(PRINT_DPI))
    per_m = round(PRINT_DPI / M_PER_IN)
    said = b"pHYs" + struct.pack(">IIB", per_m, per_m, 1)
    return png[:PNG_HEAD] + struct.pack(">I", len(said) - 4) + said + struct.pack(">I", zlib.crc32(said)) + png[PNG_HEAD:]


def _typeset(svg: bytes, **how: Any) -> bytes:
    import typst

    sources: Any = {"main.typ": SVG_PAGE, "figure.svg": svg}  # file name → bytes: the stub of typst.compile knows single files only
    return bytes(typst.compile(sources, font_paths=_fonts(), ignore_system_fonts=True, **how))


@cache
def _fonts() -> Any:
    """Those that matplotlib measured the text with, read once for all figures."""
    import matplotlib as mpl
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"])


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
