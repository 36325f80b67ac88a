"""Small files that ask for much: each maker writes one into a folder and says how carpet is made to read it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless
from validation.reliability.seeds import deflated, nrrd, rtstruct

from carpet.core.space import Grid

ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED = b"\xff\xff\xff\xff"
DRUG = b"\x54\x00\x16\x00SQ\0\0"
PATIENT_GROUP = b"\x10\x00\x20\x00"  # PatientID, before which elements are put in
ZEROS, END = bytes(2**24), b"\x03\x00"  # an empty last block
Maker = Callable[[Path, "Source"], str]


class Source:
    """The valid study from which bombs are made: one slice's path, and its grid."""

    def __init__(self, slices: list[Path], masks: Path, grid: Grid) -> None:
        self.slices, self.masks, self.grid = slices, masks, grid
        self.content = slices[0].read_bytes()

    def with_element(self, element: bytes) -> bytes:
        """The slice with one more element in front of PatientID."""
        at = self.content.index(PATIENT_GROUP)
        return self.content[:at] + element + self.content[at:]

    def among(self, folder: Path, bad: bytes | Dataset) -> str:
        """The study with `bad` for its first slice."""
        for path in self.slices[1:]:
            (folder / path.name).write_bytes(path.read_bytes())
        if isinstance(bad, bytes):
            (folder / "bad.dcm").write_bytes(bad)
        else:
            bad.save_as(folder / "bad.dcm")
        return "scan"


def all_of(source: Source, folder: Path, **tags: object) -> str:
    """Every slice of the study with these attributes."""
    for path in source.slices:
        data = dcmread(path)
        for keyword, value in tags.items():
            setattr(data, keyword, value)
        data.save_as(folder / path.name)
    return "scan"


def coded(source: Source, folder: Path, syntax: str, frame: bytes, **tags: object) -> str:
    """Every slice holds this compressed picture instead of its own."""
    for path in source.slices:
        data = dcmread(path)
        for keyword, value in tags.items():
            setattr(data, keyword, value)
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = encapsulate([frame])
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
        data.save_as(folder / path.name)
    return "scan"


def rle(runs: int) -> bytes:
    """An RLE frame of one segment that repeats a byte 128 × `runs` times."""
    return struct.pack("<16L", 1, 64, *[0] * 14) + b"\x81\x01" * runs


def jpeg(rows: int, columns: int, marker: int = 0xC3) -> bytes:
    """A JPEG or JPEG-LS header that says a size, and no picture after it."""
    frame = struct.pack(">BBHBHHB3B", 0xFF, marker, 11, 16, rows, columns, 1, 1, 0x11, 0)
    return b"\xff\xd8" + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00" + b"\0" * 64 + b"\xff\xd9"


def jpeg_2000(rows: int, columns: int) -> bytes:
    size = struct.pack(">HH8LH3B", 41, 0, columns, rows, 0, 0, columns, rows, 0, 0, 1, 15, 1, 1)
    return b"\xff\x4f\xff\x51" + size + b"\xff\x52\x00\x0c\x00\x00\x00\x01\x00\x01\x04\x04\x00\x00" + b"\xff\xd9"


def packed(folder: Path, name: str, members: dict[str, bytes], level: int = 9) -> str:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return "scan"


def overlapping(folder: Path, copies: int) -> str:
    """A zip in which many members share one deflated kernel (D. Fifield, WOOT 2019), half a megabyte unpacked each."""
    content = bytes(512 * 2**10)
    data = _flushed(content) + END
    sizes = (zlib.crc32(content), len(data), len(content))
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, *sizes, 4, 0, 0, 0, 0, 0, 0)
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 33, *sizes, 4, 0) + b"0000" + data
    directory = b"".join(entry + b"%04d" % (n % 10_000) for n in range(copies))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), len(head), 0)
    (folder / "overlap.zip").write_bytes(head + directory + end)
    return "scan"


def many_entries(folder: Path, count: int) -> str:
    """A zip of empty members."""
    return packed(folder, "many.zip", {f"{n}": b"" for n in range(count)}, 0)


def nested_zip(folder: Path) -> str:
    content = bytes(2**20)
    for _ in range(6):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(8):
                archive.writestr(f"{n}.zip", content)
        content = buffer.getvalue()
    (folder / "nested.zip").write_bytes(content)
    return "scan"


