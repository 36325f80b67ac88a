"""Truth: the document that the lines are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from carpet.run.document import document
from carpet.run.pipeline import Result
from carpet.run.summary import SHOWN, summary

FILES = ("measurements.json", "report.html")


def test_no_number_without_its_mark(told: dict[str, Any]) -> None:
    lines = summary(told, Path("out"), FILES).splitlines()
    numbers = [line for line in lines if line.strip().startswith(tuple(SHOWN.values()))]
    assert len(numbers) == len(SHOWN)
    assert all(line.endswith("UNREVIEWED") for line in numbers)
    assert "  TMTV     0.0 mL         UNREVIEWED" in numbers
    assert "  Dmax     – no lesion    UNREVIEWED" in numbers


def test_the_way_on_is_said(told: dict[str, Any]) -> None:
    text = summary(told, Path("out"), FILES)
    assert "look at out/report.html, then run again with --decisions FILE" in text
    assert "UNDECIDED_LEFT" in text
    assert "0 disease, 0 physiologic, 4 undecided" in text
    assert text.endswith("2 files in out: measurements.json, report.html")
    assert "report.html" not in summary(told, Path("out"), FILES[:1])


def test_a_reviewed_result_is_calm(reviewed: Result, by_mask: Result) -> None:
    text = summary(document(reviewed), Path("out"), FILES)
    assert "UNREVIEWED" not in text
    assert "\n  REVIEWED\n" in text
    assert "disease by suv4.0; regions: 3 disease, 1 physiologic, 0 undecided" in text
    assert "Dmax     265 mm\n" in text
    assert len(text.splitlines()) <= 16
    assert "disease by the given mask" in summary(document(by_mask), Path("out"), FILES)


def test_text_from_the_scan_is_one_harmless_line(told: dict[str, Any]) -> None:
    pet = told["study"]["pet"] | {"description": "x\x1b[31m\n  TMTV     9 mL"}
    text = summary(told | {"study": told["study"] | {"pet": pet}}, Path("out"), FILES)
    assert "\x1b" not in text
    assert "  TMTV     9 mL" not in text.splitlines()
