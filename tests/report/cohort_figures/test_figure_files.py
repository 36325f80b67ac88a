"""Contract: the same data give the same bytes; SVG and PDF hold text, the PNG 300 dpi, the CSV all digits."""

from __future__ import annotations

import csv
import io
import math
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from carpet.report.cohort_figures.figure_files import figure_files, rows_csv, svg_bytes
from carpet.report.cohort_figures.style import FULL_IN

# Every figure, with a name of an axis (unit included) that its SVG must show as text.
NAMED = {
    "kaplan_meier": "Progression-free survival (%)",
    "cumulative_incidence": "Cumulative incidence (%)",
    "swimmer": "Months from infusion",
    "waterfall": "Best change of TMTV (%)",
    "spider": "Change of TMTV from baseline (%)",
    "forest": "Hazard ratio, log axis",
    "alluvial": "Lugano PET/CT; n = 120 at every time point",
    "flow": "n = 120",
    "specification_curve": "Hazard ratio, TMTV &gt; median, log axis",
    "toxicity": "Patients assessed (%)",
    "auc_over_time": "AUC for progression or death",
    "calibration": "Observed risk by 12 months (%)",
    "decision_curve": "Threshold: risk of progression or death by 12 months (%)",
}
HOSTILE = '<b>&"$x^{2}$\x00שלום漢 =1+1'


def test_every_figure_is_here(made: Mapping[str, Any]) -> None:
    assert set(made) == set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_the_same_data_give_the_same_bytes(made: Mapping[str, Any], name: str) -> None:
    one = made[name]
    first, second = (figure_files(one.figure(one.one), one.rows(one.one), name) for _ in range(2))
    assert first == second
    assert list(first) == [f"{name}.svg", f"{name}.pdf", f"{name}.png", f"{name}.csv"]
    assert first[f"{name}.pdf"].startswith(b"%PDF-")
    assert b"CreationDate" not in first[f"{name}.pdf"]
    assert b"/CIDFontType2" in first[f"{name}.pdf"]  # text, not outlines


@pytest.mark.parametrize("name", NAMED)
def test_svg_holds_text_and_units_and_the_csv_the_rows(made: Mapping[str, Any], name: str) -> None:
    one = made[name]
    figure, rows = one.figure(one.many), one.rows(one.many)
    svg = svg_bytes(figure)
    assert svg == svg_bytes(one.figure(one.many))
    assert f">{NAMED[name]}</text>".encode() in svg
    assert b"'DejaVu Sans', Verdana" in svg
    ET.fromstring(svg)  # noqa: S314
    read = list(csv.DictReader(io.StringIO(rows_csv(rows).decode())))
    columns = dict.fromkeys(key for row in rows for key in row)
    assert read == [{key: "" if row.get(key) is None else str(row[key]) for key in columns} for row in rows]
    assert figure.get_size_inches()[0] <= FULL_IN
    assert figure.get_size_inches()[1] <= 9.5


@pytest.mark.parametrize("name", NAMED)
def test_without_a_patient_the_figure_says_so(made: Mapping[str, Any], name: str, told: Any) -> None:
    one = made[name]
    words = told(one.figure(one.none))
    assert any(word.startswith("No ") for word in words), words
    assert rows_csv(one.rows(one.none)).decode().count("\n") == 1


@pytest.mark.parametrize("name", NAMED)
def test_any_title_is_drawn(made: Mapping[str, Any], name: str) -> None:
    one = made[name]
    svg = svg_bytes(one.figure(replace(one.one, title=HOSTILE)))
    ET.fromstring(svg)  # noqa: S314
    assert '&lt;b&gt;&amp;"$x^{2}$□שלום□ =1+1'.encode() in svg


def test_the_picture_has_300_dpi(made: Mapping[str, Any]) -> None:
    one = made["calibration"]
    figure = one.figure(one.one)
    png = figure_files(figure, [], "x")["x.png"]
    width, height = struct.unpack(">II", png[16:24])
    assert [width, height] == [math.ceil(round(300 * inch, 3)) for inch in figure.get_size_inches()]
    assert Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    place = png.index(b"pHYs")
    assert struct.unpack(">II", png[place + 4 : place + 12]) == (11811, 11811)  # per metre


def test_numbers_keep_their_digits() -> None:
    assert rows_csv([{"a": 1 / 3, "b": None}, {"c": "x,y"}]) == b'a,b,c\n0.3333333333333333,,\n,,"x,y"\n'
