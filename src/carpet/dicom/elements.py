"""The elements of one DICOM file that carpet needs, as stored: found by a walk over the headers, without decoding the rest.

pydicom is the reader for everything unusual (other byte orders, deflated data, missing preamble); this walk serves the hundreds
of look-alike slices of a series, where a full parse of each costs more than the measurement.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from carpet.core.errors import CarpetError

PIXEL_DATA = 0x7FE00010
EXPLICIT_LITTLE, IMPLICIT_LITTLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
UNCOMPRESSED_LITTLE = frozenset({EXPLICIT_LITTLE, IMPLICIT_LITTLE})
ODD_SYNTAXES = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})  # deflated, big endian
UNDEFINED_LENGTH = 0xFFFFFFFF
HEADER_BYTES = 16_384  # first read; nearly every PET and CT header ends before
HEADER_CAP_BYTES = 64 * 2**20  # a header longer than this is not a PET or CT slice
NESTING_CAP = 32
KEPT_VALUE_BYTES = 65_536
LONG_VRS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_TAG = struct.Struct("<HH")
_SHORT, _LONG = struct.Struct("<H"), struct.Struct("<L")


class MalformedFile(CarpetError, ValueError):
    """The bytes are not a DICOM file that can be read."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element as stored: VR (empty in implicit files) and bytes."""

    vr: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class FileElements:
    """The top-level elements of one file, by tag, and where its pixels start; `pixel_bytes` None when encapsulated or absent."""

    path: Path
    transfer_syntax: str
    elements: Mapping[int, Element]
    pixel_offset: int | None
    pixel_bytes: int | None


class _NeedMore(Exception):
    """The walk ran past the part of the file that was read."""


def read_elements(path: Path) -> FileElements | None:
    """The elements of `path`, or None when it is not DICOM at all. Raises MalformedFile when it claims to be and is not."""
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        start = file.read(HEADER_BYTES)
        if start[128:132] != b"DICM":
            return _read_with_pydicom(path) if _looks_bare(start) else None
        try:
            return _walk_file(path, start, size)
        except _NeedMore:
            file.seek(0)
            whole = file.read(min(size, HEADER_CAP_BYTES))
        except (struct.error, MalformedFile):
            return _read_with_pydicom(path)
    try:
        return _walk_file(path, whole, size)
    except (_NeedMore, struct.error, MalformedFile):
        return _read_with_pydicom(path)


def _looks_bare(start: bytes) -> bool:
    """A data set without preamble starts with an element of group 2 or 8, in little or big endian."""
    return start[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08") and len(start) > 8 and b"." in start


def _walk_file(path: Path, data: bytes, size: int) -> FileElements:
    syntax, at = _file_meta(data)
    if syntax in ODD_SYNTAXES:
        raise MalformedFile("not walked: byte order or deflation")
    implicit = syntax == IMPLICIT_LITTLE
    kept: dict[int, Element] = {}
    while at < size:
        tag, vr, length, value_at = _element_head(data, at, implicit)
        if tag == PIXEL_DATA:
            native = length != UNDEFINED_LENGTH
            if native and value_at + length > size:
                raise MalformedFile("pixel data are cut off")
            return FileElements(path, syntax, kept, value_at, length if native else None)
        if tag in kept:
            raise MalformedFile("an element stands twice")
        end = _sequence_end(data, value_at, implicit, 0) if length == UNDEFINED_LENGTH else value_at + length
        if end > size:
            raise MalformedFile("an element is longer than the file")
        if end > len(data):
            raise _NeedMore
        if end - value_at <= KEPT_VALUE_BYTES:
            kept[tag] = Element(vr.decode("latin-1"), data[value_at:end])
        at = end
    return FileElements(path, syntax, kept, None, None)


def _file_meta(data: bytes) -> tuple[str, int]:
    at, syntax = 132, ""
    while _TAG.unpack_from(data, at)[0] == 2:
        tag, _, length, value_at = _element_head(data, at, False)
        if length == UNDEFINED_LENGTH:
            raise MalformedFile("file meta information of undefined length")
        if tag == 0x00020010:
            syntax = data[value_at : value_at + length].rstrip(b"\0 ").decode("latin-1")
        at = value_at + length
        if at + 8 > len(data):
            raise _NeedMore
    if not syntax:
        raise MalformedFile("no transfer syntax")
    return syntax, at


def _element_head(data: bytes, at: int, implicit: bool) -> tuple[int, bytes, int, int]:
    """Tag, VR, length and where the value starts."""
    if at + 12 > len(data):
        if at + 8 > len(data):
            raise _NeedMore
        data = data[: at + 8] + b"\0\0\0\0"
    group, element = _TAG.unpack_from(data, at)
    tag = group << 16 | element
    if implicit or group == 0xFFFE:
        return tag, b"", _LONG.unpack_from(data, at + 4)[0], at + 8
    vr = data[at + 4 : at + 6]
    if vr in LONG_VRS:
        return tag, vr, _LONG.unpack_from(data, at + 8)[0], at + 12
    if not (vr.isalpha() and vr.isupper()):
        raise MalformedFile("an element without a value representation")
    return tag, vr, _SHORT.unpack_from(data, at + 6)[0], at + 8


def _sequence_end(data: bytes, at: int, implicit: bool, depth: int) -> int:
    """One past the end of a sequence of undefined length whose first item starts at `at`."""
    if depth > NESTING_CAP:
        raise MalformedFile("sequences are nested too deeply")
    while True:
        tag, _, length, value_at = _element_head(data, at, implicit)
        if tag == SEQUENCE_END:
            return value_at
        if tag != ITEM:
            raise MalformedFile("a sequence holds something that is not an item")
        at = value_at + length if length != UNDEFINED_LENGTH else _item_end(data, value_at, implicit, depth)
        if at > len(data):
            raise _NeedMore


def _item_end(data: bytes, at: int, implicit: bool, depth: int) -> int:
    while True:
        tag, _, length, value_at = _element_head(data, at, implicit)
        if tag == ITEM_END:
            return value_at
        at = value_at + length if length != UNDEFINED_LENGTH else _sequence_end(data, value_at, implicit, depth + 1)
        if at > len(data):
            raise _NeedMore


def _read_with_pydicom(path: Path) -> FileElements:
    import warnings

    import pydicom
    from pydicom.errors import InvalidDicomError

    if os.path.getsize(path) > 16 * HEADER_CAP_BYTES:
        raise MalformedFile("the file is too large to be parsed whole")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        syntax = str(data.file_meta.get("TransferSyntaxUID", "")) if hasattr(data, "file_meta") else ""
        kept = {int(tag): element for tag in data.keys() if (element := _stored(data, tag)) is not None}  # noqa: SIM118
    except (InvalidDicomError, ValueError, TypeError, KeyError, AttributeError, EOFError) as error:
        raise MalformedFile(f"{type(error).__name__}") from error
    except (struct.error, RecursionError, NotImplementedError, OSError, MemoryError, IndexError, OverflowError) as error:
        raise MalformedFile(f"{type(error).__name__}") from error
    if 0x00080016 not in kept or 0x0020000E not in kept:
        raise MalformedFile("no SOP Class UID (0008,0016) or Series Instance UID (0020,000E)")
    return FileElements(path, syntax or IMPLICIT_LITTLE, kept, None, None)


def _stored(data: object, tag: object) -> Element | None:
    element = data.get_item(tag)  # type: ignore[attr-defined]
    raw = element.value
    if raw is None:
        return Element(element.VR or "", b"")
    return Element(element.VR or "", raw[:KEPT_VALUE_BYTES]) if isinstance(raw, bytes) else None
