"""Contract: `carpet verify` finds nothing in what carpet wrote, and whatever was changed afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run.trial.verify import verify_trial

Call = Callable[..., Any]


@pytest.fixture
def small(ran: Path, tmp_path: Path) -> Path:
    """The trial that ran, with the scans of C only."""
    folder = tmp_path / "trial"
    shutil.copytree(ran, folder, ignore=shutil.ignore_patterns("A*", "B*", "nobody"))
    return folder


def test_what_was_run_comes_out_again(small: Path, call: Call) -> None:
    # A and B have lost their scans, so that their courses are not those that are stored
    said = verify_trial(small, say=lambda step: None)
    assert {(one.code, one.where) for one in said} == {("RECORD_STALE", f"{of}:{who}") for of in ("patient", "tracks") for who in "AB"}
    assert call("verify", small).status == 1
    assert call("run", small, "--tables-only").status == 1
    assert verify_trial(small, say=lambda step: None) == ()
    assert call("verify", small).out == "equal: all that is stored comes out again\n"


def test_settings_that_no_measurement_depends_on_make_no_scan_another(small: Path, call: Call) -> None:
    toml = small / "trial.toml"
    assert "horizon_days = 365" in toml.read_text()
    toml.write_text(toml.read_text().replace("horizon_days = 365", "horizon_days = 180"))
    assert '"measured": 0,' in call("run", small, "--tables-only", "--json").out
    assert verify_trial(small, say=lambda step: None) == ()


def test_a_number_changed_behind_the_guards_is_found(small: Path, call: Call) -> None:
    with sqlite3.connect(small / "results" / "carpet.sqlite") as database:
        database.execute("DROP TRIGGER record_unchanged")
        database.execute("UPDATE record SET payload = replace(payload, '\"value\":', '\"value\":1') WHERE name = 'tmtv suv4.0'")
    said = call("verify", small, "--json")
    assert said.status == 1
    assert "STORE_ALTERED" in said.out


def test_other_scans_make_what_is_stored_stale(small: Path) -> None:
    for path in (small / "dicom" / "C-4").rglob("IM0003.dcm"):
        path.unlink()
    said = {(one.code, one.where.partition(":")[0]) for one in verify_trial(small, say=lambda step: None)}
    assert ("RECORD_STALE", "study") in said


def test_geometry_that_was_altered_and_tracks_that_were_not_followed_are_found(small: Path) -> None:
    (path,) = (small / "results" / "geometry" / "C").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    head = "patient_id,date,lesion_id,reader,track\n"
    (small / "clinical" / "track_corrections.csv").write_text(f"{head}C,2024-02-26,L01,R,T01\n")
    said = verify_trial(small, say=lambda step: None)
    assert [(one.where.partition(":")[0], one.found) for one in said if one.code == "GEOMETRY_UNREADABLE"] == [("study", path.name)]
    assert {"tracks:C", "patient:C"} <= {one.where for one in said if one.code == "RECORD_STALE"}


def test_without_results_there_is_nothing_to_verify(planted: Any) -> None:
    with pytest.raises(ProtocolError, match="no results yet"):
        verify_trial(planted.folder, say=lambda step: None)
