"""The page of one patient: the same content as one self-contained HTML file without script, and as PDF set by typst."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from carpet.report.drawing import WIDTH_IN
from carpet.report.mip_row import ROW_DPI
from carpet.report.numbers import capital
from carpet.report.page import CSS_PX_PER_IN, ENLARGED, png_size
from carpet.report.patient_content import patient_content
from carpet.report.pdf import MM_PER_IN, enveloped, typeset

MIP_ROW, TRAJECTORY = "mip_row.png", "trajectory.svg"
TRAJECTORY_MM = 176.0  # across the text of an A4 page
TRAJECTORY_PX = round(WIDTH_IN * CSS_PX_PER_IN * ENLARGED)


def patient_html(course: Mapping[str, Any], pictures: Mapping[str, bytes], *, digest: str = "") -> str:
    """The page. course: see `patient_content`; pictures: `mip_row.png`, `trajectory.svg`, either may be absent. Links are relative.

    digest: of all that the page is made of, kept in its head, so that a page that would come out the same need not be made.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carpet.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"leads": quote, "capitalize_first": capital}
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
    """The same on A4; the same content gives the same bytes."""
    svgs, widths_mm = {}, {}
    if MIP_ROW in pictures:
        svgs["mip_row"] = enveloped(pictures[MIP_ROW])
        widths_mm["mip_row"] = round(png_size(pictures[MIP_ROW])[0] / ROW_DPI * MM_PER_IN, 2)
    if TRAJECTORY in pictures:
        svgs["trajectory"], widths_mm["trajectory"] = pictures[TRAJECTORY], TRAJECTORY_MM
    return typeset("patient.typ", patient_content(course), svgs, widths_mm=widths_mm)
