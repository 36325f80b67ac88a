"""Truth: other program (pydicom 3, element by element); for broken bytes the contract: elements, None or MalformedFile, nothing else."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless

from carpet.dicom import elements
from carpet.dicom.elements import (
    ENHANCED_PET,
    KEPT_VALUE_BYTES,
    AmbiguousFile,
    Element,
    FileElements,
    MalformedFile,
    OverlongFile,
    inflated,
    parsing,
    read_elements,
    sequence_items,
    stored_pixels,
)
from carpet.dicom.values import numbers_of, short_of, text_of

PIXELS = np.arange(12, dtype="<u2").tobytes()


def image(syntax: str = ExplicitVRLittleEndian, *, open_sequence: bool = False, open_items: bool = False) -> FileDataset:
    """Sequences in sequences, in a private one too; lengths stated or left open."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    meta.MediaStorageSOPClassUID = pydicom.uid.UID("1.2.840.10008.5.1.4.1.1.128")
    meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3.4")
    d = FileDataset(
        "", {}, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=False, is_little_endian=meta.TransferSyntaxUID.is_little_endian
    )
    d.SOPClassUID, d.SOPInstanceUID, d.SeriesInstanceUID, d.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.128", "1.2.3.4", "1.2.3", "1.2"
    d.Modality, d.PatientWeight, d.ImageComments = "PT", "70.5", "x" * 300
    d.Rows, d.Columns, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation, d.SamplesPerPixel = 3, 4, 16, 16, 15, 0, 1
    d.PhotometricInterpretation = "MONOCHROME2"
    code = Dataset()
    code.CodeValue, code.CodeMeaning = "77004003", "F-18"
    drug = Dataset()
    drug.RadionuclideTotalDose = "350000000"
    drug.RadionuclideCodeSequence = Sequence([code])
    drug.RadiopharmaceuticalCodeSequence = Sequence([])
    d.RadiopharmaceuticalInformationSequence = Sequence([drug, Dataset()])
    block = d.private_block(0x0029, "CARPET TEST", create=True)
    inner = Dataset()
    inner.add_new(0x00291001, "LO", "inside")
    block.add_new(0x10, "SQ", Sequence([inner]))
    block.add_new(0x11, "OB", b"\x01\x02\x03\x04")
    d.add_new(0x7FE00010, "OW", PIXELS)
    for sequence in (d[0x00540016], d[0x00291010], drug[0x00540300], drug[0x00540304]):
        sequence.is_undefined_length = open_sequence
        for item in sequence.value:
            item.is_undefined_length_sequence_item = open_items
    return d


