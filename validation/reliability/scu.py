"""A sender of DICOM (C-STORE SCU) made of bytes, so that it can break off, lie and stammer wherever a fault is wanted."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom

VERIFICATION = "1.2.840.10008.1.1"
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
IMPLEMENTATION = "1.2.826.0.1.3680043.8.498.99"
STATUS = b"\0\0\x00\x09\x02\0\0\0"  # (0000,0900), two bytes
PDV_BYTES = 16_372
COMMAND, LAST = 1, 2  # message control header
ACCEPTED = 2  # PDU type


@dataclass(frozen=True)
class Instance:
    """One file as it travels: what the command says, the encoding, the data set."""

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    data: bytes

    @classmethod
    def of(cls, path: Path) -> Instance:
        content = path.read_bytes()
        header = pydicom.dcmread(path, stop_before_pixels=True)
        start = 132 + 12 + int(header.file_meta.FileMetaInformationGroupLength)
        return cls(str(header.SOPClassUID), str(header.SOPInstanceUID), str(header.file_meta.TransferSyntaxUID), content[start:])


def pdu(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBL", kind, 0, len(content)) + content


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def association_request(contexts: Iterable[tuple[int, str, str]], *, calling: str, called: str) -> bytes:
    """A-ASSOCIATE-RQ; a context is its number, an abstract and a transfer syntax."""
    items = item(0x10, APPLICATION_CONTEXT.encode())
    for number, abstract, transfer in contexts:
        items += item(0x20, bytes([number, 0, 0, 0]) + item(0x30, abstract.encode()) + item(0x40, transfer.encode()))
    items += item(0x50, item(0x51, struct.pack(">L", 2**14)) + item(0x52, IMPLEMENTATION.encode()))
    return pdu(1, struct.pack(">HH16s16s32x", 1, 0, called.ljust(16).encode(), calling.ljust(16).encode()) + items)


def element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(value)) + value


def padded(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def store_request(instance: Instance, context: int, *, message: int = 1) -> list[bytes]:
    """The PDUs of one C-STORE: the command, then the data set in pieces."""
    elements = element(0x0002, padded(instance.sop_class)) + element(0x0100, b"\1\0") + element(0x0110, struct.pack("<H", message))
    elements += element(0x0700, b"\0\0") + element(0x0800, b"\1\0") + element(0x1000, padded(instance.sop_instance))
    command = element(0x0000, struct.pack("<L", len(elements))) + elements
    pieces = [instance.data[at : at + PDV_BYTES] for at in range(0, len(instance.data), PDV_BYTES)]
    heads = [COMMAND | LAST, *([0] * (len(pieces) - 1)), LAST]
    return [
        pdu(4, struct.pack(">LBB", len(piece) + 2, context, head) + piece) for head, piece in zip(heads, [command, *pieces], strict=True)
    ]


class Sender:
    """A connection to a receiver."""

    def __init__(self, port: int, *, timeout_s: float = 20.0) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def associate(
        self, instances: Sequence[Instance], *, calling: str = "SCU", called: str = "CARPET"
    ) -> dict[tuple[str, str], int] | None:
        """Introduce ourselves; the accepted contexts by SOP class and transfer syntax, None where we are not wanted."""
        pairs = sorted({(one.sop_class, one.transfer_syntax) for one in instances} | {(VERIFICATION, "1.2.840.10008.1.2")})
        numbered = {pair: 2 * number + 1 for number, pair in enumerate(pairs)}
        self.connection.sendall(association_request([(number, *pair) for pair, number in numbered.items()], calling=calling, called=called))
        answer = self.answer()
        if answer is None or answer[0] != ACCEPTED:
            return None
        return {pair: number for pair, number in numbered.items() if bytes([0x21, 0]) in answer[1] and self._accepted(answer[1], number)}

    @staticmethod
    def _accepted(content: bytes, number: int) -> bool:
        at = 68
        while at + 4 <= len(content):
            kind, _, length = struct.unpack_from(">BBH", content, at)
            if kind == 0x21 and content[at + 4] == number:
                return content[at + 6] == 0
            at += 4 + length
        return False

    def store(self, instance: Instance, contexts: dict[tuple[str, str], int]) -> int | None:
        """Send one instance; the status of the answer, None where there is none."""
        self.connection.sendall(b"".join(store_request(instance, contexts[instance.sop_class, instance.transfer_syntax])))
        return self.status()

    def status(self) -> int | None:
        answer = self.answer()
        if answer is None or STATUS not in answer[1]:
            return None
        return int.from_bytes(answer[1].partition(STATUS)[2][:2], "little")

    def answer(self) -> tuple[int, bytes] | None:
        """The type and content of the next PDU; None where the connection has ended."""
        try:
            head = self._exactly(6)
            kind, _, length = struct.unpack(">BBL", head)
            return kind, self._exactly(length)
        except (EOFError, ConnectionError):
            return None

    def _exactly(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            block = self.connection.recv(size - len(out))
            if not block:
                raise EOFError
            out += block
        return out

    def release(self) -> None:
        self.connection.sendall(pdu(5, b"\0\0\0\0"))
        self.answer()

    def reset(self) -> None:
        """End by RST, as a machine that fails does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
