"""The same report on paper: A4, set by typst, byte-identical for identical input."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from carpet.report.content import content
from carpet.report.drawing import DPI
from carpet.report.page import PICTURES, png_size

MM_PER_IN = 25.4


def page_pdf(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The content of measurements.json and the pictures as PDF."""
    shown = {name: pictures[name] for name in PICTURES if name in pictures}
    widths_mm = {name: round(png_size(png)[0] / DPI * MM_PER_IN, 2) for name, png in shown.items()}
    return typeset("report.typ", content(document), {name: enveloped(png) for name, png in shown.items()}, widths_mm=widths_mm)


def typeset(template: str, report: Mapping[str, Any], svgs: Mapping[str, bytes], *, widths_mm: Mapping[str, float]) -> bytes:
    """The report by a typst template of this room as PDF. Text goes in as JSON data, never as typst markup."""
    import matplotlib as mpl
    import typst

    sources: Any = {  # file name → bytes: the stub of typst.compile knows single files only
        "main.typ": files("carpet.report").joinpath("templates", template).read_bytes(),
        **{f"{name}.svg": svg for name, svg in svgs.items()},
    }
    data = json.dumps({"report": report, "pictures": widths_mm}, ensure_ascii=False, allow_nan=False)
    return bytes(
        typst.compile(
            sources,
            sys_inputs={"data": data},
            font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"],
            ignore_system_fonts=True,
            timestamp=0,
        )
    )


def enveloped(png: bytes) -> bytes:
    """The picture in an SVG envelope: typst takes in-memory files as UTF-8 text only."""
    width_px, height_px = png_size(png)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width_px} {height_px}" '
        f'width="{width_px}" height="{height_px}"><image width="{width_px}" height="{height_px}" '
        f'xlink:href="data:image/png;base64,{base64.b64encode(png).decode("ascii")}"/></svg>'
    ).encode("ascii")
