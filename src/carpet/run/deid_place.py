"""Where a study comes to lie: made in a hidden folder of OUT, and moved from there to its place whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from carpet.dicom.deid.key import alone
from carpet.run.stopping import uninterrupted

HIDDEN = ".carpet-deid-"


@contextmanager
def hidden_part(out: Path) -> Iterator[Path]:
    """A hidden folder in `out`, gone when the block ends, and `out` with it where it stays empty; killed runs are cleared up after."""
    absent = [path for path in (out, *out.parents) if not path.exists()]
    out.mkdir(parents=True, exist_ok=True)
    part, held = None, None
    try:
        with alone(out), uninterrupted():
            _clear(out)
            part = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=out))
            held = _held(part)
        yield part
    finally:
        with uninterrupted():
            if part is not None:
                shutil.rmtree(part, ignore_errors=True)
            if held is not None:
                os.close(held)
            for empty in absent:
                with suppress(OSError):  # it holds a study
                    empty.rmdir()


def _clear(out: Path) -> None:
    """Remove hidden folders that no run holds any more."""
    for part in out.glob(f"{HIDDEN}*"):
        held = _held(part)
        if held is not None:
            shutil.rmtree(part, ignore_errors=True)
            os.close(held)


def _held(part: Path) -> int | None:
    """The folder, opened and locked for this run as long as it lives; None where another run has it, or nothing can be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def appear(made: Path, target: Path) -> None:
    """All files on the disk, then the whole study at its place in one step. Raises OSError, also where another study is there."""
    for path in (*made.rglob("*"), made):
        _to_disk(path)
    with uninterrupted():
        target.parent.mkdir(exist_ok=True)
        os.rename(made, target)
        _to_disk(target.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
