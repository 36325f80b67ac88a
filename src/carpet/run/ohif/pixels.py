"""Frames and bulk data of one instance, out of its file as they are stored."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.encaps import get_frame
from pydicom.tag import Tag

from carpet.core.errors import Refused
from carpet.dicom.elements import BYTES_OF_VR, EXPLICIT_BIG, MalformedFile, parsing, read_elements
from carpet.run.ohif.accept import NATIVE
from carpet.run.ohif.archive import Instance, Raster
from carpet.run.ohif.headers import PIXEL_DATA, is_bulk, read_header, vr_of
from carpet.run.ohif.notices import BULK_UNKNOWN, FRAME_UNKNOWN, OBJECT_UNREADABLE

BLOCK_BYTES = 2**20
EXTENDED_OFFSETS, EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002


def frame_numbers(text: str, instance: Instance) -> tuple[int, ...]:
    """`1,3` as numbers; raises Refused where the instance has no such frame."""
    raster = instance.raster
    parts = text.split(",")
    there = raster is not None and all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts)
    numbers = tuple(int(part) for part in parts) if there else ()
    if raster is None or not numbers or not all(1 <= number <= raster.frames for number in numbers):
        raise Refused(FRAME_UNKNOWN.at(instance.uid, f"{0 if raster is None else raster.frames} frames"))
    return numbers


def frame(instance: Instance, number: int) -> bytes:
    """One frame, from 1: native pixels little-endian, compressed ones as they are. Raises Refused for a changed or broken file."""
    with reading(instance):
        if instance.raster is None:
            raise MalformedFile("no pixels")
        if instance.transfer_syntax not in NATIVE:
            return _compressed(instance, instance.raster, number)
        if instance.pixel_offset is not None and instance.pixel_bytes is not None:
            return _cut(_Stored(instance.path, instance.pixel_offset, instance.pixel_bytes), instance.raster, number)
        return _cut(_Held(_native(instance)), instance.raster, number)


@contextmanager
def reading(instance: Instance) -> Iterator[None]:
    """Around what is read of a file: Refused where it was changed or removed before or meanwhile, or cannot be read."""
    instance.checked()
    try:
        yield
    except (MalformedFile, OSError) as error:
        instance.checked()
        raise Refused(OBJECT_UNREADABLE.at(instance.uid, _why(error))) from error
    instance.checked()


def _why(error: Exception) -> str:
    """Without the path."""
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


class _Held:
    """Pixel data in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def piece(self, start: int, end: int) -> bytes:
        return self._data[start:end]


class _Stored:
    """Pixel data in a file."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._path, self._offset, self._size = path, offset, size

    def piece(self, start: int, end: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._offset + start)
            return file.read(max(min(end, self._size) - start, 0))


def _cut(pixels: _Held | _Stored, raster: Raster, number: int) -> bytes:
    """A frame out of native pixels; frames of single bits follow one another without a gap (PS3.5 §8.1.1), each is sent from bit 0 on."""
    first, last = (number - 1) * raster.frame_bits, number * raster.frame_bits
    start, end = first // 8, -(-last // 8)
    data = pixels.piece(start, end)
    if len(data) != end - start:
        raise MalformedFile("fewer pixels than rows, columns and frames say")
    if first % 8 == 0 and last % 8 == 0:
        return data
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")[first % 8 :][: raster.frame_bits]
    return np.packbits(bits, bitorder="little").tobytes()


def _native(instance: Instance) -> bytes:
    """The pixels of a file that is deflated, big-endian or bare."""
    with parsing():
        data = pydicom.dcmread(instance.path, force=True)
        return _little_endian(data[PIXEL_DATA].value, _pixel_width(data, instance))


def _pixel_width(data: Dataset, instance: Instance) -> int:
    """Bytes that stand in the other order; 1 where there is no other order."""
    if instance.transfer_syntax != EXPLICIT_BIG:
        return 1
    bits = instance.raster.bits if instance.raster else 8
    return max(bits // 8, 2 if data[PIXEL_DATA].VR == "OW" else 1)


def _little_endian(raw: bytes, width: int) -> bytes:
    if width == 1:
        return raw
    if len(raw) % width:
        raise MalformedFile("half a pixel")
    return np.frombuffer(raw, dtype=f">u{width}").astype(f"<u{width}").tobytes()


def _compressed(instance: Instance, raster: Raster, number: int) -> bytes:
    read = read_elements(instance.path)
    if read is None or read.pixel_offset is None:
        raise MalformedFile("no pixel data")
    tables = [read.elements.get(tag) for tag in (EXTENDED_OFFSETS, EXTENDED_LENGTHS)]
    offsets, lengths = (list(struct.unpack(f"<{len(one.raw) // 8}Q", one.raw)) if one else [] for one in tables)
    with parsing(), instance.path.open("rb") as file:
        file.seek(read.pixel_offset)
        return get_frame(
            file, number - 1, number_of_frames=raster.frames, extended_offsets=(offsets, lengths) if offsets and lengths else None
        )


def bulk(instance: Instance, name: str) -> Iterator[bytes]:
    """A long binary value (tag as `7FE00010`) in blocks, little-endian; raises Refused for what the metadata give no address of.

    Compressed pixels have no bytes of their own: they are told frame by frame.
    """
    with reading(instance):
        tag = Tag(int(name, 16))
        if int(tag) == PIXEL_DATA and instance.pixel_offset is not None and instance.pixel_bytes is not None:
            return _blocks(instance, instance.pixel_offset, instance.pixel_bytes)
        data = read_header(instance)
        held = data.get_item(tag, keep_deferred=True) if tag in data else None
        if not isinstance(held, RawDataElement) or not is_bulk(held):
            raise Refused(BULK_UNKNOWN.at(instance.uid, name))
        if int(tag) == PIXEL_DATA:
            return iter((_native(instance),))
        width = 1 if held.is_little_endian else BYTES_OF_VR.get(vr_of(held), 1)
        return iter((_little_endian(_value(instance, held), width),))


def _value(instance: Instance, held: RawDataElement) -> bytes:
    """A value as it is stored, also where it was left on the disk."""
    if held.value is not None:
        return held.value
    with parsing():  # not by the data set that left it there, which would make of it what its tag says
        read = pydicom.dcmread(instance.path, specific_tags=[held.tag], force=True).get_item(held.tag)
        return bytes(read.value)


def _blocks(instance: Instance, offset: int, size: int) -> Iterator[bytes]:
    """Raises Refused as soon as the file is not the one that was read, also in the midst."""
    while size > 0:
        with reading(instance), instance.path.open("rb") as file:
            file.seek(offset)
            block = file.read(min(BLOCK_BYTES, size))
        if not block:
            raise Refused(OBJECT_UNREADABLE.at(instance.uid, "the file ends before"))
        offset, size = offset + len(block), size - len(block)
        yield block


def whole(instance: Instance) -> Iterator[bytes]:
    """The file in blocks, byte for byte; one without preamble gets it, and the file meta information it lacks (PS3.10 §7.1)."""
    instance.checked()
    if not instance.bare:
        return _blocks(instance, 0, instance.state[0])
    with reading(instance):
        return iter((_with_preamble(instance),))


def _with_preamble(instance: Instance) -> bytes:
    out = BytesIO()
    with parsing():
        data = pydicom.dcmread(instance.path, force=True)
        data.file_meta.TransferSyntaxUID = pydicom.uid.UID(instance.transfer_syntax)
        data.save_as(out, enforce_file_format=True)
    return out.getvalue()
