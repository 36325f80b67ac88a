"""Truth: the page as parsed by Python's own HTML parser."""

from __future__ import annotations

import base64
import re
import struct
from html.parser import HTMLParser
from typing import Any

import pytest

from carpet.report.page import page_html, png_size
from carpet.report.slices import slices_png

SAFE_TAGS = (
    {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "div", "p", "strong", "span", "bdi", "br", "sup", "figure"}
    | {"table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "img", "code", "footer"}
)  # fmt: skip


class Reader(HTMLParser):
    """What a browser would see: tags, addresses, text, and the text of each table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.tables: list[str] = []
        self.open_table = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "table":
            self.tables.append("")
            self.open_table = True

    def handle_endtag(self, tag: str) -> None:
        self.open_table = self.open_table and tag != "table"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open_table:
            self.tables[-1] += data


@pytest.fixture
def pictures(scene: Any) -> dict[str, bytes]:
    png = slices_png(scene.suv, scene.ct, scene.lesions, status_text="UNREVIEWED")
    return {"mip": png, "lesions": png, "references": png}


def test_the_page_is_self_contained(document: dict[str, Any], pictures: dict[str, bytes]) -> None:
    read = Reader(page_html(document, pictures))
    assert set(read.tags) <= SAFE_TAGS
    sources = [value for name, value in read.attributes if name == "src"]
    assert [base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources] == list(pictures.values())
    assert not [name for name, _ in read.attributes if name in {"href", "srcset", "action"} or name.startswith("on")]
    page = page_html(document, {})
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page


def test_every_table_of_numbers_carries_the_mark(document: dict[str, Any]) -> None:
    read = Reader(page_html(document, {}))
    numbers = [table for table in read.tables if any(value in table for value in ("42.1", "120.3", "2.10", "368.0 MBq", "09:59:47"))]
    assert len(numbers) == 5
    assert all("UNREVIEWED" in table for table in numbers)
    assert read.text.index("UNREVIEWED") < read.text.index("120.3")


def test_the_mark_is_also_in_the_printed_margin(document: dict[str, Any]) -> None:
    assert '@top-right { content: "UNREVIEWED"' in page_html(document, {})


def test_a_reviewed_page_does_not_say_unreviewed(document: dict[str, Any]) -> None:
    document["status"] = "REVIEWED"
    for row in document["biomarkers"]:
        row["flags"] = []
    page = page_html(document, {})
    assert "UNREVIEWED" not in page
    assert "REVIEWED" in Reader(page).text


def test_hostile_text_is_text(hostile_document: dict[str, Any], hostile_text: str) -> None:
    page = page_html(hostile_document, {})
    read = Reader(page)
    assert set(read.tags) <= SAFE_TAGS
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "<script" not in page
    assert "<img" not in page
    assert read.text.count("<script>alert(1)</script><img src=x onerror=alert(1)> #let x = 1") > 40
    assert "{{7*7}} {% raw %} שלום مرحبا" in read.text
    page.encode()


def test_everything_of_the_document_is_on_the_page(document: dict[str, Any]) -> None:
    text = Reader(page_html(document, {})).text
    for word in (
        "P-3f2a",
        "2009-05-02",
        "PET AC; GE Discovery; 100 × 128 × 135 voxels of 4.50 × 4.69 × 3.27 mm",
        "the only corrected series",
        "cart-lymphoma",
        "L04",
        "rule DIS-DEFAULT@1",
        "reason 3",
        "\u2013 height missing",
        "Liver, 3 cm sphere",
        "\u2013 outside scan",
        "4.2111007 × 10⁻⁴ SUVbw per Bq/mL",
        "(0054,0016)>(0018,1074)",
        "its date differs",
        "TREF_DISAGREE",
        "Name one.",
        "Stored values times slope.",
        "IBSI SUV manual",
        "What dmax is.",
        "For research use only",
        "numpy",
        "5b1f3c9da01277aa",
        "sha256 11aa",
        "1.2.3.4",
        "ab" * 32,
    ):
        assert word in text, word


@pytest.mark.parametrize("name", ["lesions", "biomarkers", "references", "flags", "methods"])
def test_an_empty_list_makes_a_page(document: dict[str, Any], name: str) -> None:
    document[name] = []
    assert "For research use only" in page_html(document, {})


def test_the_same_document_gives_the_same_page(document: dict[str, Any], pictures: dict[str, bytes]) -> None:
    assert page_html(document, pictures) == page_html(document, pictures)


def test_the_size_of_a_png_is_read_from_its_header() -> None:
    assert png_size(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 1420, 960)) == (1420, 960)
    with pytest.raises(ValueError, match="PNG"):
        png_size(b"GIF89a")


def test_within_a_trial_the_page_leads_back_and_is_marked(document: dict[str, Any]) -> None:
    document["trial"] = {"patient": "P007", "day": 30, "window": "M1", "mark": "ab12"}
    document["study"] |= {"patient": "P007", "date": None}
    page = page_html(document, {})
    links = [value for name, value in Reader(page).attributes if name == "href"]
    assert links == ["../../index.html", "../index.html", "report.pdf"]
    assert '<meta name="carpet-scan" content="ab12">' in page[:2048]
    assert "2009-05-02" not in page.replace("2009-05-02T", "")  # the candidates' times are the caller's to tell in days


def test_columns_and_rows_have_heads(document: dict[str, Any]) -> None:
    assert re.findall(r"<th(?![^>]*scope)[ >]", page_html(document, {})) == []
