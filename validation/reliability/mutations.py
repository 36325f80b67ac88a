"""Ways to damage a file, all on its bytes: what a disk, a network, a careless program or an attacker does to it."""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
VRS = (
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"OB", b"OW", b"PN", b"SH", b"SL"),
    *(b"SQ", b"SS", b"ST", b"TM", b"UI", b"UL", b"UN", b"US", b"UT"),
)
LONG = {b"OB", b"OW", b"SQ", b"UN", b"UT"}
HEAD = re.compile(rb"(?s).{3}[\x00-\x7f](?:" + b"|".join(VRS) + rb")")  # an explicit element, as far as bytes can tell
LENGTHS = (0, 1, 2, 7, 255, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
VALUES = (
    *(b"", b" ", b"\0", b"0", b"-1", b"NaN", b"inf", b"-0", b"1e999", b"1e-320", b"9" * 40, b"1,5", b"\\\\\\\\", b"1\\2\\3\\4\\5\\6\\7"),
    *(b"20240230", b"99999999", b"246060.999999", b"235960", b"\xff\xfe\xfd", "é𝛼".encode(), b"A" * 70, b"^=^=^", b"1.2..3", b"%s%n{0}"),
    *(b"\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\xc0\x7f", b"\x00\x00\x00\x00\x00\x00\xf8\x7f"),
)
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
GZIP = b"\x1f\x8b"


def damaged(data: bytes, other: bytes, rng: Rng) -> bytes:
    """One to three mutations of `data`; `other` is another file to splice in. What is packed is damaged inside, half the time."""
    if data[:2] == GZIP and rng.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(data), other, rng), compresslevel=1, mtime=0)
    for _ in range(int(rng.integers(1, 4))):
        way = WAYS[int(rng.integers(len(WAYS)))]
        data = way(data, rng) if way is not _splice else _splice(data + other, rng, at=len(data))
    return data


def _place(data: bytes, rng: Rng) -> int:
    """Anywhere; four times of five in the first 4,000 bytes, where headers are."""
    end = len(data) if rng.random() < 0.2 else min(len(data), 4000)
    return int(rng.integers(end)) if end else 0


def _heads(data: bytes) -> list[int]:
    return [match.start() for match in HEAD.finditer(data, 132 if data[128:132] == b"DICM" else 0, min(len(data), 65536))]


def _flip(data: bytes, rng: Rng) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 17))):
        if out:
            out[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _truncate(data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(len(data) + 1))]


def _insert(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.bytes(int(rng.integers(1, 65))) + data[at:]


def _delete(data: bytes, rng: Rng) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 65)) :]


def _length(data: bytes, rng: Rng) -> bytes:
    """An element, or any four bytes, says a length that is not its own."""
    heads, length = _heads(data), LENGTHS[int(rng.integers(len(LENGTHS)))]
    if not heads:
        at = _place(data, rng)
        return data[:at] + struct.pack("<L", length) + data[at + 4 :]
    at = heads[int(rng.integers(len(heads)))]
    if data[at + 4 : at + 6] in LONG:
        return data[: at + 8] + struct.pack("<L", length) + data[at + 12 :]
    return data[: at + 6] + struct.pack("<H", length & 0xFFFF) + data[at + 8 :]


def _vr(data: bytes, rng: Rng) -> bytes:
    heads = _heads(data)
    if not heads:
        return _flip(data, rng)
    at = heads[int(rng.integers(len(heads)))] + 4
    return data[:at] + VRS[int(rng.integers(len(VRS)))] + data[at + 2 :]


def _tag(data: bytes, rng: Rng) -> bytes:
    """An element gets the tag of another: it stands twice, or out of order, or with a wrong type."""
    heads = _heads(data)
    if len(heads) < 2:
        return _flip(data, rng)
    one, other = (heads[int(n)] for n in rng.integers(len(heads), size=2))
    return data[:one] + data[other : other + 4] + data[one + 4 :]


def _twice(data: bytes, rng: Rng) -> bytes:
    heads = _heads(data)
    if len(heads) < 3:
        return _insert(data, rng)
    n, place = int(rng.integers(len(heads) - 1)), heads[int(rng.integers(len(heads)))]
    return data[:place] + data[heads[n] : heads[n + 1]] + data[place:]


def _value(data: bytes, rng: Rng) -> bytes:
    """A short element gets a value that fits its length field and nothing else."""
    heads = [at for at in _heads(data) if data[at + 4 : at + 6] not in LONG and at + 8 <= len(data)]
    if not heads:
        return _flip(data, rng)
    at, value = heads[int(rng.integers(len(heads)))], VALUES[int(rng.integers(len(VALUES)))]
    old = struct.unpack_from("<H", data, at + 6)[0]
    if rng.random() < 0.5:  # as long as before: nothing else moves
        value = (value + b" " * old)[:old]
    return data[: at + 6] + struct.pack("<H", len(value)) + value + data[at + 8 + old :]


def _nest(data: bytes, rng: Rng) -> bytes:
    """Sequences in sequences at an element's place, of undefined or absurd length."""
    heads, depth = _heads(data), int(rng.choice([1, 5, 40, 400, 3000]))
    at = heads[int(rng.integers(len(heads)))] if heads else _place(data, rng)
    open_one = b"\x54\x00\x16\x00SQ\0\0\xff\xff\xff\xff" + ITEM + b"\xff\xff\xff\xff"
    closed = (ITEM_END + SEQUENCE_END) * depth if rng.random() < 0.7 else b""
    return data[:at] + open_one * depth + closed + data[at:]


def _splice(data: bytes, rng: Rng, at: int = 0) -> bytes:
    """The start of one file and the end of another, each cut anywhere."""
    return data[: int(rng.integers(at + 1))] + data[at + int(rng.integers(len(data) - at + 1)) :]


WAYS: tuple[Callable[..., bytes], ...] = (
    *(_flip, _flip, _truncate, _insert, _delete, _length, _length, _vr, _tag, _twice, _value, _value, _value, _nest, _splice),
)
