"""Where each frame of a compressed file of many frames lies, without decoding any."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import IO

from carpet.dicom.elements import ITEM, SEQUENCE_END, FileElements, MalformedFile

FRAGMENTS_CAP = 100_000
EXTENDED_OFFSETS = 0x7FE00001
_HEAD = struct.Struct("<HHL")
_ITEM_BYTES = 8  # tag and length before each fragment


def frame_spans(file: FileElements, frames: int) -> list[tuple[int, int]]:
    """For each frame its offset in the file and its bytes, with the heads of its fragments. Raises MalformedFile, OSError."""
    with file.path.open("rb") as opened:
        opened.seek(file.pixel_offset or 0)
        offsets = _offset_table(opened)
        first = opened.tell()
        starts, end = _fragments(opened, max(frames, 1))
    extended = file.elements.get(EXTENDED_OFFSETS)
    if extended and not offsets:
        offsets = [one for (one,) in struct.iter_unpack("<Q", extended.raw[: len(extended.raw) // 8 * 8])]
    if len(starts) != frames:
        starts = _by_offsets(starts, [first + offset for offset in offsets], frames)
    return [(start, stop - start) for start, stop in zip(starts, [*starts[1:], end], strict=True)]


def _offset_table(opened: IO[bytes]) -> Sequence[int]:
    """The basic offset table, which is the first item, often empty; the file then stands at the first fragment."""
    tag, length = _head(opened)
    if tag != ITEM or length > 4 * FRAGMENTS_CAP:
        raise MalformedFile("compressed pixels without an offset table")
    table = opened.read(length)
    if len(table) != length or length % 4:
        raise MalformedFile("the offset table is cut off")
    return [one for (one,) in struct.iter_unpack("<L", table)]


def _fragments(opened: IO[bytes], frames: int) -> tuple[list[int], int]:
    """Where each fragment starts (at its head), and where the last one ends."""
    starts: list[int] = []
    while True:
        at = opened.tell()
        tag, length = _head(opened)
        if tag == SEQUENCE_END:
            break
        if tag != ITEM or len(starts) == FRAGMENTS_CAP:
            raise MalformedFile("the compressed pixels are not a sequence of fragments")
        starts.append(at)
        opened.seek(length, 1)
    if len(starts) < frames:
        raise MalformedFile(f"{len(starts)} compressed fragments for {frames} frames")
    return starts, at


def _head(opened: IO[bytes]) -> tuple[int, int]:
    head = opened.read(_ITEM_BYTES)
    if len(head) != _ITEM_BYTES:
        raise MalformedFile("the compressed pixels are cut off")
    group, element, length = _HEAD.unpack(head)
    return group << 16 | element, length


def _by_offsets(fragments: Sequence[int], starts: Sequence[int], frames: int) -> list[int]:
    rising = all(one < other for one, other in pairwise(starts))
    if len(starts) != frames or not rising or starts[0] != fragments[0] or not set(starts) <= set(fragments):
        raise MalformedFile(f"{len(fragments)} compressed fragments for {frames} frames, and no offset table that tells them apart")
    return list(starts)
