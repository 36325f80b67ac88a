"""The elements of one DICOM file that carpet needs, as stored: found by a walk over the headers, without decoding the rest.

pydicom is the reader for everything unusual (other byte orders, missing preamble); this walk serves the hundreds of look-alike
slices of a series, where a full parse of each costs more than the measurement, and deflated files, which pydicom inflates without
a limit.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from carpet.core.errors import CarpetError

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset
    from pydicom.tag import BaseTag

PIXEL_DATA = 0x7FE00010
EXPLICIT_LITTLE, IMPLICIT_LITTLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
UNCOMPRESSED_LITTLE = frozenset({EXPLICIT_LITTLE, IMPLICIT_LITTLE})
DEFLATED, EXPLICIT_BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
UNDEFINED_LENGTH = 0xFFFFFFFF
HEADER_BYTES = 16_384  # first read; nearly every PET and CT header ends before
HEADER_CAP_BYTES = 64 * 2**20  # a header, or a whole inflated file, longer than this is not a PET or CT slice
NESTING_CAP = 32
ITEMS_CAP = 10_000  # frames of a file too
ELEMENTS_CAP = 20_000  # of one slice; a PET or CT has some hundred
STEPS_CAP = 500_000  # items and elements inside sequences
KEPT_VALUE_BYTES = 65_536
SHARED_GROUPS, FRAME_GROUPS = 0x52009229, 0x52009230  # functional groups: of all frames, and a sequence item for each frame
KEPT_WHOLE = frozenset({SHARED_GROUPS, FRAME_GROUPS})
SOP_CLASS = 0x00080016
ENHANCED_PET, LEGACY_PET = "1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.128.1"
ENHANCED_CT, LEGACY_CT = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"
MULTI_FRAME = frozenset({ENHANCED_PET, LEGACY_PET, ENHANCED_CT, LEGACY_CT})
LONG_VRS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
BYTES_OF_VR = {"US": 2, "SS": 2, "OW": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "OL": 4, "OF": 4, "FD": 8, "OD": 8, "SV": 8, "UV": 8, "OV": 8}
_TAG = struct.Struct("<HH")
_SHORT, _LONG = struct.Struct("<H"), struct.Struct("<L")


class MalformedFile(CarpetError, ValueError):
    """The bytes are not a DICOM file that can be read."""


class AmbiguousFile(MalformedFile):
    """One element stands twice; pydicom would silently take the last."""


class OverlongFile(MalformedFile):
    """More elements than a PET or CT can have; pydicom would read them all."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: VR (empty in implicit files) and bytes, little endian."""

    vr: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class FileElements:
    """The top-level elements of one slice, by tag, and where its pixels start; `pixel_bytes` None when encapsulated or absent.

    `pixel_offset` counts from the start of the file, of the inflated data set in a deflated file. `frame`: the slice's number, from 1,
    in a file of many; 0 where the file is one slice.
    """

    path: Path
    transfer_syntax: str
    elements: Mapping[int, Element]
    pixel_offset: int | None
    pixel_bytes: int | None
    frame: int = 0


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
        except (AmbiguousFile, OverlongFile):
            raise
        except (struct.error, MalformedFile):
            return _read_with_pydicom(path)
    try:
        return _walk_file(path, whole, size)
    except (AmbiguousFile, OverlongFile):
        raise
    except (_NeedMore, struct.error, MalformedFile):
        return _read_with_pydicom(path)


