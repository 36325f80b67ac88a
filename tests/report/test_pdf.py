"""Truth: the PDF as poppler reads it, and its own bytes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.report.pdf import page_pdf
from carpet.report.slices import slices_png

# poppler-utils is installed with the other Debian tools that this mark stands for
poppler = pytest.mark.dciodvfy


@pytest.fixture
def pictures(scene: Any) -> dict[str, bytes]:
    png = slices_png(scene.suv, scene.ct, scene.lesions, status_text="UNREVIEWED")
    return {"mip": png, "lesions": png, "references": png}


@pytest.fixture
def pages(tmp_path: Path) -> Callable[[bytes], list[str]]:
    def read(pdf: bytes) -> list[str]:
        (tmp_path / "page.pdf").write_bytes(pdf)
        text = subprocess.run(["pdftotext", "-layout", tmp_path / "page.pdf", "-"], check=True, capture_output=True).stdout.decode()
        return text.split("\f")[:-1]

    return read


def _squeezed(pages: list[str]) -> str:
    """Only visible characters: a long word may be broken anywhere."""
    return re.sub(r"[\s\u200b]", "", "".join(pages))


def test_two_runs_give_the_same_bytes(document: dict[str, Any], pictures: dict[str, bytes]) -> None:
    first = page_pdf(document, pictures)
    assert first.startswith(b"%PDF-")
    assert page_pdf(document, pictures) == first
    document["study"]["patient"] = "P-0000"
    assert page_pdf(document, pictures) != first


def test_no_date_and_no_user_is_in_the_file(document: dict[str, Any]) -> None:
    pdf = page_pdf(document, {})
    assert b"/CreationDate" not in pdf
    assert b"/Author" not in pdf


@poppler
def test_every_page_carries_the_mark(document: dict[str, Any], pictures: dict[str, bytes], pages: Any) -> None:
    document["lesions"] = [{**document["lesions"][1], "lesion_id": f"L{n:02d}"} for n in range(99)]
    read = pages(page_pdf(document, pictures))
    assert len(read) >= 4
    assert all("UNREVIEWED" in page.split("\n\n")[0] for page in read)
    assert all("For research use only" in page for page in read)
    tables = [page for page in read if re.search(r"\bL\d\d\b.*42\.1", page)]
    assert len(tables) >= 2
    assert all(page.count("UNREVIEWED") >= 2 for page in tables)  # in the running header, and at the repeated table header


@poppler
def test_a_usual_report_has_two_to_four_pages(document: dict[str, Any], pictures: dict[str, bytes], pages: Any) -> None:
    assert 2 <= len(pages(page_pdf(document, pictures))) <= 4


@poppler
def test_a_reviewed_report_does_not_say_unreviewed(document: dict[str, Any], pages: Any) -> None:
    document["status"] = "REVIEWED"
    for row in document["biomarkers"]:
        row["flags"] = []
    read = pages(page_pdf(document, {}))
    assert all("REVIEWED" in page and "UNREVIEWED" not in page for page in read)


@poppler
def test_hostile_text_is_literal(hostile_document: dict[str, Any], pages: Any) -> None:
    text = _squeezed(pages(page_pdf(hostile_document, {})))
    literal = '<script>alert(1)</script><imgsrc=xonerror=alert(1)>#letx=1#eval("1")=1+1$\\frac{{{7*7}}{%raw%}'
    assert text.count(literal) > 10
    for word in ("‹U+202E›", "‹U+0000›", "_*x*_", "@ref", "`raw`", "--", "//"):
        assert word in text, word


@poppler
@pytest.mark.parametrize("segmenters", [1, 8, 11])
def test_every_number_of_every_segmenter_is_printed(document: dict[str, Any], pages: Any, segmenters: int) -> None:
    one = document["biomarkers"][0]
    document["biomarkers"] = [{**one, "segmenter": f"method{n}", "value": 1000.1 + n} for n in range(segmenters)]
    text = _squeezed(pages(page_pdf(document, {})))
    for n in range(segmenters):
        assert f"method{n}" in text
        assert f"{1000.1 + n:.1f}" in text


@poppler
def test_nothing_lies_outside_the_page(document: dict[str, Any], pictures: dict[str, bytes], tmp_path: Path) -> None:
    one = document["biomarkers"][0]
    document["biomarkers"] += [{**one, "segmenter": f"percist_liver_{n}"} for n in range(9)]
    document["lesions"] *= 10
    document["lesions"][0]["because"] = "W" * 400
    (tmp_path / "page.pdf").write_bytes(page_pdf(document, pictures))
    boxes = subprocess.run(["pdftotext", "-bbox", tmp_path / "page.pdf", "-"], check=True, capture_output=True).stdout.decode()
    edges = [float(edge) for edge in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert len(edges) > 500
    assert max(edges) <= 595.3 - 17 * 72 / 25.4 + 1  # A4 less the margin


@pytest.mark.parametrize("name", ["lesions", "biomarkers", "references", "flags", "methods"])
def test_an_empty_list_makes_a_report(document: dict[str, Any], name: str) -> None:
    document[name] = []
    assert page_pdf(document, {}).startswith(b"%PDF-")


@poppler
def test_a_note_stands_behind_its_number(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(page_pdf(document, {}))
    boxes = subprocess.run(["pdftotext", "-bbox", tmp_path / "page.pdf", "-"], check=True, capture_output=True).stdout.decode()
    right = {word: float(edge) for edge, word in re.findall(r'xMax="([\d.]+)" yMax="[\d.]+">(120\.3|353a)<', boxes)}
    assert right["353a"] > right["120.3"] + 1
