"""Contract: the sentences say what this result did, and every source is one that a reader can look up."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from carpet.core.protocol import Protocol, SegmentProtocol
from carpet.run.methods_text import RULE_TEXT, methods_text
from carpet.run.pipeline import Result, Wishes
from carpet.segment import segmenters
from carpet.suv.clock import RANKED

ROOT = Path(__file__).resolve().parents[2]


def text_of(result: Result) -> dict[str, str]:
    entries = methods_text(result)
    assert all(set(entry) == {"step", "text", "sources"} for entry in entries)
    return {entry["step"]: entry["text"] for entry in entries}


def test_every_step_is_told(unreviewed: Result) -> None:
    text = text_of(unreviewed)
    assert list(text) == ["SUV", "Regions", "Delineation suv4.0", "Disease or physiologic", "Reference regions", "Numbers"]
    assert "26-connected voxels with SUVbw ≥ 4 and a volume of at least 3 mL" in text["Regions"]
    assert "Uptake time 60.0 min" in text["SUV"]
    assert "6586.2 s (F-18)" in text["SUV"]
    assert "no reader has confirmed" in text["Disease or physiologic"]
    assert "0F91" in text["Numbers"]
    assert "Not found: " in text["Reference regions"]


def test_every_reference_time_has_words() -> None:
    assert set(RULE_TEXT) == {*RANKED, "administration", "each_slice"}


def test_another_protocol_is_another_text(measured_with: Callable[..., Result]) -> None:
    segment = SegmentProtocol(method="max41", also=("mv2",), preselect_suv=2.5, preselect_min_ml=1.0, margin_mm=15.0)
    text = text_of(measured_with(Wishes(), Protocol(segment=segment)))
    assert "SUVbw ≥ 2.5 and a volume of at least 1 mL" in text["Regions"]
    assert segmenters()["max41"].says in text["Delineation max41"]
    assert "within 15 mm" in text["Delineation mv2"]


def test_readers_are_named(reviewed: Result, by_mask: Result) -> None:
    assert "Dr A" in text_of(reviewed)["Disease or physiologic"]
    assert "mask made elsewhere" in text_of(by_mask)["Regions"]
    assert not [step for step in text_of(by_mask) if step.startswith("Delineation")]


def test_sources_can_be_looked_up(measured_with: Callable[..., Result]) -> None:
    every = Protocol(segment=SegmentProtocol(also=tuple(segmenters())))
    sources = [source for entry in methods_text(measured_with(Wishes(), every)) for source in entry["sources"]]
    assert sources
    assert [source for source in sources if "METHODS" in source or ("§" in source and "DICOM" not in source)] == []
    pages = [page for source in sources for page in re.findall(r"docs/\S+\.md", source)]
    assert pages
    assert [page for page in pages if not (ROOT / page).is_file()] == []
