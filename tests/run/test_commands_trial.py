"""Contract: `carpet init` of INTERFACE: a folder, five lines that lead on, and no second time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_init_says_in_five_lines_what_to_do_next(call: Call, tmp_path: Path) -> None:
    said = call("init", tmp_path / "my trial")
    assert said.status == 0
    assert len(said.out.splitlines()) == 5
    for name in ("dicom", "clinical/patients.csv", "clinical/README.md", "trial.toml"):
        assert (tmp_path / "my trial" / name).exists()
        assert str(tmp_path / "my trial" / name) in said.out
    assert f"carpet run '{tmp_path / 'my trial'}'" in said.out


def test_a_trial_is_not_made_twice(call: Call, tmp_path: Path) -> None:
    assert call("init", tmp_path / "trial").status == 0
    said = call("init", tmp_path / "trial")
    assert said.status == 2
    assert said.out == ""
    assert "is a trial already; nothing was changed" in said.err


def test_init_needs_a_folder(call: Call) -> None:
    said = call("init")
    assert said.status == 2
    assert "Missing argument 'TRIAL'" in said.err


def test_cohort_says_what_it_does_and_needs_a_trial(call: Call, tmp_path: Path) -> None:
    said = call("cohort", "--help")
    assert said.status == 0
    assert "--tables-only" in said.out
    assert "No scan is read" in said.out
    said = call("cohort", tmp_path / "nowhere", "--json")
    assert (said.status, said.out) == (2, "")
    assert "there is no folder" in said.err


def test_the_database_is_loaded_by_those_who_need_it_only() -> None:
    script = "import sys; from carpet.run import cli; print([name for name in ('sqlalchemy', 'carpet.run.store') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
