"""Who may send to `carpet receive`, and sockets that no peer can keep for ever or fill the memory through."""

from __future__ import annotations

import socket
import struct
import threading
import time
import weakref
from collections.abc import Iterable
from dataclasses import dataclass

from carpet.core.errors import ProtocolError

AE_TITLE_CHARACTERS = 16  # PS3.5 §6.2
PDU_CAP_BYTES = 2**18  # announced to the peer, and the longest that is read
PDU_S = 30.0  # from a PDU's first byte to its last
INSTANCE_CAP_BYTES = 2**29  # of one instance; a whole-body Enhanced PET or CT has less
MEMORY_CAP_BYTES = 2**30  # of all that has arrived and is not yet on the disk, over all associations
MESSAGE_OVERHEAD_BYTES = 1_024  # command set and headers of a message, with …
OVERHEAD_SHARE = 0.01  # … those of its PDUs: 12 bytes in at least 4 kB
_PDU_HEAD = struct.Struct(">BBL")


@dataclass(frozen=True, slots=True)
class Peer:
    """A sender by AE title and address."""

    ae_title: str
    address: str


def peers_of(texts: Iterable[str]) -> frozenset[Peer]:
    """`AETITLE@HOST` as peers, a host name as each of its addresses now; raises ProtocolError for what is none, or where there is none."""
    found = set()
    for text in texts:
        title, at, host = text.partition("@")
        if not at or not host or not is_ae_title(title):
            raise ProtocolError(f"--allow {text!r}: give AETITLE@HOST, an AE title of 1 to 16 characters and a host name or address")
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ProtocolError(f"--allow {text!r}: no such host") from error
        found |= {Peer(title, str(entry[4][0])) for entry in entries}
    if not found:
        raise ProtocolError("nobody is allowed to send: name each sender with --allow AETITLE@HOST")
    return frozenset(found)


def is_ae_title(text: str) -> bool:
    """1 to 16 printable ASCII characters without backslash, no blanks around (PS3.5 §6.2)."""
    return 0 < len(text) <= AE_TITLE_CHARACTERS and text.isascii() and text.isprintable() and "\\" not in text and text == text.strip()


class Memory:
    """How many bytes have arrived and are not yet dealt with, over all connections."""

    def __init__(self, cap: int) -> None:
        self._cap, self._held, self._lock = cap, 0, threading.Lock()

    def take(self, size: int) -> bool:
        """Whether so many more may be held; if so they are."""
        with self._lock:
            if self._held + size > self._cap:
                return False
            self._held += size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._held -= size

    @property
    def held(self) -> int:
        return self._held


class Account:
    """One connection's part of the memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory, self._held, self._lock = memory, 0, threading.Lock()

    def take(self, size: int) -> None:
        """Hold so many more; raises OSError where that is too much for this connection or for all together."""
        with self._lock:
            if self._held + size > INSTANCE_CAP_BYTES or not self._memory.take(size):
                raise OSError("more data than are held")
            self._held += size

    def dealt_with(self, size: int) -> None:
        """A message whose data set had `size` bytes is no longer in memory."""
        self._give_back(round(size * (1 + OVERHEAD_SHARE)) + MESSAGE_OVERHEAD_BYTES)

    def close(self) -> None:
        self._give_back(INSTANCE_CAP_BYTES)

    def _give_back(self, most: int) -> None:
        with self._lock:
            size = min(self._held, most)
            self._held -= size
        self._memory.give_back(size)


class GuardedSocket(socket.socket):
    """The connection of one peer. Reading fails where a PDU is longer or slower, or the peer's unfinished messages larger, than allowed."""

    account: Account
    _head: bytes
    _left: int
    _deadline: float

    @classmethod
    def over(cls, accepted: socket.socket, memory: Memory) -> GuardedSocket:
        """The same connection under guard; `accepted` is used up."""
        guarded = cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        guarded.account, guarded._head, guarded._left, guarded._deadline = Account(memory), b"", 0, 0.0
        weakref.finalize(guarded, guarded.account.close)  # however the connection ends
        guarded.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers are small, and a peer waits for each
        guarded.settimeout(PDU_S)  # for sending: a peer that never reads its answers
        return guarded

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        if not self._head:
            self._deadline = time.monotonic() + PDU_S
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("a PDU takes too long")
        self.settimeout(remaining)
        try:
            block = super().recv(bufsize, flags)
        finally:
            self.settimeout(PDU_S)
        self.account.take(len(block))
        self._follow(block)
        return block

    def _follow(self, block: bytes) -> None:
        """Know where PDUs begin and end; raises OSError where one says to be longer than allowed."""
        if self._left == 0:
            self._head += block
            if len(self._head) < _PDU_HEAD.size:
                return
            self._left = _PDU_HEAD.unpack_from(self._head)[2]
            if self._left > PDU_CAP_BYTES:
                raise OSError("a PDU longer than allowed")
            block = self._head[_PDU_HEAD.size :]
            if hasattr(socket, "TCP_QUICKACK"):  # many peers send a head first and its PDU only when that has been acknowledged
                self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self._left = max(0, self._left - len(block))
        if self._left == 0:
            self._head = b""

    def close(self) -> None:
        super().close()
        self.account.close()
