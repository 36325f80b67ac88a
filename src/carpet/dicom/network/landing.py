"""How files from outside land: under names of our own, on the disk before anybody is told, visible only when whole."""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from carpet.core.errors import CarpetError
from carpet.dicom.elements import (
    DEFLATED,
    EXPLICIT_BIG,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    UNDEFINED_LENGTH,
    FileElements,
    MalformedFile,
    read_elements,
)
from carpet.dicom.values import text_of

SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
META_LENGTH, META_END = b"\x02\0\0\0UL\x04\0", 144  # (0002,0000), and where what it counts begins (PS3.10 §7.1)
ELEMENTS_CAP = 2_000_000  # of one data set; an Enhanced image of 2,000 frames has some 100,000
UID = re.compile(r"[0-9]+(\.[0-9]+)*")
UID_CHARACTERS = 64  # PS3.5 §9.1


class NotPlaceable(CarpetError, ValueError):
    """A file does not say which study, series and instance it is."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a DICOM file says it is."""

    sop_class: str
    study: str
    series: str
    instance: str

    @property
    def place(self) -> Path:
        """Where it belongs below a folder: a folder a study, a folder a series, names made from the UIDs, never the UIDs themselves."""
        return Path(short_name(self.study), short_name(self.series), f"{short_name(self.instance)}.dcm")


def short_name(uid: str) -> str:
    """16 hexadecimal digits that are the same for the same UID: a name that no sender can choose."""
    return hashlib.sha256(uid.encode()).hexdigest()[:16]


def is_uid(text: str) -> bool:
    """Digits and single dots, at most 64 characters (PS3.5 §9.1)."""
    return len(text) <= UID_CHARACTERS and UID.fullmatch(text) is not None


def identity_of(path: Path) -> Identity:
    """What the file says it is; raises NotPlaceable where it is not DICOM, is cut off, or its UIDs are none."""
    try:
        read = read_elements(path)
    except MalformedFile as error:
        raise NotPlaceable(str(error)) from error
    if read is None:
        raise NotPlaceable("not DICOM")
    uids = [_uid(read, tag) for tag in (SOP_CLASS, STUDY, SERIES, SOP_INSTANCE)]
    if not all(is_uid(uid) for uid in uids):
        raise NotPlaceable("a UID is missing or malformed")
    if not _is_whole_file(path, read.transfer_syntax):
        raise NotPlaceable("its elements do not end where the file ends")
    return Identity(*uids)


def _uid(read: FileElements, tag: int) -> str:
    element = read.elements.get(tag)
    return text_of(element) if element else ""


def _is_whole_file(path: Path, transfer_syntax: str) -> bool:
    """Deflated files were inflated to their end already; big-endian ones, retired long ago, are left to pydicom."""
    if transfer_syntax in (DEFLATED, EXPLICIT_BIG):
        return True
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[132:140] != META_LENGTH:
            return False
        start = META_END + struct.unpack_from("<L", data, META_END - 4)[0]
        return is_whole(data, implicit=transfer_syntax == IMPLICIT_LITTLE, start=start)


def is_whole(data: memoryview | mmap.mmap, *, implicit: bool, start: int = 0) -> bool:
    """Whether the little-endian data set from `start` on is elements that follow one another to its very end, every sequence closed."""
    at, modes, count = start, [implicit], 0  # one mode for each sequence and item of undefined length that is open
    try:
        while at < len(data) and count < ELEMENTS_CAP:
            count += 1
            group, number = struct.unpack_from("<HH", data, at)
            tag = group << 16 | number
            if tag in (ITEM_END, SEQUENCE_END):
                modes.pop()
                at += 8
                continue
            vr, length, value = _head(data, at, implicit=modes[-1] or tag == ITEM)
            if length == UNDEFINED_LENGTH:
                modes.append(modes[-1] or vr == b"UN")
                length = 0
            at = value + length
    except (struct.error, IndexError):
        return False
    return at == len(data) and len(modes) == 1 and count > 0


def _head(data: memoryview | mmap.mmap, at: int, *, implicit: bool) -> tuple[bytes, int, int]:
    """VR, length and where the value starts."""
    if implicit:
        return b"", struct.unpack_from("<L", data, at + 4)[0], at + 8
    vr = bytes(data[at + 4 : at + 6])
    if vr in LONG_VRS:
        return vr, struct.unpack_from("<L", data, at + 8)[0], at + 12
    return vr, struct.unpack_from("<H", data, at + 6)[0], at + 8


def to_disk(path: Path) -> None:
    """Return when the file, or the names in the folder, would survive a power cut."""
    if path.is_dir() and os.name == "nt":  # Windows has no handle on a folder; NTFS journals names itself
        return
    number = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class DurableFolder:
    """A folder into which whole files are moved; what `put` or `settle` returned for would survive a power cut."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._settled: set[Path] = set()  # folders whose own name is on the disk

    def put(self, part: Path, target: Path) -> None:
        """Move a whole, hidden file to its place. On an error it is not there, and no empty folder is left."""
        to_disk(part)
        if not target.parent.is_dir():  # new, or somebody has removed it
            self._settled -= set(target.parents)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(part, target)
        except OSError:
            for folder in (target.parent, target.parent.parent):
                with suppress(OSError):  # other files are in it
                    folder.rmdir()
            raise
        self.settle(target)

    def settle(self, target: Path) -> None:
        """Return when every name on the way from the root to `target` is on the disk."""
        to_disk(target.parent)
        for folder in target.parents:
            if folder == self.root:
                return
            if folder not in self._settled:
                to_disk(folder.parent)
                self._settled.add(folder)
