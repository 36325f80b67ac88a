"""The cohort report: the same content as one HTML file without script that opens from the disk, and as PDF set by typst."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from carpet.core.errors import ProtocolError
from carpet.report.cohort_content import Block, CohortContent, Picture, References, Section, Table, Words
from carpet.report.content import clean
from carpet.report.page import CSS_PX_PER_IN
from carpet.report.pdf import MM_PER_IN, typeset

FIGURES = "../figures/cohort/"  # from reports/cohort.html
Numbers = Mapping[tuple[str, str], str]  # (picture or table, its name) → `Figure 3`
KINDS = ("svg", "pdf", "png", "csv")
ENLARGED = 1.12  # a figure made for print is shown this much larger on a screen
TEXT_MM = 176.0  # across an A4 page
POINTS_PER_IN = 72.0
SVG_SIZE = re.compile(rb'<svg[^>]*?\swidth="([\d.]+)pt"')


def cohort_html(content: CohortContent, svgs: Mapping[str, bytes]) -> str:
    """The page. svgs: a picture's name → its SVG, shown inside the page; its four files are linked where `figures/cohort/` has them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carpet.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    shown = _shown(content)
    pictures = {name: {"uri": _uri(svg), "width_px": round(_width_in(svg) * CSS_PX_PER_IN * ENLARGED)} for name, svg in _kept(shown, svgs)}
    return environment.get_template("cohort.html.j2").render(report=shown, pictures=pictures, folder=FIGURES, kinds=KINDS)


def cohort_pdf(content: CohortContent, svgs: Mapping[str, bytes]) -> bytes:
    """The same on A4; the same content gives the same bytes."""
    shown = _shown(content)
    kept = dict(_kept(shown, svgs))
    widths_mm = {name: round(min(_width_in(svg) * MM_PER_IN, TEXT_MM), 2) for name, svg in kept.items()}
    return typeset("cohort.typ", shown, kept, widths_mm=widths_mm)


def _kept(shown: Mapping[str, Any], svgs: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    names = [block["name"] for section in shown["sections"] for block in section["blocks"] if block["kind"] == "picture"]
    lost = sorted(set(names) - set(svgs))
    if lost:
        raise ProtocolError(f"the page shows pictures that were not drawn: {', '.join(lost)}")
    return [(name, svgs[name]) for name in names]


def _uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"


def _width_in(svg: bytes) -> float:
    found = SVG_SIZE.search(svg[:2000])
    if found is None:
        raise ProtocolError("a picture must be SVG with its width in points")
    return float(found.group(1)) / POINTS_PER_IN


def _shown(content: CohortContent) -> dict[str, Any]:
    """The content as text, lists and truth values; tables and figures numbered in the order of the page."""
    numbers = {("picture", one.name): f"Figure {n}" for n, one in enumerate(content.pictures(), start=1)}
    numbers |= {("table", one.name): f"Table {n}" for n, one in enumerate(content.tables(), start=1)}
    return {
        "title": clean(content.title),
        "says": clean(content.says),
        "facts": [[clean(what), clean(text)] for what, text in content.facts],
        "key_results": [clean(one) for one in content.key_results],
        "sections": [_section(one, numbers) for one in content.sections],
        "footer": clean(content.footer),
    }


def _section(section: Section, numbers: Numbers) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "blocks": [_block(one, numbers) for one in section.blocks],
        "empty": "" if section.blocks else clean(section.empty),
    }


def _block(block: Block, numbers: Numbers) -> dict[str, Any]:
    if isinstance(block, Words):
        return {"kind": "words", "text": clean(block.text), "tone": block.tone, "lead": clean(block.lead)}
    if isinstance(block, References):
        return {"kind": "references", "items": [clean(one) for one in block.items]}
    if isinstance(block, Picture):
        said = {"caption": block.caption, "counts": block.counts, "unit": block.unit, "title": block.data.title}
        return {
            "kind": "picture",
            "name": block.name,
            "number": numbers["picture", block.name],
            **{key: clean(text) for key, text in said.items()},
        }
    return _table(block, numbers["table", block.name])


def _table(table: Table, number: str) -> dict[str, Any]:
    return {
        "kind": "table",
        "number": number,
        "caption": clean(table.caption),
        "columns": [{"head": clean(head), "align": align} for head, align in table.columns],
        "widths": list(table.widths),
        "rows": [{"cells": [clean(cell) for cell in row.cells], "heading": row.heading, "indented": row.indented} for row in table.rows],
        "notes": [clean(one) for one in table.notes],
    }
