"""Which files there are: a folder, one file, or a zip (unpacked under caps, under names of our own)."""

from __future__ import annotations

import errno
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from carpet.core.errors import Notice, Refused
from carpet.dicom import notices

ZIP_MEMBERS_CAP = 20_000
ZIP_BYTES_CAP = 16 * 2**30
ZIP_RATIO_CAP = 200  # CT and PET deflate to a third; what deflates better than this is a bomb
COPY_BYTES = 2**20
UNFINISHED = ".carpet-"  # what carpet itself is still writing, or was when it was killed
ZIP_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # zipfile inflates the others without a limit


def files_under(paths: Iterable[Path], scratch: Path) -> tuple[tuple[Path, ...], tuple[Notice, ...]]:
    """All files below `paths`, zips unpacked into `scratch`, in the order of their names; and the zips and folders that stay closed."""
    found: list[Path] = []
    refused: list[Notice] = []
    for path in paths:
        for file in _walk(path, refused):
            if not _is_zip(file):
                found.append(file)
                continue
            try:
                found += _unpacked(file, scratch)
            except Refused as error:
                refused += error.notices
    return tuple(found), tuple(refused)


def _walk(path: Path, closed: list[Notice]) -> Iterator[Path]:
    if path.is_file():
        yield path
        return

    def is_closed(error: OSError) -> None:
        closed.append(notices.FOLDER_CLOSED.at("/".join(Path(error.filename).parts[-2:]), error.strerror or type(error).__name__))

    for folder, subfolders, names in os.walk(path, onerror=is_closed):
        if not os.access(folder, os.X_OK):  # its names can be listed, and nothing in it opened
            is_closed(PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder))
            continue
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(UNFINISHED))
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not _is_dicomdir(name) and not name.startswith(UNFINISHED):
                yield file


def _is_dicomdir(name: str) -> bool:
    """The index of a DICOM medium: it holds no image, and what it says of the files need not be true."""
    return name.rpartition("/")[2].upper() == "DICOMDIR"


def _is_zip(path: Path) -> bool:
    """False also for a file that may not be opened: whoever reads it as DICOM will say so."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _unpacked(path: Path, scratch: Path) -> list[Path]:
    """The members of a zip as 000001, 000002, … in a new folder; names inside the zip are never used as paths."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and not _is_dicomdir(info.filename)]
            total = sum(info.file_size for info in members)
            if len(members) > ZIP_MEMBERS_CAP or total > ZIP_BYTES_CAP:
                raise Refused(notices.ZIP_REFUSED.at(path.name, f"{len(members)} members, {total / 2**30:.1f} GB"))
            if other := {info.compress_type for info in members} - ZIP_METHODS:
                raise Refused(notices.ZIP_REFUSED.at(path.name, f"compression method {min(other)}, only stored and deflated are read"))
            folder = scratch / f"zip{sum(1 for _ in scratch.iterdir()):04d}"
            folder.mkdir()
            return [
                _copied(archive, info, folder / f"{number:06d}", path.name)
                for number, info in enumerate(sorted(members, key=lambda info: info.filename), start=1)
            ]
    except Refused:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:
        raise Refused(notices.ZIP_REFUSED.at(path.name, type(error).__name__)) from error


def _copied(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, where: str) -> Path:
    allowed = max(ZIP_RATIO_CAP * info.compress_size, COPY_BYTES)
    written = 0
    with archive.open(info) as source, target.open("wb") as out:
        while part := source.read(COPY_BYTES):
            written += len(part)
            if written > min(allowed, info.file_size):
                raise Refused(notices.ZIP_REFUSED.at(where, f"a member larger than it says, or deflated more than {ZIP_RATIO_CAP}:1"))
            out.write(part)
    return target
