"""What calls that were killed have left behind: removed by the next one, unless another call is at work in the same folder."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carpet.dicom.files import UNFINISHED


@contextmanager
def at_work_in(folder: Path) -> Iterator[None]:
    """Say to other calls that this one writes below `folder`, which must exist; hidden part folders of calls that are gone are removed.

    Calls may work side by side. Where the disk knows no locks nothing is removed.
    """
    place = os.open(folder, os.O_RDONLY)
    try:
        if _locked(place, fcntl.LOCK_EX):
            for left in sorted(folder.rglob(f"{UNFINISHED}*")):
                shutil.rmtree(left, ignore_errors=True)
        _locked(place, fcntl.LOCK_SH)
        yield
    finally:
        os.close(place)  # and with it the lock, as when the process dies


def _locked(place: int, kind: int) -> bool:
    try:
        fcntl.flock(place, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
