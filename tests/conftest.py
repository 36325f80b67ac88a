"""What all tests share: the reference data, what is left out where a thing is absent (and said so), hypothesis profiles."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

SHARED_DATA = Path(os.environ.get("CARPET_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
LEFT_OUT = pytest.StashKey[Counter[str]]()

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") or os.environ.get("CARPET_REQUIRE") else "dev")


def absent() -> dict[str, str]:
    """The marks whose tests can't run here, and why."""
    why = {}
    if not SHARED_DATA.is_dir():
        why["shared"] = "no reference data beside the checkout; CARPET_SHARED_DATA may name the folder"
    if shutil.which("dciodvfy") is None:
        why["dciodvfy"] = "no dciodvfy on PATH (Debian: dicom3tools)"
    return why


def pytest_configure(config: pytest.Config) -> None:
    """Stop where CARPET_REQUIRE names something that is absent."""
    required = os.environ.get("CARPET_REQUIRE", "").split()
    unknown = set(required) - {"shared", "dciodvfy"}
    if unknown:
        raise pytest.UsageError(f"CARPET_REQUIRE: {' '.join(sorted(unknown))} unknown; there are: shared dciodvfy")
    missing = [f"{mark}: {why}" for mark, why in absent().items() if mark in required]
    if missing:
        raise pytest.UsageError("CARPET_REQUIRE asks for what is absent. " + "; ".join(missing))
    config.stash[LEFT_OUT] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, never skip, what can't run here."""
    missing = absent()
    stay, out = [], []
    for item in items:
        marks = [mark for mark in missing if item.get_closest_marker(mark)]
        config.stash[LEFT_OUT].update(marks[:1])
        (out if marks else stay).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = stay


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In an xdist worker: hand the counts to the process that prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the process that prints: every worker collected the same tests, so one count is the count."""
    node.config.stash[LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and why."""
    for mark, why in absent().items():
        terminalreporter.write_line(f"deselected: {config.stash[LEFT_OUT][mark]} tests marked {mark!r}: {why}", yellow=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party reference data; only for tests marked `shared`."""
    return SHARED_DATA
