"""Contract: whatever stands in a file that is served, its series' metadata and every search are answered, with all that can be read."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.dicom.elements import MalformedFile
from carpet.run.ohif.archive import Archive, _instance
from carpet.run.ohif.qido import Level, found, query_of
from carpet.run.ohif.shelf import Shelf
from carpet.run.ohif.wado import bulk_data, files, frames

from .conftest import Shown

LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
VRS = (
    *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW", "PN", "SH", "SL", "SQ"),
    *("SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV", "XX"),
)
# Not what any VR allows: words and halves as numbers, no days, controls, half characters, other digits, more than a number holds
VALUES = (
    *(b"", b" ", b"abc", b"1\\x", b"1e999", b"nan", b"1,5", b"9" * 5000, b"1_0", b"sNaN", b"19990230", b"1999-02-03"),
    *(b"\xff\xfe", b"\0\0", b"\\", b"\xed\xa0\x80", b"\x1b$B\x80", b"\0\1\2", b"=\\=", b"a=b=c=d=e", b"\xd9\xa1"),
)
CHARACTER_SETS = (b"\0\1\2", b"ISO_IR 999", b"\\ISO 2022 IR 149", b"ISO_IR 192\\ISO_IR 100", b"hex", b"utf_7", b"\xff", b"")
UNDEFINED = 0xFFFFFFFF
SEEDS = 150  # files with bytes turned at random
TOLD = frozenset({"00080018", "0020000D", "0020000E"})  # what a viewer needs to know an instance


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """An element of explicit VR, little-endian; with this length where one is named, whatever the value's is."""
    value += b" " * (length is None and len(value) % 2)
    size = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return head + (struct.pack("<HL", 0, size) if vr in LONG else struct.pack("<H", size)) + value


def item(value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(value) if length is None else length) + value


def nested(depth: int) -> bytes:
    """Sequences of undefined length in one another."""
    ends = struct.pack("<HHL", 0xFFFE, 0xE00D, 0) + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    value = element(0x00100010, "PN", b"a")
    for _ in range(depth):
        value = element(0x00400275, "SQ", item(value, UNDEFINED) + ends, UNDEFINED)
    return value


def put(data: bytes, piece: bytes) -> bytes:
    """A file of explicit VR with this element in its place."""
    tag = struct.unpack_from("<HH", piece)
    at = 132
    while at < len(data):
        group, number, vr = struct.unpack_from("<HH2s", data, at)
        long = vr.decode() in LONG
        (size,) = struct.unpack_from("<L" if long else "<H", data, at + (8 if long else 6))
        if (group, number) >= tag:
            end = at + size + (12 if long else 8)
            return data[:at] + piece + data[end if (group, number) == tag else at :]
        at += size + (12 if long else 8)
    return data + piece


@pytest.mark.parametrize("vr", VRS)
def test_every_value_in_every_vr(vr: str, shown: Shown, tmp_path: Path) -> None:
    """A file with all of them: what can be read of it is what can be read without them."""
    content = source(shown)
    for number, value in enumerate(VALUES):
        content = put(put(content, element(0x00189900 + number, vr, value)), element(0x00291000 + number, vr, value))
    content = put(content, element(0x00101030, vr, b"abc"))
    assert is_answered(tmp_path / "values.dcm", content)
    (said,) = metadata(Shelf(archive_of_one(tmp_path / "values.dcm")))
    (plain,) = metadata(Shelf(archive_of_one(shown.first.pet_files[0])))
    assert {tag: said[tag] for tag in plain if tag not in ("00101030", "7FE00010")} == {
        tag: value for tag, value in plain.items() if tag not in ("00101030", "7FE00010")
    }


def test_a_bad_value_in_a_sequence_leaves_its_neighbours(shown: Shown, tmp_path: Path) -> None:
    neighbour = element(0x00101010, "AS", b"061Y")
    for vr, value in (("DS", b"abc"), ("IS", b"9" * 5000), ("UV", b"abcd"), ("XX", b"ab")):
        path = tmp_path / "item.dcm"
        path.write_bytes(put(source(shown), element(0x00400275, "SQ", item(element(0x00080022, vr, value) + neighbour))))
        (said,) = metadata(Shelf(archive_of_one(path)))
        assert said["00400275"]["Value"] == [{"00101010": {"vr": "AS", "Value": ["061Y"]}}], vr


