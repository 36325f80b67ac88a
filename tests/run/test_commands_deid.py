"""Contract: `carpet deid`: exit statuses, one JSON document, and nothing of the patient in what is printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.run import commands_deid  # noqa: F401 registers the command
from carpet.testing import Storage, Visit, simple_phantom, write_study

Call = Callable[..., Any]
NAME, RECORD = "Zauberberg^Klawdia", "MRN-4711-0815"
WHOLE = simple_phantom(spacing_mm=20.0)
SCAN = replace(WHOLE, suv=WHOLE.suv.cropped((slice(0, 6), slice(0, 14), slice(0, 18))))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "Zauberberg" / "in"
    write_study(SCAN, folder, visit=Visit(patient_name=NAME, patient_id=RECORD), storage=Storage(with_ct=False))
    return folder


def silent(text: str) -> bool:
    return not any(word in text.lower() for word in ("zauberberg", "klawdia", "4711-0815", "phantom"))  # digits alone occur in UIDs


def test_done_is_status_0_and_the_key_lies_beside(call: Call, source: Path, tmp_path: Path) -> None:
    said = call("deid", source, tmp_path / "out")
    assert (said.status, said.err) == (0, "")
    assert "6 images" in said.out
    assert "SUVbw equal before and after" in said.out
    assert silent(said.out.replace(str(tmp_path), ""))
    assert RECORD in (tmp_path / "out.key.json").read_text()
    assert call("deid", source, tmp_path / "out").status == 0


def test_json_is_one_document(call: Call, source: Path, tmp_path: Path) -> None:
    said = call("deid", source, tmp_path / "out", "--key", tmp_path / "my.key", "--json")
    told = json.loads(said.out)
    assert (told["schema"], len(told["exported"]), told["refusals"]) == (1, 1, [])
    assert silent(said.out + said.err)
    assert (tmp_path / "my.key").is_file()


def test_a_refusal_is_status_1(call: Call, source: Path, tmp_path: Path) -> None:
    next(source.rglob("*.dcm")).write_bytes(bytes(128) + b"DICM" + b"\xff" * 100)
    said = call("deid", source, tmp_path / "out")
    assert said.status == 1
    assert "1 file unreadable" in said.out
    (tmp_path / "empty").mkdir()
    said = call("deid", tmp_path / "empty", tmp_path / "other", "--json")
    assert (said.status, [row["code"] for row in json.loads(said.out)["refusals"]]) == (1, ["DEID_NOTHING"])


@pytest.mark.parametrize(
    "wrong", [["{in}"], ["{tmp}/none", "{tmp}/out"], ["{in}", "{in}/out"], ["{in}", "{tmp}/out", "--key", "{tmp}/out/key"]]
)
def test_a_wrong_call_is_status_2(call: Call, source: Path, tmp_path: Path, wrong: list[str]) -> None:
    said = call("deid", *(word.replace("{in}", str(source)).replace("{tmp}", str(tmp_path)) for word in wrong))
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("wrong call: ")
    assert not (tmp_path / "out").exists()
