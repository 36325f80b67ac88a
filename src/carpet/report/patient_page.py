"""The page of one patient: the same content as one self-contained HTML file without script, and as PDF set by typst."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from carpet.report.drawing import WIDTH_IN
from carpet.report.mip_row import ROW_DPI
from carpet.report.page import CSS_PX_PER_IN, ENLARGED, png_size
from carpet.report.patient_content import patient_content

MIP_ROW, TRAJECTORY = "mip_row.png", "trajectory.svg"
MM_PER_IN = 25.4
TRAJECTORY_PX = round(WIDTH_IN * CSS_PX_PER_IN * ENLARGED)


def patient_html(course: Mapping[str, Any], pictures: Mapping[str, bytes], *, digest: str = "") -> str:
    """The page. course: see `patient_content`; pictures: `mip_row.png`, `trajectory.svg`, either may be absent. Links are relative.

    digest: of all that the page is made of, kept in its head, so that a page that would come out the same need not be made.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carpet.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["leads"] = quote
    shown = {}
    if MIP_ROW in pictures:
        width_px = round(png_size(pictures[MIP_ROW])[0] / ROW_DPI * CSS_PX_PER_IN * ENLARGED)
        shown["mip_row"] = {"uri": _uri("image/png", pictures[MIP_ROW]), "width_px": width_px}
    if TRAJECTORY in pictures:
        shown["trajectory"] = {"uri": _uri("image/svg+xml", pictures[TRAJECTORY]), "width_px": TRAJECTORY_PX}
    return environment.get_template("patient.html.j2").render(report=patient_content(course), pictures=shown, digest=digest)


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def patient_pdf(course: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The same on A4. Text goes in as JSON data, never as typst markup; the same content gives the same bytes."""
    import matplotlib as mpl
    import typst

    sources: Any = {"main.typ": files("carpet.report").joinpath("templates", "patient.typ").read_bytes()}
    widths_mm: dict[str, float] = {}
    if MIP_ROW in pictures:
        size_px = png_size(pictures[MIP_ROW])
        sources["mip_row.svg"] = _enveloped(pictures[MIP_ROW], size_px)
        widths_mm["mip_row"] = round(size_px[0] / ROW_DPI * MM_PER_IN, 2)
    if TRAJECTORY in pictures:
        sources["trajectory.svg"] = pictures[TRAJECTORY]
        widths_mm["trajectory"] = 176.0
    data = json.dumps({"report": patient_content(course), "pictures": widths_mm}, ensure_ascii=False, allow_nan=False)
    return bytes(
        typst.compile(
            sources,
            sys_inputs={"data": data},
            font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"],
            ignore_system_fonts=True,
            timestamp=0,
        )
    )


def _enveloped(png: bytes, size_px: tuple[int, int]) -> bytes:
    """The picture in an SVG envelope: typst takes in-memory files as UTF-8 text only."""
    width_px, height_px = size_px
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width_px} {height_px}" '
        f'width="{width_px}" height="{height_px}"><image width="{width_px}" height="{height_px}" '
        f'xlink:href="{_uri("image/png", png)}"/></svg>'
    ).encode("ascii")