def nifti(folder: Path, source: Source, dims: tuple[int, ...], unpacked: int, kind: int = 2) -> str:
    """labels.nii with other dimensions and `unpacked` bytes of nothing behind it, gzipped."""
    head = bytearray((source.masks / "labels.nii").read_bytes()[:352])
    struct.pack_into("<8h", head, 40, len(dims), *dims, *[1] * (7 - len(dims)))
    struct.pack_into("<2h", head, 70, kind, 8 * {2: 1, 4: 2, 16: 4, 64: 8}[kind])
    (folder / "mask.nii.gz").write_bytes(zeros_packed(unpacked, bytes(head)))
    return "mask"


def zeros_packed(count: int, before: bytes = b"") -> bytes:
    """gzip of `before` and then `count` zeros: blocks that are flushed stand alone, so one of them serves many times."""
    size, crc = 2**24, zlib.crc32(before)
    blocks, rest = divmod(count, size)
    for _ in range(blocks):
        crc = zlib.crc32(ZEROS, crc)
    crc = zlib.crc32(bytes(rest), crc)
    parts = [_flushed(before), *[_flushed(ZEROS)] * blocks, _flushed(bytes(rest))]
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"".join([*parts, END, struct.pack("<LL", crc, (len(before) + count) % 2**32)])


def _flushed(content: bytes) -> bytes:
    """Raw deflated content that ends on a byte and leaves nothing behind to refer to."""
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)


def nrrd_bomb(folder: Path, source: Source, sizes: str, unpacked: int, encoding: str = "gzip") -> str:
    head = nrrd(np.zeros((1, 1, 1), np.uint8), source.grid, encoding, sizes).partition(b"\n\n")[0] + b"\n\n"
    (folder / "mask.nrrd").write_bytes(head + (zeros_packed(unpacked) if encoding == "gzip" else b""))
    return "mask"


