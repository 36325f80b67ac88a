"""Bodies of several parts (RFC 2387) as DICOMweb sends them: written for STOW-RS, read as a stream for WADO-RS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message

PART_HEAD_CAP_BYTES = 16_384
DICOM = "application/dicom"


class MalformedParts(ValueError):
    """The body is not what its Content-Type says, or ends too early."""


def boundary_of(content_type: str) -> str:
    """The boundary of a multipart/related body of DICOM files; raises MalformedParts for any other type."""
    said = Message()
    said["Content-Type"] = content_type
    boundary, kind = said.get_param("boundary"), said.get_param("type", DICOM)
    if said.get_content_type() != "multipart/related" or not isinstance(boundary, str) or not boundary or kind != DICOM:
        raise MalformedParts(said.get_content_type())
    return boundary


def only_part(blocks: Iterable[bytes], boundary: str) -> Iterator[bytes]:
    """The content of a body's one part, as a stream; raises MalformedParts where there is none, more than one, or no end."""
    source = iter(blocks)
    opening, closing = b"--" + boundary.encode(), b"\r\n--" + boundary.encode()
    held = b""
    while (start := held.find(b"\r\n\r\n")) < 0:
        block = next(source, None)
        if block is None or len(held) > PART_HEAD_CAP_BYTES:
            raise MalformedParts("no part begins")
        held += block
    if opening not in held[:start]:
        raise MalformedParts("no part begins")
    held = held[start + 4 :]
    while (end := held.find(closing)) < 0:
        keep = len(closing) - 1
        yield held[:-keep]
        held = held[-keep:]
        block = next(source, None)
        if block is None:
            raise MalformedParts("a part does not end")
        held += block
    yield held[:end]
    rest = held[end + len(closing) :] + b"".join(source)
    if not rest.startswith(b"--") or rest[2:].strip():
        raise MalformedParts("more than one part")


def parts_body(contents: Sequence[bytes]) -> tuple[bytes, str]:
    """DICOM files as one multipart/related body, and its Content-Type."""
    boundary = hashlib.sha256(b"\0".join(contents)).hexdigest()
    pieces = [f"--{boundary}\r\nContent-Type: {DICOM}\r\n\r\n".encode() + content + b"\r\n" for content in contents]
    return b"".join(pieces) + f"--{boundary}--\r\n".encode(), f'multipart/related; type="{DICOM}"; boundary={boundary}'
