"""What Ctrl-C, or a scheduler's stop, may not cut in two: it waits until the step is done, and our hidden folders go with us."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path

STOPS = (signal.SIGINT, signal.SIGTERM)
STOPPED_STATUS = 130


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block has ended. In another thread than the main one there is no Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: waiting.append(number)) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])


@contextmanager
def hidden_folder(prefix: str, place: Path | None = None) -> Iterator[Path]:
    """A new folder in `place`, by default where the system keeps temporary ones; gone when the block ends, however it ends."""
    folder: Path | None = None
    try:
        with uninterrupted():  # a stop between making it and knowing its name would leave it behind
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        yield folder
    finally:
        with uninterrupted():
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def end_with_parent() -> None:
    """For a process of a pool: it ends when the one that started it has ended, even by SIGKILL."""
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(STOPPED_STATUS)
