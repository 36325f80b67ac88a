"""Truth: other program (pydicom in this process); contract: a decoder that dies takes one picture with it, never the program."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, RLELossless

from carpet.dicom import decoding
from carpet.dicom.decoding import Decoder, coded_size, pixel_array, serve
from carpet.dicom.elements import MalformedFile
from carpet.testing import PhantomScan, Storage, write_study

SHAPE = (8, 10)


@pytest.fixture
def compressed(small_scan: PhantomScan, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """One slice as RLE, and its integers."""
    path = write_study(small_scan, tmp_path / "a b\u00e9", storage=Storage(with_ct=False)).pet_files[0]
    dataset = dcmread(path)
    truth = dataset.pixel_array.copy()
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(path)
    return path, truth


def test_a_file_in_the_working_directory_is_not_run(
    compressed: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    path, truth = compressed
    with Decoder() as decoder:
        assert np.array_equal(decoder.pixels(path, SHAPE), truth)


def test_the_same_integers_as_in_this_process(compressed: tuple[Path, np.ndarray]) -> None:
    path, truth = compressed
    with Decoder() as decoder:
        for _ in range(3):
            found = decoder.pixels(path, SHAPE)
            assert found.dtype == truth.dtype
            assert np.array_equal(found, truth)
    assert np.array_equal(pixel_array(path, SHAPE), truth)


def test_frames_of_a_file_of_many(compressed: tuple[Path, np.ndarray]) -> None:
    path, first = compressed
    dataset, frames = dcmread(path), [first, first + 1, first + 2]
    dataset.decompress(generate_instance_uid=False)
    dataset.NumberOfFrames, dataset.PixelData = 3, np.stack(frames).tobytes()
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(path)
    with Decoder() as decoder:
        for number in (1, 3, 2):
            assert np.array_equal(decoder.pixels(path, SHAPE, frame=number), frames[number - 1])
        for number in (0, 4):
            with pytest.raises(MalformedFile):
                decoder.pixels(path, SHAPE, frame=number)


def test_another_shape_or_no_picture_is_malformed_and_the_decoder_goes_on(compressed: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, truth = compressed
    (tmp_path / "text").write_text("no DICOM")
    with Decoder() as decoder:
        for wrong, shape in ((path, (10, 8)), (tmp_path / "text", SHAPE), (tmp_path / "gone", SHAPE)):
            with pytest.raises(MalformedFile):
                decoder.pixels(wrong, shape)
        assert np.array_equal(decoder.pixels(path, SHAPE), truth)


def test_a_decoder_that_dies_is_a_malformed_file_and_is_started_anew(
    compressed: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, truth = compressed

    def dying() -> subprocess.Popen[bytes]:
        program = "import os, sys; sys.stdin.buffer.read(12); os.abort()"
        return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    with Decoder() as decoder:
        with monkeypatch.context() as patch:
            patch.setattr(decoding, "_started", dying)
            with pytest.raises(MalformedFile, match="broke off"):
                decoder.pixels(path, SHAPE)
        assert np.array_equal(decoder.pixels(path, SHAPE), truth)


@pytest.mark.shared
def test_broken_pictures_never_end_the_program(shared_data: Path, tmp_path: Path) -> None:
    """GDCM aborts on some of these (JPEG-LS, 1 change in about 50)."""
    dataset = dcmread(shared_data / "malformed" / "pydicom_test_files" / "MR_small_jpeg_ls_lossless.dcm")
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    rng = random.Random(1)  # noqa: S311 - seeded, for a test
    outcomes = []
    with Decoder() as decoder:
        for _ in range(60):
            broken = bytearray(frame)
            for _ in range(rng.choice([1, 2, 6])):
                broken[rng.randrange(rng.choice([60, len(broken)]))] = rng.randrange(256)
            dataset.PixelData = encapsulate([bytes(broken)])
            dataset.save_as(tmp_path / "file")
            try:
                outcomes.append(decoder.pixels(tmp_path / "file", (64, 64)).shape == (64, 64))
            except MalformedFile:
                outcomes.append(False)
    assert True in outcomes
    assert False in outcomes


def test_questions_and_answers(compressed: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, truth = compressed

    def question(file: Path) -> bytes:
        name = os.fsencode(file)
        return struct.pack("<LLLL", len(name), *SHAPE, 0) + name

    answers = io.BytesIO()
    serve(io.BytesIO(question(path) + question(tmp_path / "gone") + b"cut"), answers)
    said = answers.getvalue()
    assert said[:6] == b"i2" + struct.pack("<L", 160)
    assert said[6:166] == truth.astype("<i2").tobytes()
    assert said[166:] == b"??" + struct.pack("<L", 17) + b"FileNotFoundError"


def test_what_a_picture_says_of_its_size() -> None:
    jpeg_2000 = b"\xff\x4f\xff\x51" + struct.pack(">HHLLLL", 41, 0, 512, 400, 12, 100) + b"\0" * 20
    jpeg_ls = b"\xff\xd8\xff\xf7" + struct.pack(">HBHH", 11, 16, 300, 500) + b"\0" * 9
    after_others = b"\xff\xd8\xff\xe0" + struct.pack(">H", 6) + b"abcd" + b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0"
    assert coded_size(jpeg_2000) == (300, 500)
    assert coded_size(b"a box before it" + jpeg_2000) == (300, 500)
    assert coded_size(jpeg_ls) == (300, 500)
    assert coded_size(after_others + b"\xff\xc3" + jpeg_ls[4:]) == (300, 500)
    for nothing in (b"", b"\xff", b"\xff\xd8\xff", jpeg_2000[:20], after_others, b"\xff\xd8" + b"\xff\xe0\0\0" * 9, b"no picture at all"):
        assert coded_size(nothing) is None


@pytest.mark.parametrize("stream", [b"\0\0", b"\xff\xd8\xff\xd9", b"no picture"])
def test_a_stream_of_unknown_size_is_not_decoded(stream: bytes, compressed: tuple[Path, np.ndarray]) -> None:
    path, _ = compressed
    dataset = dcmread(path)
    dataset.PixelData = encapsulate([stream])
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.70")
    dataset.save_as(path)
    with pytest.raises(MalformedFile, match="not of the size"):
        pixel_array(path, SHAPE)
