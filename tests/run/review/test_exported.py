"""Contract: a reading comes back from its file as it was; what is no whole reading, or of other regions, is refused, and says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.core.lesion import Status
from carpet.lesions.decisions import Decision
from carpet.review.edits import Deauville, Merge, Numbered, SetStatus
from carpet.run.review.exported import ExportedReading, exported_reading, reading_json

STANDING = (
    Numbered(2, SetStatus(lesion="L02", status="physiologic")),
    Numbered(5, Merge(lesions=("L01", "L03"))),
    Numbered(6, Deauville(score="4")),
)
EARLIER = Decision("decisions.csv, row 1 of this scan", None, (1.5, -2.25, 1e-17), Status.DISEASE, None, None, "Dr \u00c4")
READING = ExportedReading("Rea", STANDING, "0" * 64, True, (EARLIER,))


def test_a_reading_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "reading.json"
    file.write_text(reading_json(READING), encoding="utf-8")
    assert exported_reading(file) == READING


def test_a_table_is_no_reading(tmp_path: Path) -> None:
    for text in ("", "lesion_id,status,reader\n*,accept,Rea\n"):
        (tmp_path / "decisions.csv").write_text(text)
        assert exported_reading(tmp_path / "decisions.csv") is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"carpet_reading": 2}, "REVIEW_READING_MALFORMED"),
        ({"reader": None}, "REVIEW_READING_MALFORMED"),
        ({"signed": "yes"}, "REVIEW_READING_MALFORMED"),
        ({"edits": [{"number": 1, "edit": {"kind": "status", "lesion": "L02", "status": "gone"}}]}, "REVIEW_EDIT_MALFORMED"),
        ({"edits": [{"number": 0, "edit": {"kind": "deauville", "score": "4"}}]}, "REVIEW_READING_MALFORMED"),
        ({"edits": [{"number": 1, "edit": {"kind": "deauville", "score": one}} for one in "45"]}, "REVIEW_READING_MALFORMED"),
        ({"earlier": [{"where": ""}]}, "REVIEW_READING_MALFORMED"),
    ],
)
def test_what_was_changed_by_hand_is_refused(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    file = tmp_path / "reading.json"
    file.write_text(json.dumps(json.loads(reading_json(READING)) | change))
    with pytest.raises(Refused) as refused:
        exported_reading(file)
    assert {one.code for one in refused.value.notices} == {code}


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reading.json").write_text(reading_json(READING)[:100])
    with pytest.raises(Refused):
        exported_reading(tmp_path / "reading.json")


def test_a_reading_of_other_regions_is_refused(ready: Any, call: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "reading.json"
    file.write_text(reading_json(ExportedReading("Rea", (), "0" * 64, True)))
    said = call("measure", ready.folder, "-o", tmp_path / "out", "--decisions", file, "--tables-only")
    assert (said.status, "REVIEW_READING_OUTDATED" in said.err + said.out) == (1, True)
    said = call("measure", ready.folder, "-o", tmp_path / "out", "--decisions", file, "--mask", file, "--tables-only")
    assert (said.status, "leave out --mask" in said.err) == (2, True)
