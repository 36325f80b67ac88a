"""Contract: what a killed call has left goes with the next one; what another call is writing stays."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from carpet.dicom.files import UNFINISHED
from carpet.run.leftovers import at_work_in
from carpet.run.outputs import new_files


def left_in(folder: Path) -> Path:
    left = folder / "reports" / "A" / f"{UNFINISHED}abc"
    left.mkdir(parents=True, exist_ok=True)
    (left / "page.html").touch()
    (folder / "reports" / "kept.html").touch()
    return left


def test_leftovers_go_and_results_stay(tmp_path: Path) -> None:
    left = left_in(tmp_path)
    with at_work_in(tmp_path):
        assert not left.exists()
        assert (tmp_path / "reports" / "kept.html").is_file()


def test_what_another_call_writes_stays(tmp_path: Path) -> None:
    with at_work_in(tmp_path), new_files(tmp_path / "reports", ()) as part:
        for _ in range(2):
            with at_work_in(tmp_path):
                assert part.is_dir()
    left = left_in(tmp_path)
    with at_work_in(tmp_path):
        assert not left.exists()


def test_a_call_that_comes_while_another_sweeps_waits_and_is_known_afterwards(tmp_path: Path) -> None:
    sweeping = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(sweeping, fcntl.LOCK_EX)
    inside, done = threading.Event(), threading.Event()

    def second() -> None:
        with at_work_in(tmp_path):
            inside.set()
            done.wait(60)

    thread = threading.Thread(target=second)
    thread.start()
    assert not inside.wait(0.2)
    os.close(sweeping)
    assert inside.wait(60)
    left = left_in(tmp_path)
    with at_work_in(tmp_path):
        assert left.exists()
    done.set()
    thread.join()
