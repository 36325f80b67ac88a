"""Truth: other program (pydicom's encapsulate and generate_frames)."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames

from carpet.dicom.elements import Element, FileElements, MalformedFile
from carpet.dicom.fragments import FRAGMENTS_CAP, frame_spans

FRAMES = [bytes([n]) * (10 + 4 * n) for n in range(5)]
BEFORE = b"the header"
JPEG_LS = "1.2.840.10008.1.2.4.80"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def file_of(pixels: bytes, path: Path, **extended: bytes) -> FileElements:
    path.write_bytes(BEFORE + pixels)
    elements = {0x7FE00001: Element("OV", extended["offsets"])} if extended else {}
    return FileElements(path, JPEG_LS, elements, len(BEFORE), None)


def content(file: FileElements, frames: int) -> list[bytes]:
    """The bytes of each frame, as its fragments hold them."""
    whole, found = file.path.read_bytes(), []
    for start, size in frame_spans(file, frames):
        at, frame = start, b""
        while at < start + size:
            assert whole[at : at + 4] == b"\xfe\xff\x00\xe0"
            (length,) = struct.unpack_from("<L", whole, at + 4)
            frame += whole[at + 8 : at + 8 + length]
            at += 8 + length
        assert at == start + size
        found.append(frame)
    return found


@pytest.mark.parametrize("fragments", [1, 2, 3])
@pytest.mark.parametrize("table", [True, False])
def test_pydicoms_frames(fragments: int, table: bool, tmp_path: Path) -> None:
    pixels = encapsulate(FRAMES, fragments_per_frame=fragments, has_bot=table)
    file = file_of(pixels + END, tmp_path / "file")
    if fragments > 1 and not table:
        with pytest.raises(MalformedFile, match="no offset table"):
            frame_spans(file, 5)
        return
    assert content(file, 5) == list(generate_frames(pixels, number_of_frames=5)) == FRAMES


def test_an_extended_offset_table(tmp_path: Path) -> None:
    pixels, offsets, _ = encapsulate_extended(FRAMES)
    assert content(file_of(pixels + END, tmp_path / "file", offsets=offsets), 5) == FRAMES


WHOLE = encapsulate(FRAMES) + END
TWO_EACH = encapsulate(FRAMES, fragments_per_frame=2) + END
BROKEN = {
    "nothing": (b"", 5),
    "no item": (b"\0" * 40, 5),
    "an odd offset table": (b"\xfe\xff\x00\xe0\x03\0\0\0abc" + END, 1),
    "a huge offset table": (b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + END, 1),
    "too few fragments": (WHOLE, 6),
    "too many for one frame": (encapsulate(FRAMES, has_bot=False) + END, 1),
    "cut in a fragment": (WHOLE[:-20], 5),
    "no end": (WHOLE[:-8], 5),
    "offsets of something else": (TWO_EACH[:12] + b"\x02" + TWO_EACH[13:], 5),
    "offsets that fall": (TWO_EACH[:8] + TWO_EACH[8:28][::-1] + TWO_EACH[28:], 5),
    "endless fragments": (b"\xfe\xff\x00\xe0\0\0\0\0" * (FRAGMENTS_CAP + 3), 5),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_pixels_are_malformed(what: str, tmp_path: Path) -> None:
    pixels, frames = BROKEN[what]
    with pytest.raises(MalformedFile):
        frame_spans(file_of(pixels, tmp_path / "file"), frames)
