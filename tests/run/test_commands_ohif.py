"""Contract: the command says what it shows, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.run.commands_ohif import ohif


def test_what_is_shown_stands_in_the_help(call: Callable[..., Any]) -> None:
    said = call("ohif", "--help")
    words = " ".join(said.out.split())
    for part in ("Read-only", "names and record numbers", "Nothing is blinded", "--ohif FOLDER", "@ohif/app"):
        assert part in words
    assert ohif.__doc__ is not None


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_what_is_no_trial_is_said(folder: str, call: Callable[..., Any], tmp_path: Path) -> None:
    said = call("ohif", tmp_path / folder)
    assert (said.status, "carpet init" in said.err) == (2, True)
    said = call("ohif", tmp_path, "--ohif", tmp_path)
    assert (said.status, "npm pack @ohif/app" in said.err) == (2, True)
