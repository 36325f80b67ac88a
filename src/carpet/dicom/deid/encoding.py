"""A data set as DICOM file, Explicit VR Little Endian, with file meta information and preamble of our own and nothing behind its end."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from carpet.dicom.codes import uid_of
from carpet.dicom.elements import EXPLICIT_LITTLE, LONG_VRS, MalformedFile

IMPLEMENTATION_UID, IMPLEMENTATION = uid_of("carpet", "implementation"), "CARPET"
PREAMBLE = bytes(128) + b"DICM"
SHORT_CAP = 0xFFFE
NUL_PADDED = frozenset({"UI", "OB", "UN"})
ITEM = struct.pack("<HH", 0xFFFE, 0xE000)


@dataclass(frozen=True, slots=True)
class Part:
    """One element to be written: VR and bytes, little endian; or the items of a sequence, each by tag."""

    vr: str
    raw: bytes = b""
    items: tuple[Mapping[int, Part], ...] = ()


def text_part(vr: str, *values: str) -> Part:
    """An ASCII text of one or more values."""
    return Part(vr, "\\".join(values).encode("ascii"))


def encoded_file(parts: Mapping[int, Part], *, sop_class: str, sop_instance: str) -> bytes:
    """The bytes of the file. Raises MalformedFile for a value that the explicit encoding cannot hold."""
    meta = {
        0x00020001: Part("OB", b"\x00\x01"),
        0x00020002: text_part("UI", sop_class),
        0x00020003: text_part("UI", sop_instance),
        0x00020010: text_part("UI", EXPLICIT_LITTLE),
        0x00020012: text_part("UI", IMPLEMENTATION_UID),
        0x00020013: text_part("SH", IMPLEMENTATION),
    }
    group = _encoded(meta)
    length = _element(0x00020000, "UL", struct.pack("<L", len(group)))
    return b"".join((PREAMBLE, length, group, _encoded(parts)))


def _encoded(parts: Mapping[int, Part]) -> bytes:
    return b"".join(_element(tag, parts[tag].vr, _value(parts[tag])) for tag in sorted(parts))


def _value(part: Part) -> bytes:
    if part.vr == "SQ":
        return b"".join(_item(_encoded(item)) for item in part.items)
    if len(part.raw) % 2 == 0:
        return part.raw
    return part.raw + (b"\0" if part.vr in NUL_PADDED else b" ")


def _item(content: bytes) -> bytes:
    return ITEM + struct.pack("<L", len(content)) + content


def _element(tag: int, vr: str, value: bytes) -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode("ascii")
    if vr.encode("ascii") in LONG_VRS:
        return head + struct.pack("<HL", 0, len(value)) + value
    if len(value) > SHORT_CAP:
        raise MalformedFile(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is too long for its value representation")
    return head + struct.pack("<H", len(value)) + value
