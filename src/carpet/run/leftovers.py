"""What calls that were killed have left behind: removed by the next one, unless another call is at work in the same folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from carpet.dicom.files import UNFINISHED
from carpet.run.stopping import hidden_folder, uninterrupted


@contextmanager
def at_work_in(folder: Path) -> Iterator[None]:
    """Say to other calls that this one writes below `folder`, which must exist; hidden part folders of calls that are gone are removed.

    Calls may work side by side. Where the disk knows no locks nothing is removed.
    """
    place = os.open(folder, os.O_RDONLY)
    try:
        if _alone(place):
            _sweep(folder)
        with suppress(OSError):
            fcntl.flock(place, fcntl.LOCK_SH)  # waits while another call sweeps
        yield
    finally:
        os.close(place)  # and with it the lock, as when the process dies


@contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """A new hidden folder for what is unpacked, gone when the block ends; what killed calls have left beside it goes before.

    place: a folder in which this call may write, such as a trial's results/. By default a folder of this user's own among the system's
    temporary ones, which is there only as long as a call is at work.
    """
    if place is not None:
        with at_work_in(place), hidden_folder(UNFINISHED, place) as folder:
            yield folder
        return
    own = Path(tempfile.gettempdir()) / f"carpet-{os.getuid()}"
    entered: int | None = None
    try:
        with uninterrupted():
            entered = _entered(own)
        with hidden_folder(UNFINISHED, own) if entered is not None else hidden_folder("carpet-") as folder:
            yield folder
    finally:
        with uninterrupted():
            if entered is not None:
                _leave(entered, own)


def _entered(own: Path) -> int | None:
    """The open and locked folder, made where it is not there and swept where nobody else is at work in it; None where it is not ours."""
    while True:
        with suppress(FileExistsError):
            own.mkdir(mode=0o700)
        try:
            if not _is_ours(own.lstat()):
                return None
            place = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:  # another call has just left it
            continue
        if _alone(place):
            _sweep(own)
        with suppress(OSError):
            fcntl.flock(place, fcntl.LOCK_SH)
        if own.exists() and own.stat().st_ino == os.fstat(place).st_ino:
            return place
        os.close(place)


def _is_ours(said: os.stat_result) -> bool:
    """A real folder of this user in which nobody else can write: the system's temporary place is everybody's."""
    return stat.S_ISDIR(said.st_mode) and said.st_uid == os.getuid() and not said.st_mode & 0o022


def _leave(place: int, own: Path) -> None:
    """The last one takes the folder away: with the whole lock, so that nobody is in it."""
    try:
        if _alone(place):
            _sweep(own)
            with suppress(OSError):
                own.rmdir()
    finally:
        os.close(place)


def _sweep(folder: Path) -> None:
    for place, names, _ in os.walk(folder):  # not rglob, which breaks off where a folder vanishes
        for left in [name for name in names if name.startswith(UNFINISHED)]:
            shutil.rmtree(Path(place) / left, ignore_errors=True)
            names.remove(left)


def _alone(place: int) -> bool:
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
