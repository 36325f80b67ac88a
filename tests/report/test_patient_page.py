"""Truth: the page as Python's own HTML parser reads it, the PDF as poppler does, and their own bytes."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from carpet.report.mip_row import NoScan, mip_row_png
from carpet.report.patient_page import MIP_ROW, TRAJECTORY, patient_html, patient_pdf
from carpet.report.trajectory import Panel, Point, Trajectory, trajectory_svg

# poppler-utils is installed with the other Debian tools that this mark stands for
poppler = pytest.mark.dciodvfy

SAFE_TAGS = (
    {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "div", "p", "strong", "span", "bdi", "br", "sup", "figure"}
    | {"table", "caption", "thead", "tbody", "tr", "th", "td", "img", "footer", "a"}
)  # fmt: skip


class Reader(HTMLParser):
    """What a browser would see: tags, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    png = mip_row_png([NoScan("M1", "day 28", "PET refused", wide=True)], status_text="UNREVIEWED")
    svg = trajectory_svg(Trajectory((Panel("TMTV", "mL", (Point(-3, 10.0), Point(29, 0.0))),), ((-3, "TT"), (29, "M1"))))
    assert png
    assert svg
    return {MIP_ROW: png, TRAJECTORY: svg}


@pytest.fixture
def pages(tmp_path: Path) -> Callable[[bytes], list[str]]:
    def read(pdf: bytes) -> list[str]:
        (tmp_path / "page.pdf").write_bytes(pdf)
        text = subprocess.run(["pdftotext", "-layout", tmp_path / "page.pdf", "-"], check=True, capture_output=True).stdout.decode()
        return text.split("\f")[:-1]

    return read


SAID = (
    *("P-3f2a", "axi-cel", "No physician has confirmed", "reader Dr R", "LUG-CMR", "complete metabolic response", "the PET was refused"),
    *("growth early after infusion", "T01 grew by 60 %", "no diagnosis", "over bridging, 31 days", "doubles in 31 d", "no lesion"),
    *("T02", "WEIGHT_MISSING", "RECON_CHANGED", "the spleen was not measured", "abcd1234", "Complete response?", "REC-PR", "a late scan"),
    *("readers disagree, and a third reader must look", "They call another response by Lugano (CR and PR)", "and the numbers differ"),
    *("For research use only", "43 %", "dated to day 30", "without new therapy", "Best response after infusion"),
)


def test_all_of_the_course_is_on_the_page(patient_course: dict[str, Any], pictures: dict[str, bytes]) -> None:
    text = Reader(patient_html(patient_course, pictures)).text
    assert [words for words in SAID if words not in text] == []


def test_the_page_is_self_contained_and_its_links_are_relative(patient_course: dict[str, Any], pictures: dict[str, bytes]) -> None:
    page = patient_html(patient_course, pictures, digest="0123abcd")
    read = Reader(page)
    assert set(read.tags) <= SAFE_TAGS
    sources = [value.partition("base64,")[2] for name, value in read.attributes if name == "src"]
    assert [base64.b64decode(source) for source in sources] == [pictures[MIP_ROW], pictures[TRAJECTORY]]
    links = [value for name, value in read.attributes if name == "href"]
    pair = "../../figures/P-3f2a/tracks_TT_M3.png"
    assert links == ["../index.html", "report.pdf", pair, "day_-3_x/report.html", "day_91_x/report.html"]
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page
    assert 'content="0123abcd"' in page[:1000]


def test_hostile_text_is_text(hostile_course: dict[str, Any], hostile_text: str) -> None:
    page = patient_html(hostile_course, {})
    read = Reader(page)
    assert set(read.tags) <= SAFE_TAGS
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "<script" not in page
    assert "<img" not in page
    assert read.text.count("<script>alert(1)</script><img src=x onerror=alert(1)> #let x = 1") > 40
    assert all(":" not in value for name, value in read.attributes if name == "href")
    page.encode()


def test_without_a_picture_the_page_says_so(patient_course: dict[str, Any]) -> None:
    assert "There is no scan of this patient." in Reader(patient_html(patient_course, {})).text


def test_two_runs_give_the_same_bytes(patient_course: dict[str, Any], pictures: dict[str, bytes]) -> None:
    first, page = patient_pdf(patient_course, pictures), patient_html(patient_course, pictures)
    assert first.startswith(b"%PDF-")
    assert patient_pdf(patient_course, pictures) == first
    assert patient_html(patient_course, pictures) == page
    assert b"/CreationDate" not in first
    assert b"/Author" not in first
    patient_course["patient"]["id"] = "P-0000"
    assert patient_pdf(patient_course, pictures) != first


@poppler
def test_the_pdf_says_the_same(patient_course: dict[str, Any], pictures: dict[str, bytes], pages: Any) -> None:
    read = pages(patient_pdf(patient_course, pictures))
    text = re.sub(r"[\s\u200b]", "", "".join(read))
    columns = ("growth early after infusion",)  # of a heading, and what stands in one line of a table
    assert [words for words in (*SAID[:6], *SAID[8:13], *SAID[18:21], *columns) if re.sub(r"\s", "", words) not in text] == []
    assert all("UNREVIEWED" in page.split("\n\n")[0] for page in read)
    assert all("For research use only" in page for page in read)


@poppler
def test_a_reviewed_course_is_not_marked(patient_course: dict[str, Any], pages: Any) -> None:
    for one in patient_course["scans"]:
        one["status"], one["flags"] = one["status"].replace("UNREVIEWED", "REVIEWED"), []
    assert "UNREVIEWED" not in "".join(pages(patient_pdf(patient_course, {})))
    assert "UNREVIEWED" not in patient_html(patient_course, {})


@poppler
def test_hostile_text_is_literal_in_the_pdf(hostile_course: dict[str, Any], pages: Any) -> None:
    text = re.sub(r"[\s\u200b]", "", "".join(pages(patient_pdf(hostile_course, {}))))
    literal = '<script>alert(1)</script><imgsrc=xonerror=alert(1)>#letx=1#eval("1")=1+1$\\frac{{{7*7}}{%raw%}'
    assert text.count(literal) > 10
    for word in ("‹U+202E›", "_*x*_", "@ref", "`raw`", "//"):
        assert word in text, word


def test_an_empty_course_makes_both(patient_course: dict[str, Any]) -> None:
    empty: dict[str, Any] = {name: [] if isinstance(value, list) else value for name, value in patient_course.items()}
    assert "No response can be called" in Reader(patient_html(empty, {})).text
    assert patient_pdf(empty, {}).startswith(b"%PDF-")


def test_headings_come_in_order_and_every_table_says_what_it_is(patient_course: dict[str, Any], pictures: dict[str, bytes]) -> None:
    page = patient_html(patient_course, pictures)
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", page)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tables = [table for table in re.findall(r"<table.*?</table>", page, re.DOTALL) if 'class="pairs"' not in table]
    assert len(tables) == 13
    assert [table[:80] for table in tables if "<caption>" not in table] == []
    assert re.findall(r"<th(?![^>]*scope)[ >]", page) == []
    assert all(re.search(r'alt="[^"]{10,}"', picture) for picture in re.findall(r"<img[^>]*>", page))