def test_character_sets_that_are_none(shown: Shown, tmp_path: Path) -> None:
    for said in CHARACTER_SETS:
        assert answered(shown, tmp_path, [element(0x00080005, "CS", said)]) == 1, said


def test_sequences_that_are_broken_or_deep(shown: Shown, tmp_path: Path) -> None:
    inside = element(0x00100010, "PN", b"abcd")
    pieces = [
        element(0x00400275, "SQ", item(inside)[:-2]),
        element(0x00400275, "SQ", item(inside, 400)),
        element(0x00400275, "UN", b"abcdefgh"),
    ]
    pieces += [element(0x00280100, "UN", b"\0" * 70_000), element(0x00090010, "SQ", b"\1"), element(0x00280103, "SQ", item(inside))]
    assert answered(shown, tmp_path, pieces) == len(pieces)
    deep = [nested(depth) for depth in (10, 31, 32, 33, 100, *range(170, 200))]
    assert answered(shown, tmp_path, deep) >= 10, "nobody reads the deepest"


def test_a_sequence_deeper_than_any_is_cut(shown: Shown, tmp_path: Path) -> None:
    path = tmp_path / "deep.dcm"
    path.write_bytes(put(source(shown), nested(100)))
    (said,) = metadata(Shelf(archive_of_one(path)))
    depth, level = 0, said
    while "00400275" in level:
        (level,), depth = level["00400275"]["Value"], depth + 1
    assert depth == 32


@pytest.mark.parametrize("name", ["implicit", "big-endian", "deflated", "bare", "RLE frames", "single bits", "explicit", "seg"])
def test_bytes_turned_at_random(name: str, shown: Shown, tmp_path: Path) -> None:
    rng = random.Random(name)  # noqa: S311 no secret
    whole = {"explicit": shown.first.pet_files[0], "seg": shown.seg}.get(name) or shown.odd[name]
    data = whole.read_bytes()
    read = 0
    for number in range(SEEDS):
        turned = bytearray(data if number % 10 else data[: rng.randrange(200, len(data))])
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            turned[rng.randrange(0 if name == "bare" else 132, min(len(turned), 3500))] = rng.choice(
                (0, 255, 0x5C, 0x41, rng.randrange(256))
            )
        read += is_answered(tmp_path / "turned.dcm", bytes(turned))
    assert read > SEEDS / 20


def source(shown: Shown) -> bytes:
    return shown.first.pet_files[0].read_bytes()


def answered(shown: Shown, folder: Path, pieces: list[bytes]) -> int:
    """How many files that hold one of these elements are let in; all of them are answered."""
    return sum(is_answered(folder / "nasty.dcm", put(source(shown), piece)) for piece in pieces)


def is_answered(path: Path, content: bytes) -> bool:
    """Whether the file is let in; if so, all that can be asked of it is answered, or refused in words."""
    path.write_bytes(content)
    try:
        there = archive_of_one(path)
    except MalformedFile:
        return False
    shelf = Shelf(there)
    ((one,),) = (there.instances(study) for study in there.studies)
    (said,) = metadata(shelf)
    assert said.keys() >= TOLD
    for level in Level:
        for asked in ([("PatientName", "a*"), ("StudyDate", "1999-")], [("includefield", "all")]):
            json.dumps(found(shelf, query_of(level, asked), "R"), allow_nan=False)
    for tag in (tag for tag, value in said.items() if "BulkDataURI" in value):
        sent(lambda tag=tag: bulk_data(one, tag, ""))
    sent(lambda: files([one], ""))
    sent(lambda: frames(one, "1", ""))
    return True


def sent(asked: Any) -> None:
    codes: tuple[str, ...] = ()
    try:
        b"".join(asked())
    except Refused as refused:
        codes = refused.codes
    assert set(codes) <= {"DICOMWEB_OBJECT_UNREADABLE", "DICOMWEB_FRAME_UNKNOWN"}


def archive_of_one(path: Path) -> Archive:
    """Raises MalformedFile where the file would be left out."""
    one = _instance(path)
    if one is None:
        raise MalformedFile("no DICOM")
    return Archive({one.study: {one.series: (one,)}}, {}, 0)


def metadata(shelf: Shelf) -> list[dict[str, Any]]:
    """As a client reads them, who knows no NaN."""
    return [
        json.loads(text, parse_constant=pytest.fail)
        for study, by_series in shelf.archive.studies.items()
        for series in by_series
        for text in shelf.texts(study, series, "R")
    ]