def encoded(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return save


def walked(path: Path, monkeypatch: pytest.MonkeyPatch) -> FileElements:
    """Read without pydicom's help."""

    def unwanted(path: Path) -> FileElements:
        raise AssertionError(f"{path.name} was not walked")

    with monkeypatch.context() as patch:
        patch.setattr(elements, "_read_with_pydicom", unwanted)
        found = read_elements(path)
    assert found is not None
    return found


def check_like_pydicom(found: FileElements, path: Path) -> None:
    """The same tags, bytes and VRs in the data set; sequences of open length are parsed by pydicom, so only their presence is compared."""
    theirs = pydicom.dcmread(path)
    wanted = {int(tag): theirs.get_item(tag) for tag in theirs.keys() if int(tag) < 0x7FE00010}  # noqa: SIM118
    small = {tag for tag, e in wanted.items() if isinstance(e, RawDataElement) and len(e.value or b"") <= KEPT_VALUE_BYTES}
    large = {tag for tag, e in wanted.items() if isinstance(e, RawDataElement)} - small
    assert small <= set(found.elements) <= set(wanted) - large
    for tag, element in found.elements.items():
        other = wanted[tag]
        if isinstance(other, RawDataElement):
            assert element.raw == (other.value or b""), hex(tag)
            assert element.vr == (other.VR or ""), hex(tag)
    pixels = theirs.get_item(0x7FE00010) if 0x7FE00010 in theirs else None
    if isinstance(pixels, RawDataElement):
        assert found.pixel_offset == pixels.value_tell
        assert found.pixel_bytes == (None if pixels.length == 0xFFFFFFFF else pixels.length)
    else:
        assert found.pixel_offset is None
    assert found.transfer_syntax == theirs.file_meta.TransferSyntaxUID


@pytest.mark.parametrize("open_items", [False, True])
@pytest.mark.parametrize("open_sequence", [False, True])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_every_way_to_write_a_sequence(
    syntax: str, open_sequence: bool, open_items: bool, saved: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(encoded(image(syntax, open_sequence=open_sequence, open_items=open_items)))
    found = walked(path, monkeypatch)
    check_like_pydicom(found, path)
    assert stored_pixels(found) == PIXELS
    assert text_of(found.elements[0x00101030]) == "70.5"


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["acrin042_ge", "sts001_ge", "nema_phantom", "suv_dro_ibsi/DRO_0_0", "suv_dro_ibsi/DRO_4_0", "interop"])
def test_every_real_file(folder: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [path for path in sorted((shared_data / folder).rglob("*.dcm")) if path.read_bytes()[128:132] == b"DICM"]
    assert len(paths) >= 15
    for path in paths:
        check_like_pydicom(walked(path, monkeypatch), path)


@pytest.mark.shared
def test_every_odd_file_is_read_or_refused(shared_data: Path) -> None:
    paths = [path for path in (shared_data / "malformed").rglob("*") if path.is_file()]
    assert len(paths) > 150
    read = 0
    for path in paths:
        try:
            read += read_elements(path) is not None
        except MalformedFile:
            continue
    assert read > 120


def test_compressed_pixels_have_a_place_and_no_length(saved: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = image(JPEGLSLossless)
    dataset.PixelData = encapsulate([b"\xff\xd8 not a picture \xff\xd9"])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    path = saved(encoded(dataset))
    check_like_pydicom(walked(path, monkeypatch), path)


def test_a_long_header_is_read_on(saved: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = image()
    dataset.add_new(0x00091010, "OB", b"\x05" * (KEPT_VALUE_BYTES + 2))  # longer than what is kept of one value
    dataset.add_new(0x00090010, "LO", "LONG")
    dataset.add_new(0x00091011, "OB", b"\x06" * 50_000)
    path = saved(encoded(dataset))
    found = walked(path, monkeypatch)
    check_like_pydicom(found, path)
    assert 0x00091010 not in found.elements
    assert stored_pixels(found) == PIXELS


def explicit(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    length = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    return head + (struct.pack("<HL", 0, length) if vr in elements.LONG_VRS else struct.pack("<H", length)) + value


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value) if length is None else length) + value


def with_unknown_sequence(length: int = 8) -> bytes:
    """A sequence that somebody wrote as UN of open length: its inside is implicit (PS3.5 6.2.2)."""
    text = implicit(0x00081030, b"A" * length)
    inner = implicit(0xFFFEE000, text + implicit(0xFFFEE00D, b""), 0xFFFFFFFF) + implicit(0xFFFEE0DD, b"")
    whole = encoded(image())
    at = whole.index(struct.pack("<HH", 0x7FE0, 0x0010))
    return whole[:at] + explicit(0x00FF1010, b"UN", inner, 0xFFFFFFFF) + whole[at:]


def test_an_unknown_sequence_of_open_length_is_implicit_inside(saved: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(with_unknown_sequence())
    check_like_pydicom(walked(path, monkeypatch), path)
    found = walked(saved(with_unknown_sequence(0x4142)), monkeypatch)  # a length that looks like letters; pydicom takes it for a VR
    assert stored_pixels(found) == PIXELS


def test_big_endian_numbers_are_turned(saved: Callable[[bytes], Path]) -> None:
    dataset = image(ExplicitVRBigEndian)
    dataset.PixelData = np.frombuffer(PIXELS, "<u2").astype(">u2").tobytes()
    dataset.FrameTimeVector = ["1.5", "2"]
    dataset.RecommendedDisplayFrameRateInFloat = 0.25
    found = read_elements(saved(encoded(dataset)))
    assert found is not None
    assert (short_of(found.elements[0x00280010]), short_of(found.elements[0x00280011])) == (3, 4)
    assert numbers_of(found.elements[0x00089459]) == (0.25,)
    assert numbers_of(found.elements[0x00181065]) == (1.5, 2.0)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_file_without_preamble_or_meta_information(syntax: str, saved: Callable[[bytes], Path]) -> None:
    whole = encoded(image(syntax))
    bare = whole[whole.index(struct.pack("<HH", 0x0008, 0x0016)) :]
    for content in (bare, whole[132:]):
        found = read_elements(saved(content))
        assert found is not None
        assert found.transfer_syntax == syntax
        assert text_of(found.elements[0x00080060]) == "PT"
        assert short_of(found.elements[0x00280010]) == 3


@pytest.mark.parametrize(
    ("said", "written"), [(ExplicitVRLittleEndian, ImplicitVRLittleEndian), (ImplicitVRLittleEndian, ExplicitVRLittleEndian)]
)
@pytest.mark.parametrize("pixels", [24, 2_000_000])
def test_a_file_that_says_the_wrong_encoding(said: str, written: str, pixels: int, saved: Callable[[bytes], Path]) -> None:
    dataset = image(written)
    dataset.PixelData = b"\x11\x22" * (pixels // 2)
    whole = encoded(dataset)
    meta = len(whole) - len(whole[whole.index(struct.pack("<HH", 0x0008, 0x0016)) :])
    other = encoded(image(said))
    found = read_elements(saved(other[: other.index(struct.pack("<HH", 0x0008, 0x0016))] + whole[meta:]))
    assert found is not None
    assert text_of(found.elements[0x00101030]) == "70.5"


def deflated(content: bytes, level: int = 9) -> bytes:
    meta = encoded(image(DeflatedExplicitVRLittleEndian))
    group_length = struct.unpack("<L", meta[140:144])[0]
    squeezer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return meta[: 144 + group_length] + squeezer.compress(content) + squeezer.flush()


def test_a_deflated_file(saved: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = walked(saved(encoded(image())), monkeypatch)
    found = walked(saved(encoded(image(DeflatedExplicitVRLittleEndian))), monkeypatch)
    assert found.elements == plain.elements
    assert stored_pixels(found) == PIXELS


def test_a_deflated_bomb_is_refused_at_once(saved: Callable[[bytes], Path]) -> None:
    blank = explicit(0x00091010, b"OB", b"", 2**31) + b"\0" * (150 * 2**20)
    path = saved(deflated(blank, 1))
    del blank
    assert path.stat().st_size < 5 * 2**20
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(MalformedFile):
        read_elements(path)
    assert time.perf_counter() - began < 10.0  # a hang, not a speed
    assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    tracemalloc.stop()


def endless(kind: str) -> bytes:
    """Two million items or elements, as an explicit data set."""
    head = struct.pack("<HH2sH20s", 0x0008, 0x0016, b"UI", 20, b"1.2.840.10008.5.1.4.")
    if kind == "elements":
        return head + b"".join(struct.pack("<HH2sH", 0x0009 + 2 * (n >> 16), n & 0xFFFF, b"LO", 0) for n in range(2_000_000))
    item = b"\xfe\xff\x00\xe0" + (b"\xff" * 4 if kind == "open items" else b"\0" * 4)
    if kind == "open items":
        item += b"\xfe\xff\x0d\xe0\0\0\0\0"
    sequence = struct.pack("<HH2sHL", 0x0054, 0x0016, b"SQ", 0, 0xFFFFFFFF)
    return head + sequence + item * 2_000_000 + b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.mark.parametrize("kind", ["elements", "items", "open items"])
@pytest.mark.parametrize("deflate", [False, True])
def test_endless_headers_are_refused_soon(kind: str, deflate: bool, saved: Callable[[bytes], Path]) -> None:
    whole = encoded(image(DeflatedExplicitVRLittleEndian if deflate else ExplicitVRLittleEndian))
    meta = whole[: 144 + struct.unpack_from("<L", whole, 140)[0]]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = packer.compress(endless(kind)) + packer.flush() if deflate else endless(kind)
    path = saved(meta + body)
    began = time.perf_counter()
    with pytest.raises(OverlongFile):
        read_elements(path)
    assert time.perf_counter() - began < 10.0  # 1 s on a free core; without a limit 10 s for each 64 MiB


def test_only_the_functional_groups_of_pet_and_ct_are_kept_whole(saved: Callable[[bytes], Path]) -> None:
    dataset = image()
    dataset.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(9_000)]  # 72 kB
    assert 0x52009230 not in found_in(saved(encoded(dataset)))
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.UID(ENHANCED_PET)
    kept = found_in(saved(encoded(dataset)))
    items = sequence_items(kept[0x52009230])
    assert items == [{}] * 9_000
    with pytest.raises(MalformedFile, match="more than 8999 items"):
        sequence_items(kept[0x52009230], most=8_999)
    with pytest.raises(MalformedFile, match="cut off"):
        sequence_items(Element("SQ", kept[0x52009230].raw[:-3]))


def found_in(path: Path) -> dict[int, Element]:
    found = read_elements(path)
    assert found is not None
    return dict(found.elements)


def test_deflated_data_that_break_off_are_refused(saved: Callable[[bytes], Path]) -> None:
    whole = encoded(image(DeflatedExplicitVRLittleEndian))
    for content in (whole[:-40], whole[:-40] + b"\xff" * 40, whole[:400]):
        path = saved(content)
        with pytest.raises(MalformedFile):
            read_elements(path)
        with pytest.raises(MalformedFile):
            inflated(path)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"\0" * 131, b"\0" * 500, b"%PDF-1.7" + b" " * 500, b"\x89PNG\r\n" + bytes(range(256)) * 4, b"PK\x03\x04" * 90]
)
def test_what_is_no_dicom_is_none(content: bytes, saved: Callable[[bytes], Path]) -> None:
    assert read_elements(saved(content)) is None


def test_an_element_that_stands_twice_is_refused(saved: Callable[[bytes], Path]) -> None:
    whole = encoded(image())
    weight = explicit(0x00101030, b"DS", b"70.5")
    assert whole.count(weight) == 1
    with pytest.raises(AmbiguousFile, match="0010,1030"):
        read_elements(saved(whole.replace(weight, weight + explicit(0x00101030, b"DS", b"7.05"))))


@pytest.mark.parametrize("length", [0xFFFFFFFE, 0x7FFFFFFF, 10_000])
def test_a_length_beyond_the_file(length: int, saved: Callable[[bytes], Path]) -> None:
    whole = encoded(image())
    at = whole.index(struct.pack("<HH", 0x0029, 0x1011))
    path = saved(whole[: at + 8] + struct.pack("<L", length) + whole[at + 12 :])
    tracemalloc.start()
    found = read_elements(path)
    assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    tracemalloc.stop()
    assert found is not None
    assert found.pixel_offset is None  # nothing after the broken element is believed


def test_pixels_that_break_off_have_no_place(saved: Callable[[bytes], Path]) -> None:
    found = read_elements(saved(encoded(image())[:-1]))
    assert found is not None
    assert (found.pixel_offset, found.pixel_bytes) == (None, None)


@pytest.mark.parametrize("depth", [20, 60, 400, 20_000])
def test_nesting_has_an_end(depth: int, saved: Callable[[bytes], Path]) -> None:
    whole = encoded(image())
    at = whole.index(struct.pack("<HH", 0x7FE0, 0x0010))
    start = explicit(0x00081140, b"SQ", b"", 0xFFFFFFFF) + implicit(0xFFFEE000, b"", 0xFFFFFFFF)
    end = implicit(0xFFFEE00D, b"") + implicit(0xFFFEE0DD, b"")
    began = time.perf_counter()
    try:
        found = read_elements(saved(whole[:at] + start * depth + end * depth + whole[at:]))
    except MalformedFile:
        assert depth > elements.NESTING_CAP
    else:
        assert found is not None
        assert depth < 1000
        assert text_of(found.elements[0x00101030]) == "70.5"
    assert time.perf_counter() - began < 10.0  # a hang, not a speed


SEEDS = {
    "explicit": encoded(image()),
    "open": encoded(image(open_sequence=True, open_items=True)),
    "implicit": encoded(image(ImplicitVRLittleEndian, open_sequence=True)),
    "deflated": encoded(image(DeflatedExplicitVRLittleEndian)),
    "bare": encoded(image())[132:],
    "unknown": with_unknown_sequence(),
}
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=0, max_size=4), st.integers(0, 4)), max_size=6)


