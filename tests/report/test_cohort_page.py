"""Contract: one file without script that fetches nothing, any text harmless, captions and links at each figure; the PDF alike."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.cohort_content import CohortContent, Picture, References, Row, Section, Table, Words
from carpet.report.cohort_figures.drawn import drawn
from carpet.report.cohort_figures.figure_files import svg_bytes
from carpet.report.cohort_figures.flow import FlowData, FlowStep
from carpet.report.cohort_page import cohort_html, cohort_pdf

HOSTILE = '<script>alert(1)</script> & "x" #let y \u202e'
PICTURE = Picture("flow", "Flow of patients.", "n = 3.", "Patients.", FlowData("", (FlowStep("Enrolled", 3),)))
TABLE = Table(
    "who", "Who they are.", (("What", "text"), ("n", "number")), (Row(("Sex",), heading=True), Row(("F", "2"), indented=True)), ("A note.",)
)
CONTENT = CohortContent(
    "The cohort", "Says what.", (("Protocol", HOSTILE),), ("Median 8.2 (5.1–not reached) months.",),
    (
        Section("flow", "Flow", (Words(HOSTILE, "exploratory", lead="Lead"), PICTURE, TABLE, References(("Kaplan 1958", "Cox 1972")))),
        Section("none", "Models", (), "There are too few events."),
    ),
    "Research use only.",
)  # fmt: skip


@pytest.fixture(scope="module")
def svgs() -> dict[str, bytes]:
    return {"flow": svg_bytes(drawn(PICTURE.data)[0])}


def test_the_page_is_one_harmless_file(svgs: dict[str, bytes]) -> None:
    page = cohort_html(CONTENT, svgs)
    assert page == cohort_html(CONTENT, svgs)
    assert "<script" not in page
    assert "\u202e" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for kind in ("svg", "pdf", "png", "csv"):
        assert f'href="../figures/cohort/flow.{kind}"' in page
    assert "<strong>Figure 1.</strong> Flow of patients." in page
    assert "<strong>Table 1.</strong> Who they are." in page
    assert "There are too few events." in page
    assert '<a href="#none">Models</a>' in page


def test_a_picture_that_was_not_drawn_is_a_mistake(svgs: dict[str, bytes]) -> None:
    with pytest.raises(ProtocolError, match="flow"):
        cohort_html(CONTENT, {})
    with pytest.raises(ProtocolError, match="width in points"):
        cohort_html(CONTENT, {"flow": b"<svg>"})


def test_the_same_content_gives_the_same_pdf(svgs: dict[str, bytes]) -> None:
    pdf = cohort_pdf(CONTENT, svgs)
    assert pdf.startswith(b"%PDF-")
    assert pdf == cohort_pdf(CONTENT, svgs)


@pytest.mark.dciodvfy  # poppler is installed with the other Debian tools that this mark stands for
def test_the_pdf_prints_text_as_it_is(svgs: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "cohort.pdf").write_bytes(cohort_pdf(CONTENT, svgs))
    said = subprocess.run(["pdftotext", "-layout", tmp_path / "cohort.pdf", "-"], check=True, capture_output=True).stdout.decode()
    text = re.sub(r"[\s\u200b]", "", said)
    for words in ("<script>alert(1)</script>", "#lety", "Figure1.", "Table1.", "[2]Cox1972", "Therearetoofewevents.", "Anote."):
        assert words in text


def test_a_table_and_a_figure_may_share_a_name(svgs: dict[str, bytes]) -> None:
    section = Section("one", "One", (PICTURE, replace(TABLE, name="flow")))
    page = cohort_html(replace(CONTENT, sections=(section,)), svgs)
    assert "<strong>Figure 1.</strong> Flow of patients." in page
    assert "<strong>Table 1.</strong> Who they are." in page