def _looks_bare(start: bytes) -> bool:
    """A data set without preamble starts with an element of group 2 or 8, in little or big endian."""
    return start[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08") and len(start) > 8 and b"." in start


def _walk_file(path: Path, data: bytes, size: int) -> FileElements:
    syntax, at = _file_meta(data)
    if syntax == DEFLATED:
        data = inflated(path)
        at, size = 0, len(data)
    if syntax == EXPLICIT_BIG:
        raise MalformedFile("not walked: byte order")
    kept, pixels = _walk(data, at, size, implicit=syntax == IMPLICIT_LITTLE)
    return FileElements(path, syntax, kept, *pixels)


def _walk(data: bytes, at: int, size: int, *, implicit: bool) -> tuple[dict[int, Element], tuple[int | None, int | None]]:
    """The elements from `at` on, and offset and length of the pixels; `size`: where the data end, of which `data` is the start."""
    if implicit and data[at + 4 : at + 6].isupper():
        raise MalformedFile("not walked: said to be implicit, but the first element has a value representation")
    kept: dict[int, Element] = {}
    steps = iter(range(STEPS_CAP))
    while at < size:
        tag, vr, length, value_at = _element_head(data, at, implicit)
        if tag == PIXEL_DATA:
            native = length != UNDEFINED_LENGTH
            if native and value_at + length > size:
                raise MalformedFile("pixel data are cut off")
            return kept, (value_at, length if native else None)
        if tag in kept:
            raise AmbiguousFile(f"the element ({tag >> 16:04X},{tag & 0xFFFF:04X}) stands twice")
        end = value_at + length if length != UNDEFINED_LENGTH else _sequence_end(data, value_at, implicit or vr == b"UN", steps)
        if end > size:
            raise MalformedFile("an element is longer than the file")
        if end > len(data):
            raise _NeedMore
        if end - value_at <= KEPT_VALUE_BYTES or (tag in KEPT_WHOLE and _of_many_frames(kept)):
            kept[tag] = Element(vr.decode("latin-1"), data[value_at:end])
        if len(kept) > ELEMENTS_CAP:
            raise OverlongFile(f"more than {ELEMENTS_CAP} elements")
        at = end
    return kept, (None, None)


def _of_many_frames(elements: Mapping[int, Element]) -> bool:
    """Whether this is one of the classes whose functional groups are read; those of other objects can be large."""
    return SOP_CLASS in elements and elements[SOP_CLASS].raw.strip(b" \0").decode("latin-1") in MULTI_FRAME


def _start_of(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        return file.read(min(path.stat().st_size, HEADER_CAP_BYTES))


def inflated(path: Path) -> bytes:
    """The data set of a deflated file, after its file meta information. Raises MalformedFile where it is broken or a bomb."""
    data = _start_of(path)
    try:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        out = inflater.decompress(data[_file_meta(data)[1] :], HEADER_CAP_BYTES)
    except (zlib.error, struct.error, _NeedMore) as error:
        raise MalformedFile(f"deflated data: {type(error).__name__}") from error
    if not inflater.eof:
        raise MalformedFile("deflated data are cut off, or larger than a slice can be")
    return out


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


def _sequence_end(data: bytes, at: int, implicit: bool, steps: Iterator[int], depth: int = 0) -> int:
    """One past the end of a sequence of undefined length whose first item starts at `at`."""
    if depth > NESTING_CAP:
        raise MalformedFile("sequences are nested too deeply")
    while True:
        tag, _, length, value_at = _element_head(data, at, implicit)
        if tag == SEQUENCE_END:
            return value_at
        if tag != ITEM:
            raise MalformedFile("a sequence holds something that is not an item")
        at = value_at + length if length != UNDEFINED_LENGTH else _item_end(data, value_at, implicit, steps, depth)
        _step(data, at, steps)


def _item_end(data: bytes, at: int, implicit: bool, steps: Iterator[int], depth: int = 0) -> int:
    while True:
        tag, vr, length, value_at = _element_head(data, at, implicit)
        if tag == ITEM_END:
            return value_at
        inside = implicit or vr == b"UN"
        at = value_at + length if length != UNDEFINED_LENGTH else _sequence_end(data, value_at, inside, steps, depth + 1)
        _step(data, at, steps)


def _step(data: bytes, at: int, steps: Iterator[int]) -> None:
    """After each item and element: there is more, and it has not gone on for too long."""
    if at > len(data):
        raise _NeedMore
    if next(steps, None) is None:
        raise OverlongFile(f"sequences of more than {STEPS_CAP} items and elements")


def stored_pixels(file: FileElements) -> bytes:
    """The pixel data as stored, in any transfer syntax; the whole file where the place of the pixels is not known."""
    start, length = file.pixel_offset or 0, file.pixel_bytes
    if file.transfer_syntax == DEFLATED:
        return inflated(file.path)[start : None if length is None else start + length]
    with file.path.open("rb") as opened:
        opened.seek(start)
        return opened.read(-1 if length is None else length)


@contextmanager
def parsing() -> Iterator[None]:
    """Around a call into pydicom: its warnings are not for the user, and whatever broken bytes make it raise is a MalformedFile."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MalformedFile:
        raise
    except (InvalidDicomError, BytesLengthException, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        raise MalformedFile(type(error).__name__) from error
    except (struct.error, zlib.error, RuntimeError, OSError, EOFError, MemoryError, ArithmeticError) as error:
        raise MalformedFile(type(error).__name__) from error


def sequence_items(element: Element, *, most: int = ITEMS_CAP) -> list[dict[int, Element]]:
    """The items of a stored sequence, each with its elements as stored. Raises MalformedFile, also for more than `most` items."""
    implicit = element.vr in ("", "UN")  # without a VR: in an implicit file, or inside UN, which is always implicit (PS3.5 6.2.2)
    data, at = element.raw, 0
    items: list[dict[int, Element]] = []
    steps = iter(range(STEPS_CAP))
    try:
        while at < len(data):
            tag, _, length, at = _element_head(data, at, implicit)
            if tag == SEQUENCE_END:
                break
            if tag != ITEM:
                raise MalformedFile("a sequence holds something that is not an item")
            if len(items) == most:
                raise MalformedFile(f"a sequence has more than {most} items")
            end = at + length if length != UNDEFINED_LENGTH else _item_end(data, at, implicit, steps)
            if end > len(data):
                raise _NeedMore
            items.append(_item_elements(data, at, end, implicit, steps))
            at = end
    except (_NeedMore, struct.error) as error:
        raise MalformedFile("a sequence is cut off") from error
    return items


def _item_elements(data: bytes, at: int, item_end: int, implicit: bool, steps: Iterator[int]) -> dict[int, Element]:
    found = {}
    while at < item_end:
        tag, vr, length, value_at = _element_head(data, at, implicit)
        if tag == ITEM_END:
            break
        end = _sequence_end(data, value_at, implicit or vr == b"UN", steps) if length == UNDEFINED_LENGTH else value_at + length
        if end > item_end:
            raise _NeedMore
        found[tag] = Element(vr.decode("latin-1"), data[value_at:end])
        at = end
        _step(data, at, steps)
    return found


def _read_with_pydicom(path: Path) -> FileElements:
    import pydicom

    start = _start_of(path)
    if DEFLATED.encode() in start:
        raise MalformedFile("deflated data that cannot be walked")
    with parsing():
        data = pydicom.dcmread(BytesIO(start), stop_before_pixels=True, force=True)  # a file would allocate whatever length is stated
        syntax = str(data.file_meta.get("TransferSyntaxUID", "")) or _encoding(data)
        kept = {int(tag): element for tag in data.keys() if (element := _stored(data, tag)) is not None}  # noqa: SIM118
    if 0x00080016 not in kept or 0x0020000E not in kept:
        raise MalformedFile("no SOP Class UID (0008,0016) or Series Instance UID (0020,000E)")
    return FileElements(path, syntax, kept, None, None)


def _encoding(data: FileDataset) -> str:
    """The transfer syntax of a file that names none, as far as it shows."""
    implicit, little = data.original_encoding
    if implicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_LITTLE if little else EXPLICIT_BIG


def _stored(data: Dataset, tag: BaseTag) -> Element | None:
    element = data.get_item(tag)
    vr, raw = element.VR or "", element.value
    if raw is None:
        return Element(vr, b"")
    if not isinstance(raw, bytes) or len(raw) > KEPT_VALUE_BYTES:
        return None
    width = BYTES_OF_VR.get(vr, 1)
    if getattr(element, "is_little_endian", True) or width == 1:
        return Element(vr, raw)
    return Element(vr, b"".join(raw[at : at + width][::-1] for at in range(0, len(raw), width)))