@pytest.fixture(scope="module")
def scratch_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("broken") / "file"


def check_contract(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        found = read_elements(path)
    except MalformedFile:
        return
    if found is None:
        return
    assert all(isinstance(e.raw, bytes) and len(e.raw) <= KEPT_VALUE_BYTES for e in found.elements.values())
    if found.pixel_offset is not None and found.pixel_bytes is not None:
        assert len(stored_pixels(found)) == found.pixel_bytes


@pytest.mark.parametrize("seed", SEEDS)
def test_broken_bytes_never_raise_anything_else(seed: str, scratch_file: Path) -> None:
    @given(CHANGES, st.floats(0, 1))
    @example([], 0.0)
    @example([], 1.0)
    def broken(changes: list[tuple[float, bytes, int]], keep: float) -> None:
        content = bytearray(SEEDS[seed])
        for place, put, removed in changes:
            at = int(place * len(content))
            content[at : at + removed] = put
        check_contract(scratch_file, bytes(content[: int(keep * len(content)) if keep < 0.9 else None]))

    broken()


def test_every_truncation(scratch_file: Path) -> None:
    for length in range(0, len(SEEDS["open"]), 3):
        check_contract(scratch_file, SEEDS["open"][:length])


def test_whatever_a_parser_raises_is_a_malformed_file() -> None:
    for error in (
        KeyError("Doe^John"),
        struct.error(),
        RecursionError(),
        MemoryError(),
        zlib.error(),
        pydicom.errors.BytesLengthException(""),
    ):
        with pytest.raises(MalformedFile, match=type(error).__name__) as caught, parsing():
            raise error
        assert "Doe" not in str(caught.value)
    with pytest.raises(KeyboardInterrupt), parsing():
        raise KeyboardInterrupt
