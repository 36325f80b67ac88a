"""Contract: progress is shown where somebody looks, a stop is never lost, the version is the package's."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from carpet.run import calls
from carpet.run.calls import progress_on

Call = Callable[..., Any]


def test_version(call: Call) -> None:
    assert call("--version").out == f"carpet {version('carpet')}\n"


def test_a_stop_that_python_dropped_is_kept(call: Call, ready: Any, tmp_path: Path) -> None:
    calls.keep_stop(type("Lost", (), {"exc_type": KeyboardInterrupt})())
    assert call("measure", ready.folder, "-o", tmp_path / "out").status == 130
    assert not (tmp_path / "out").exists()
    assert calls.LOST_STOPS == []


def test_no_step_is_shown_where_nobody_looks() -> None:
    with progress_on(False) as say:  # standard error is no terminal in a test
        say("a step")
