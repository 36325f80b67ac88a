"""Truth: closed form: the stored integers of a phantom's slice, whatever the encoding; PS3.3 for what is no slice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
    SecondaryCaptureImageStorage,
    XRayRadiationDoseSRStorage,
)

from carpet.dicom.decoding import Decoder
from carpet.dicom.deid.selection import left_out_because, native_pixels, read_instance
from carpet.dicom.elements import MalformedFile
from carpet.testing import PhantomScan, write_study

Edit = Callable[[Dataset], None]


@pytest.fixture
def image(small_scan: PhantomScan, tmp_path: Path) -> Dataset:
    return dcmread(write_study(small_scan, tmp_path / "study").pet_files[2])


def written(data: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> tuple[Dataset, Path, str]:
    data.save_as(path, enforce_file_format=True)
    return read_instance(path, syntax), path, syntax


def setting(**values: object) -> Edit:
    def edit(data: Dataset) -> None:
        for keyword, value in values.items():
            setattr(data, keyword, value)

    return edit


def removing(keyword: str) -> Edit:
    return lambda data: data.__delattr__(keyword)


LEFT: list[tuple[Edit, str | None]] = [
    (setting(), None),
    (setting(BurnedInAnnotation="NO"), None),
    (setting(SOPClassUID=SecondaryCaptureImageStorage), "Secondary Capture Image Storage"),
    (setting(SOPClassUID=XRayRadiationDoseSRStorage), "X-Ray Radiation Dose SR Storage"),
    (setting(SOPClassUID="1.2.3.4"), "unknown kind of object"),
    (setting(Modality="MR"), "modality and kind of object differ"),
    (setting(BurnedInAnnotation="YES"), "text is burned into the picture"),
    (lambda data: data.add_new("BurnedInAnnotation", "LO", "Yes"), "text is burned into the picture"),
    (setting(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), "a captured screen or report"),
    (setting(ImageType=["DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"]), "a captured screen or report"),
    (setting(ConversionType="WSD"), "a captured screen or report"),
    (setting(SamplesPerPixel=3, PhotometricInterpretation="RGB"), "a colour picture"),
    (setting(PhotometricInterpretation="PALETTE COLOR"), "a colour picture"),
    (removing("PixelData"), "no pixels"),
    (removing("ImagePositionPatient"), "a picture without a position"),
]


@pytest.mark.parametrize(("edit", "why"), LEFT)
def test_only_slices_pass(image: Dataset, tmp_path: Path, edit: Edit, why: str | None) -> None:
    edit(image)
    data, _, syntax = written(image, tmp_path / "one.dcm")
    assert left_out_because(data, syntax) == why


def test_lossy_images_stay_behind(image: Dataset, tmp_path: Path) -> None:
    data, _, _ = written(image, tmp_path / "one.dcm")
    assert left_out_because(data, JPEGBaseline8Bit) == "lossy or unknown compression"
    assert left_out_because(data, RLELossless) is None


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless]
)
def test_the_integers_are_the_same_in_every_encoding(image: Dataset, tmp_path: Path, syntax: str) -> None:
    expected = bytes(image.PixelData)
    assert np.frombuffer(expected, "<i2").max() > 1000
    if syntax == ExplicitVRBigEndian:
        plain = Dataset()
        plain.update(image)
        plain.PixelData = np.frombuffer(expected, "<i2").astype(">i2").tobytes()
        plain.file_meta = image.file_meta
        plain.file_meta.TransferSyntaxUID = syntax
        plain.save_as(tmp_path / "one.dcm", enforce_file_format=True)
    elif syntax == RLELossless:
        image.compress(RLELossless)
        image.save_as(tmp_path / "one.dcm")
    else:
        image.file_meta.TransferSyntaxUID = syntax
        image.save_as(tmp_path / "one.dcm", implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    with Decoder() as decoder:
        path = tmp_path / "one.dcm"
        assert native_pixels(read_instance(path, syntax), path, syntax, decoder) == expected


def test_all_frames_of_a_compressed_file_are_the_same_integers(image: Dataset, tmp_path: Path) -> None:
    one = np.frombuffer(bytes(image.PixelData), "<i2")
    expected = np.concatenate([one, one[::-1], one // 2]).tobytes()
    image.NumberOfFrames, image.PixelData = 3, expected
    image.compress(RLELossless)
    data, path, syntax = written(image, tmp_path / "many.dcm", RLELossless)
    with Decoder() as decoder:
        assert left_out_because(data, syntax) is None
        assert native_pixels(data, path, syntax, decoder) == expected
        image.NumberOfFrames = 99_999
        with pytest.raises(MalformedFile):
            native_pixels(*written(image, path, RLELossless), decoder)


def test_nothing_behind_the_pixels_stays(image: Dataset, tmp_path: Path) -> None:
    expected = bytes(image.PixelData)
    image.PixelData = expected + b"Zauberberg"
    with Decoder() as decoder:
        assert native_pixels(*written(image, tmp_path / "one.dcm"), decoder) == expected


def test_an_odd_number_of_bytes_is_padded_with_zero(image: Dataset, tmp_path: Path) -> None:
    image.Rows, image.Columns, image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 1, 3, 8, 8, 7, 0
    image.PixelData = b"\x01\x02\x03Z"
    image["PixelData"].VR = "OB"
    with Decoder() as decoder:
        assert native_pixels(*written(image, tmp_path / "one.dcm"), decoder) == b"\x01\x02\x03\0"


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (setting(BitsStored=12, HighBit=11), "beyond BitsStored"),
        (setting(Rows=4000), "cut off"),
        (setting(BitsAllocated=12), "12 bits"),
        (setting(NumberOfFrames=99), "cut off"),
    ],
)
def test_pixels_that_cannot_be_trusted_are_an_error(image: Dataset, tmp_path: Path, edit: Edit, why: str) -> None:
    edit(image)
    with Decoder() as decoder, pytest.raises(MalformedFile, match=why):
        native_pixels(*written(image, tmp_path / "one.dcm"), decoder)


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MalformedFile):
        read_instance(tmp_path / "none.dcm", ExplicitVRLittleEndian)


def test_looking_does_not_change_what_is_stored(image: Dataset, tmp_path: Path) -> None:
    data, path, syntax = written(image, tmp_path / "one.dcm")
    before = {int(tag): data.get_item(tag).value for tag in data.keys()}  # noqa: SIM118
    left_out_because(data, syntax)
    with Decoder() as decoder:
        native_pixels(data, path, syntax, decoder)
    assert {int(tag): data.get_item(tag).value for tag in data.keys()} == before  # noqa: SIM118
