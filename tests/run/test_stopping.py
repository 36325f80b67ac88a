"""Contract: a stop never falls between making something and knowing of it, and nothing hidden stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from carpet.run.stopping import hidden_folder, uninterrupted


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():  # noqa: PT012 (what follows the signal is the point)
        signal.raise_signal(signal.SIGINT)
        done.append("after the signal")
    assert done == ["after the signal"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_in_another_thread_there_is_no_ctrl_c_to_wait_for() -> None:
    done = []

    def block() -> None:
        with uninterrupted():
            done.append("ran")

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert done == ["ran"]


def test_a_hidden_folder_is_gone_with_all_it_held(tmp_path: Path) -> None:
    with hidden_folder(".carpet-", tmp_path) as part:
        (part / "a").write_text("half")
        assert [one.name for one in tmp_path.iterdir()] == [part.name]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_the_folder_is_made_leaves_nothing(number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def stopped(*args: Any, **wishes: Any) -> str:
        made.append(mkdtemp(*args, **wishes))
        signal.raise_signal(number)
        return made[-1]

    mkdtemp = tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", stopped)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), hidden_folder(".carpet-", tmp_path):
            pytest.fail("the block must not begin")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert len(made) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_a_pool_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(
        "import multiprocessing, os, time\n"
        "from carpet.run.stopping import end_with_parent\n"
        "def life(pipe):\n    end_with_parent()\n    pipe.send(os.getpid())\n    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    ours, theirs = multiprocessing.Pipe()\n"
        "    multiprocessing.get_context('spawn').Process(target=life, args=(theirs,)).start()\n"
        "    print(ours.recv(), flush=True)\n    time.sleep(600)\n"
    )
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    parent = subprocess.Popen([sys.executable, str(script)], env=os.environ | paths, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 30
    while is_running(child):
        assert time.monotonic() < until
        time.sleep(0.02)


def is_running(process: int) -> bool:
    """One that has ended and that nobody has asked for does not count."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.startswith("Z")