def contours(folder: Path, source: Source, points: int, reach: float, *, number: int = 1, text: bool = False) -> str:
    """A structure of `number` contours of `points` points that go to and fro, `reach` voxels far."""
    k, rows, columns = source.grid.shape_kji
    turn = np.arange(points)
    index = np.column_stack([np.full(points, k // 2), np.where(turn % 2, rows + reach, -reach), turn / points * columns])
    drawn = np.asarray(source.grid.to_lps_mm(index))
    made = rtstruct(source.grid, {("L" * 2**20) if text else "L1": [drawn] * number})
    made.save_as(folder / "mask.dcm")
    return "mask"


def seg(folder: Path, source: Source, **tags: object) -> str:
    """The valid SEG with absurd attributes."""
    data = dcmread(source.masks / "lesions.seg.dcm")
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    data.save_as(folder / "mask.dcm")
    return "mask"


def seg_in_rle(folder: Path, source: Source, frame: bytes, **tags: object) -> str:
    """The LABELMAP with every frame such an RLE stream."""
    data = dcmread(source.masks / "lesions.labelmap.dcm")
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    data.PixelData = encapsulate([frame] * int(data.NumberOfFrames))
    data.save_as(folder / "mask.dcm")
    return "mask"


def seg_of_many(folder: Path, source: Source, segments: int, frames: int) -> str:
    """The valid SEG with its first segment, and its first frame, so many times; pixels for none."""
    data = dcmread(source.masks / "lesions.seg.dcm")
    data.SegmentSequence, data.NumberOfFrames = data.SegmentSequence[:1], frames
    data.PerFrameFunctionalGroupsSequence = data.PerFrameFunctionalGroupsSequence[:1]
    buffer = io.BytesIO()
    data.save_as(buffer)
    content = _repeated(buffer.getvalue(), b"\x62\x00\x02\x00SQ\0\0", segments, number_at=b"\x62\x00\x04\x00US\x02\x00")
    (folder / "mask.dcm").write_bytes(_repeated(content, b"\x00\x52\x30\x92SQ\0\0", frames))
    return "mask"


def _repeated(content: bytes, head: bytes, count: int, number_at: bytes = b"") -> bytes:
    """`content` with the one item of a sequence `count` times, numbered where `number_at` stands in it."""
    at = content.index(head) + len(head)
    end = at + 4 + struct.unpack_from("<L", content, at)[0]
    item = content[at + 4 : end]
    if number_at:
        place = item.index(number_at) + len(number_at)
        items = b"".join(item[:place] + struct.pack("<H", n) + item[place + 2 :] for n in range(1, count + 1))
    else:
        items = item * count
    return content[:at] + struct.pack("<L", len(items)) + items + content[end:]


def text(folder: Path, reader: str, content: str) -> str:
    (folder / f"big.{reader}").write_text(content, encoding="utf-8")
    return reader


def deflated_bomb(source: Source) -> bytes:
    """A slice whose deflated data set goes on with a gigabyte of nothing."""
    length = struct.unpack_from("<L", source.content, 140)[0]
    meta = deflated(source.content)[: 144 + length + 2]
    start = _flushed(source.content[144 + length :] + b"\x99\x00\x10\x00OB\0\0\0\0\0\x40")
    return meta + start + _flushed(ZEROS) * 64 + END


MANY = 1_000_000
NEST = DRUG + UNDEFINED + ITEM + UNDEFINED
OB = b"\x09\x00\x10\x10OB\0\0"
CSV_HEAD, CSV_ROW = "lesion_id,status,reader\n", "L1,disease,me\n"
MAKERS: dict[str, Maker] = {
    "RLE, 8 GB in 3 kB said": lambda at, s: coded(s, at, RLELossless, rle(1500), Rows=65535, Columns=65535),
    "RLE, 8 GB by sides that are allowed": lambda at, s: coded(s, at, RLELossless, rle(1500), Rows=4096, Columns=4096),
    "RLE, 64 MB unpacked for a small slice": lambda at, s: coded(s, at, RLELossless, rle(500_000)),
    "JPEG that says 65535 squared": lambda at, s: coded(s, at, JPEGLosslessSV1, jpeg(65535, 65535)),
    "JPEG-LS that says 65535 squared": lambda at, s: coded(s, at, JPEGLSLossless, jpeg(65535, 65535, 0xF7)),
    "JPEG 2000 that says a million squared": lambda at, s: coded(s, at, JPEG2000Lossless, jpeg_2000(10**6, 10**6)),
    "JPEG 2000, header and picture absurd": lambda at, s: coded(s, at, JPEG2000Lossless, jpeg_2000(4096, 4096), Rows=4096, Columns=4096),
    "JPEG lossless, header and picture absurd": lambda at, s: coded(s, at, JPEGLosslessSV1, jpeg(4096, 4096), Rows=4096, Columns=4096),
    "deflated, 1 GB": lambda at, s: s.among(at, deflated_bomb(s)),
    "rows and columns 65535": lambda at, s: all_of(s, at, Rows=65535, Columns=65535),
    "rows and columns 4096 without pixels": lambda at, s: all_of(s, at, Rows=4096, Columns=4096),
    "2 billion frames": lambda at, s: all_of(s, at, NumberOfFrames="2000000000"),
    "an element of 4 GB that is not there": lambda at, s: s.among(at, s.with_element(OB + b"\xfe\xff\xff\xff" + b"x")),
    "an undefined length that never ends": lambda at, s: s.among(at, s.with_element(OB + UNDEFINED + ITEM + b"\0\0\0\0" + b"x" * 64)),
    "a hundred thousand sequences in each other": lambda at, s: s.among(at, s.with_element(NEST * 100_000)),
    "the same, closed again": lambda at, s: s.among(at, s.with_element(NEST * 20_000 + (ITEM_END + SEQUENCE_END) * 20_000)),
    "the same, in an RTSTRUCT": lambda at, s: nested_mask(at, s),
    "a sequence of a million items": lambda at, s: s.among(
        at, s.with_element(DRUG + UNDEFINED + (ITEM + b"\0\0\0\0") * MANY + SEQUENCE_END)
    ),
    "a million items of undefined length": lambda at, s: s.among(
        at, s.with_element(DRUG + UNDEFINED + (ITEM + UNDEFINED + ITEM_END) * MANY + SEQUENCE_END)
    ),
    "zip, 1000 : 1": lambda at, s: packed(at, "ratio.zip", {"a": ZEROS * 8}),
    "zip in zip in zip": lambda at, s: nested_zip(at),
    "zip of 60,000 members": lambda at, s: many_entries(at, 60_000),
    "zip of 19,999 overlapping members, 10 GB": lambda at, s: overlapping(at, 19_999),
    "nii.gz of 1 GB behind a small header": lambda at, s: nifti(at, s, (18, 14, 6), 2**30),
    "nii.gz that says 32767 cubed": lambda at, s: nifti(at, s, (32767, 32767, 32767), 2**20),
    "nii.gz of 2 GB, said and true": lambda at, s: nifti(at, s, (2048, 1024, 1023), 2**31 - 2**21),
    "nii.gz of 2 GB in doubles": lambda at, s: nifti(at, s, (1024, 512, 500), 2**31 - 2**25, 64),
    "nrrd gzip of 2 GB, said and true": lambda at, s: nrrd_bomb(at, s, "2048 1024 1023", 2**31 - 2**21),
    "nrrd of 10^15 voxels": lambda at, s: nrrd_bomb(at, s, "100000 100000 100000", 2**20),
    "nrrd, raw, sizes of 2 GB and no data": lambda at, s: nrrd_bomb(at, s, "2048 1024 1023", 0, "raw"),
    "RTSTRUCT of a million points": lambda at, s: contours(at, s, MANY, 0.0),
    "RTSTRUCT, a million points 10^6 voxels far": lambda at, s: contours(at, s, MANY, 1e6),
    "RTSTRUCT of 5,000 contours": lambda at, s: contours(at, s, 4, 1e6, number=5_000),
    "RTSTRUCT with a name of 1 MB": lambda at, s: contours(at, s, 4, 0.0, text=True),
    "SEG that says 2 billion frames": lambda at, s: seg(at, s, NumberOfFrames="2000000000"),
    "SEG that says 65535 squared": lambda at, s: seg(at, s, Rows=65535, Columns=65535),
    "SEG that says 8192 squared": lambda at, s: seg(at, s, Rows=8192, Columns=8192),
    "SEG in RLE that says 8192 squared": lambda at, s: seg_in_rle(at, s, rle(1500), Rows=8192, Columns=8192),
    "SEG in RLE, 64 MB unpacked for a small frame": lambda at, s: seg_in_rle(at, s, rle(500_000)),
    "SEG of 65,535 segments": lambda at, s: seg_of_many(at, s, 65_535, 1),
    "SEG of 100,000 frames without pixels": lambda at, s: seg_of_many(at, s, 1, 100_000),
    "decisions of 50 MB": lambda at, s: text(at, "decisions", CSV_HEAD + CSV_ROW * (50 * 2**20 // len(CSV_ROW))),
    "decisions, one cell of 50 MB": lambda at, s: text(at, "decisions", f'{CSV_HEAD}L1,disease,"{"x" * 50 * 2**20}"\n'),
    "decisions, a line of 50 MB of commas": lambda at, s: text(at, "decisions", CSV_HEAD + "," * 50 * 2**20),
    "protocol of 50 MB": lambda at, s: text(at, "protocol", "[segment]\n" + "# comment\n" * (5 * 2**20)),
    "protocol, tables in tables": lambda at, s: text(at, "protocol", "a = " + "[" * 50_000 + "]" * 50_000),
    "protocol, a key of 100,000 parts": lambda at, s: text(at, "protocol", ".".join(["a"] * 100_000) + " = 1"),
    "protocol, a number of 1,000,000 digits": lambda at, s: text(at, "protocol", "[segment]\npreselect_suv = 1" + "0" * 10**6),
    "gzip that is no mask": lambda at, s: nifti(at, s, (-1, -1, -1), 10**8),
}


def nested_mask(folder: Path, source: Source) -> str:
    """A thousand sequences in each other, inside an RTSTRUCT."""
    content = (source.masks / "contours.dcm").read_bytes()
    at = content.index(b"\x08\x00\x60\x00\x08\x00\x00\x00RTSTRUCT")
    nest = b"\x08\x00\x3f\x00" + UNDEFINED + ITEM + UNDEFINED
    (folder / "mask.dcm").write_bytes(content[:at] + nest * 5000 + (ITEM_END + SEQUENCE_END) * 5000 + content[at:])
    return "mask"
