"""What calls that were killed have left behind: removed by the next one, unless another call is at work in the same folder."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from carpet.dicom.files import UNFINISHED


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
