"""Elements of a pydicom data set as they are stored: a look at a value must not turn it into what pydicom makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from carpet.dicom.elements import BYTES_OF_VR, MalformedFile

if TYPE_CHECKING:
    from pydicom import Dataset


def stored(data: Dataset, tag: int) -> tuple[str, bytes | None]:
    """VR (empty in implicit files) and bytes of an element, little endian; None where it is absent or a sequence."""
    if tag not in data:
        return "", None
    element: Any = data.get_item(tag)
    vr, value = str(element.VR or ""), element.value
    if value is None or (isinstance(value, str) and not value):
        return vr, b""
    if not isinstance(value, bytes):
        return vr, None
    width = BYTES_OF_VR.get(vr, 1)
    if getattr(element, "is_little_endian", True) or width == 1:
        return vr, value
    return vr, b"".join(_swapped(value, width))


def _swapped(value: bytes, width: int) -> Iterator[bytes]:
    for at in range(0, len(value), width):
        yield value[at : at + width][::-1]


def text_at(data: Dataset, tag: int) -> str:
    """The text without padding; empty where there is none."""
    return text_in(stored(data, tag)[1] or b"")


def text_in(raw: bytes) -> str:
    """Bytes as text, without padding."""
    return raw.decode("latin-1").strip("\0 \t\r\n")


def short_at(data: Dataset, tag: int, absent: int) -> int:
    """An unsigned 16-bit number. Raises MalformedFile for what is none."""
    raw = stored(data, tag)[1]
    if not raw:
        return absent
    if len(raw) != 2:
        raise MalformedFile(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has {len(raw)} bytes")
    return int.from_bytes(raw, "little")
