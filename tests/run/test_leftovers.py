"""Contract: what a killed call has left goes with the next one; what another call is writing stays."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from carpet.dicom.files import UNFINISHED
from carpet.run.leftovers import at_work_in, scratch_folder
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


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system's temporary place for this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


KILLED = """
import os, signal, sys
from pathlib import Path
from carpet.run.leftovers import scratch_folder
with scratch_folder(Path(sys.argv[1]) if len(sys.argv) > 1 else None) as folder:
    (folder / "000001").write_text("a name, a date of birth")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_one(temporary: Path, *arguments: object) -> None:
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "TMPDIR": str(temporary)}
    call = [sys.executable, "-c", KILLED, *(str(one) for one in arguments)]
    assert subprocess.run(call, env=os.environ | paths, check=False).returncode == -9


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_unpacked_when_a_call_was_killed_goes_with_the_next_one(temporary: Path) -> None:
    kill_one(temporary)
    assert files_in(temporary) == ["000001"]
    with scratch_folder() as folder:
        assert list(folder.iterdir()) == []
        assert files_in(temporary) == []
    assert list(temporary.iterdir()) == []


def test_in_a_place_of_its_own_as_well(temporary: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    (results / "tables").mkdir(parents=True)
    (results / "tables" / "kept.csv").touch()
    kill_one(temporary, results)
    assert files_in(results) == ["000001", "kept.csv"]
    with scratch_folder(results) as folder:
        assert folder.parent == results
        assert files_in(results) == ["kept.csv"]
    assert [path.name for path in results.iterdir()] == ["tables"]
    assert list(temporary.iterdir()) == []


def test_a_call_beside_it_loses_nothing_and_the_last_one_closes_the_door(temporary: Path) -> None:
    with scratch_folder() as first:
        (first / "mine").touch()
        with scratch_folder() as second:
            assert (first.parent, (first / "mine").exists()) == (second.parent, True)
        assert (first / "mine").exists()
    assert list(temporary.iterdir()) == []


def test_many_calls_at_once(temporary: Path) -> None:
    faults: list[BaseException] = []

    def one() -> None:
        try:
            for _ in range(30):
                with scratch_folder() as folder:
                    (folder / "a").touch()
                    assert (folder / "a").exists()
        except (OSError, AssertionError) as error:
            faults.append(error)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert list(temporary.iterdir()) == []


def test_a_folder_in_which_others_can_write_is_not_taken_for_ours(temporary: Path, tmp_path: Path) -> None:
    trap = temporary / f"carpet-{os.getuid()}"
    elsewhere = left_in(tmp_path)
    trap.symlink_to(tmp_path / "reports")
    with scratch_folder() as folder:
        assert folder.parent == temporary
    assert elsewhere.exists()
    trap.unlink()
    trap.mkdir()
    trap.chmod(0o777)
    (trap / f"{UNFINISHED}x").mkdir()
    with scratch_folder() as folder:
        assert folder.parent == temporary
    assert (trap / f"{UNFINISHED}x").exists()
