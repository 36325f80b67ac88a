"""The page a person reads in a browser: one self-contained HTML file, no script, nothing fetched."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from carpet.report.content import content
from carpet.report.drawing import DPI

CSS_PX_PER_IN = 96
ENLARGED = 1.4  # a picture made for A4 is shown this much larger on a screen
PICTURES = ("mip", "lesions", "references")


def page_html(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """The content of measurements.json and the pictures (`mip`, `lesions`, `references`; PNG) as one HTML page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carpet.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    shown = {name: _picture(pictures[name]) for name in PICTURES if name in pictures}
    return environment.get_template("page.html.j2").render(report=content(document), pictures=shown)


def _picture(png: bytes) -> dict[str, Any]:
    width_px, _ = png_size(png)
    return {
        "uri": "data:image/png;base64," + base64.b64encode(png).decode("ascii"),
        "width_px": round(width_px / DPI * CSS_PX_PER_IN * ENLARGED),
    }


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the PNG header (IHDR)."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("a picture must be PNG")
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
