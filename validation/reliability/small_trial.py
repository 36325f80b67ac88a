"""A small trial on disk for the tests that stop, starve or alter one: a few patients with tiny phantom scans."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

from carpet.run.trial.folder import init_trial
from carpet.testing import Visit, simple_phantom, write_study

INFUSED = dt.datetime(2024, 3, 1, 8, 30)
DAYS = (-3, 29)
COLUMNS = "patient_id,age,infusion_date,lymphodepletion_date,bridging,last_contact_date"
INPUTS = ("trial.toml", "clinical", "dicom")


def small_trial(root: Path, patients: int, *, spacing_mm: float = 14.0) -> Path:
    """`patients` patients with a scan before infusion and one at month 1; nothing is run."""
    init_trial(root)
    scan = simple_phantom(spacing_mm=spacing_mm)
    names = [f"P{number}" for number in range(patients)]
    for name in names:
        for day in DAYS:
            write_study(scan, root / "dicom" / f"{name}{day}", visit=Visit(patient_id=name, injected_at=INFUSED + dt.timedelta(day)))
    rows = [f"{name},60,2024-03-01,2024-02-28,no,2024-12-01" for name in names]
    (root / "clinical" / "patients.csv").write_text("\n".join([COLUMNS, *rows]) + "\n", encoding="utf-8")
    return root


def same_inputs(trial: Path, to: Path) -> Path:
    """Another trial of the same protocol, tables and scans, with results of its own."""
    to.mkdir(parents=True)
    for name in INPUTS:
        (to / name).symlink_to(trial / name)
    return to


def tables(trial: Path) -> dict[str, bytes]:
    """All files of results/tables by name."""
    return {path.name: path.read_bytes() for path in sorted((trial / "results" / "tables").iterdir())}


def records(trial: Path) -> list[tuple[int, str]]:
    """Number and id of every record in the store, as SQLite itself reads them."""
    with closing(sqlite3.connect(trial / "results" / "carpet.sqlite")) as store:
        return list(store.execute("SELECT sequence, id FROM record ORDER BY sequence"))


def unfinished(trial: Path) -> list[Path]:
    """Hidden files and folders that a call has left in the results."""
    return sorted((trial / "results").rglob(".*"))


def forked(work: Callable[[], int]) -> int:
    """The id of a forked process that does this work and ends with its status; nothing needs to be imported again there.

    The work must not draw: the threads of libraries that have run in this process do not exist in its forks.
    """
    child = os.fork()
    if child:
        return child
    status = 99
    try:
        status = work()
    finally:
        os._exit(status)


def ended(child: int, limit_s: float = 120.0) -> int:
    """The exit status of a forked process; one that does not end within the limit is killed: -9."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_fork(trial: Path, *options: str, before: Callable[[], None] | None = None) -> tuple[int, str]:
    """`carpet run` on this trial in a forked process, in which `before` is called first: its exit status, and what it printed."""
    log = trial / "said.txt"

    def work() -> int:
        if before is not None:
            before()
        status, said = command("run", trial, *options)
        log.write_text(said, encoding="utf-8")
        return status

    return ended(forked(work)), log.read_text(encoding="utf-8") if log.exists() else "nothing said"


def command(*arguments: object) -> tuple[int, str]:
    """`carpet …` in this process: its exit status, and what it printed on both streams."""
    from carpet.run.cli import run

    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status = run([str(argument) for argument in arguments])
    return status, said.getvalue()
