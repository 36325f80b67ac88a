"""The folder of `carpet receive`: one data set at a time goes to its place, whole and on the disk before anybody is told."""

from __future__ import annotations

import errno
import filecmp
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from carpet.core.errors import ProtocolError
from carpet.dicom.codes import uid_of
from carpet.dicom.files import UNFINISHED
from carpet.dicom.network.landing import DurableFolder, Identity, NotPlaceable, identity_of, is_uid, to_disk

SUCCESS, NO_ROOM, MISMATCH, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xA900, 0xC000  # PS3.4 Table B.2-1
PROCESSING_FAILED, DUPLICATE, NOT_AUTHORIZED = 0x0110, 0x0111, 0x0124  # PS3.7 Annex C
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
LOCK = f"{UNFINISHED}lock"


@dataclass(frozen=True)
class Quota:
    """How much the folder may hold in all."""

    bytes: int
    files: int


class Inbox:
    """The folder: takes one data set at a time to its place, durably, within the quota."""

    def __init__(self, folder: Path, quota: Quota) -> None:
        self._folder, self._quota, self._lock = DurableFolder(folder), quota, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        to_disk(folder.parent)
        self._owned = _lock(folder / LOCK)
        self._parts = folder / f"{UNFINISHED}receiving"
        self._parts.mkdir(exist_ok=True)
        for left in self._parts.iterdir():  # of a receiver that was killed; nobody else may be at work here
            left.unlink()
        found = [path.stat().st_size for path in folder.rglob("*.dcm") if path.is_file()]
        self._bytes, self._files = sum(found), len(found)

    def close(self) -> None:
        with suppress(OSError):
            self._parts.rmdir()
        os.close(self._owned)

    def take(self, data: memoryview, *, said: tuple[str, str], transfer_syntax: str) -> tuple[int, bool]:
        """Store a data set whose command said (SOP class, SOP instance); returns the DICOM status, and whether it was there before."""
        if not all(is_uid(uid) for uid in said):
            return MISMATCH, False
        meta = file_start(*said, transfer_syntax)
        size = len(meta) + len(data)
        with self._lock:
            if self._files >= self._quota.files or self._bytes + size > self._quota.bytes:
                return NO_ROOM, False
            part = self._parts / "arriving"
            try:
                return self._taken(part, meta, data, said)
            except OSError as error:
                return (NO_ROOM if error.errno in FULL else PROCESSING_FAILED), False
            finally:
                part.unlink(missing_ok=True)

    def _taken(self, part: Path, meta: bytes, data: memoryview, said: tuple[str, str]) -> tuple[int, bool]:
        with part.open("wb") as file:
            file.write(meta)
            file.write(data)
        try:
            identity = identity_of(part)
        except NotPlaceable:
            return NOT_UNDERSTOOD, False
        if (identity.sop_class, identity.instance) != said:
            return MISMATCH, False
        return self._placed(part, identity)

    def _placed(self, part: Path, identity: Identity) -> tuple[int, bool]:
        target = self._folder.root / identity.place
        if target.exists():
            if not filecmp.cmp(part, target, shallow=False):
                return DUPLICATE, False
            to_disk(target)  # the first time it may have been placed and not answered
            self._folder.settle(target)
            return SUCCESS, True
        size = part.stat().st_size
        self._folder.put(part, target)
        self._bytes, self._files = self._bytes + size, self._files + 1
        return SUCCESS, False


def _lock(path: Path) -> int:
    """The open lock file of a folder; raises ProtocolError where another receiver holds it."""
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        import fcntl

        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: two receivers on one folder are the user's care
        pass
    except OSError as error:
        os.close(number)
        raise ProtocolError("another `carpet receive` writes into this folder; give each its own") from error
    return number


def file_start(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Preamble and File Meta Information (PS3.10 §7.1) of a received data set: the same for the same instance, whoever sent it."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_file_meta_info
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(sop_class), UID(sop_instance)
    meta.TransferSyntaxUID, meta.ImplementationClassUID = UID(transfer_syntax), UID(uid_of("carpet receive"))
    buffer = DicomBytesIO()
    buffer.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(buffer, meta, enforce_standard=True)
    return buffer.getvalue()
