"""Retrieving by WADO-RS (PS3.18 §10.4): bodies of many parts, streamed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from carpet.core.errors import Refused
from carpet.run.ohif import accept
from carpet.run.ohif.accept import DICOM, NATIVE, OCTETS, frame_type, takes_files, takes_octets
from carpet.run.ohif.archive import Instance
from carpet.run.ohif.headers import PIXEL_DATA
from carpet.run.ohif.notices import NOT_ACCEPTABLE
from carpet.run.ohif.pixels import bulk, frame, frame_numbers, whole

Part = tuple[str, Iterator[bytes]]


class Parts:
    """A multipart/related body: its Content-Type, and its bytes as a stream."""

    def __init__(self, kind: str, parts: Iterator[Part]) -> None:
        self._boundary, self._parts = secrets.token_hex(16), parts  # nobody can have put it into a file
        self.content_type = f'{accept.MULTIPART}; type="{kind}"; boundary={self._boundary}'

    def __iter__(self) -> Iterator[bytes]:
        for content_type, blocks in self._parts:
            yield f"--{self._boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode()
            yield from blocks
            yield b"\r\n"
        yield f"--{self._boundary}--\r\n".encode()


def files(instances: Sequence[Instance], header: str) -> Parts:
    """Instances as they are stored; raises Refused where a file has changed, or the client takes other transfer syntaxes only."""
    syntaxes = sorted({one.transfer_syntax for one in instances})
    if not takes_files(header, syntaxes):
        raise Refused(NOT_ACCEPTABLE.at("Accept", f"{DICOM} in {', '.join(syntaxes)}"))
    for one in instances:  # before the first byte: later nothing can be said any more, only broken off
        one.checked()
    return Parts(DICOM, ((f"{DICOM}; transfer-syntax={one.transfer_syntax}", whole(one)) for one in instances))


def frames(instance: Instance, numbers: str, header: str) -> Parts:
    """Frames as they are stored; raises Refused."""
    wanted = frame_numbers(numbers, instance)
    said = _frame_type(instance, header)
    first = frame(instance, wanted[0])  # what cannot be read is told before the first byte
    rest = ((said, iter((frame(instance, number),))) for number in wanted[1:])
    return Parts(said.partition(";")[0], _after((said, iter((first,))), rest))


def bulk_data(instance: Instance, tag: str, header: str) -> Parts:
    """A long binary value; compressed pixels frame by frame. Raises Refused."""
    if int(tag, 16) == PIXEL_DATA and instance.transfer_syntax not in NATIVE and instance.raster is not None:
        return frames(instance, ",".join(str(number + 1) for number in range(instance.raster.frames)), header)
    if not takes_octets(header):
        raise Refused(NOT_ACCEPTABLE.at("Accept", OCTETS))
    return Parts(OCTETS, iter(((OCTETS, bulk(instance, tag)),)))


def _frame_type(instance: Instance, header: str) -> str:
    said = frame_type(header, instance.transfer_syntax)
    if said is None:
        raise Refused(NOT_ACCEPTABLE.at("Accept", f"frames in {instance.transfer_syntax}"))
    return said


def _after(first: Part, rest: Iterator[Part]) -> Iterator[Part]:
    yield first
    yield from rest
