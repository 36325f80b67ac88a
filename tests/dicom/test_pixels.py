"""Truth: other program (pydicom's pixel_array, for real files; encoders of GDCM and pydicom); closed form for Hounsfield units."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.encaps import encapsulate, generate_frames
from pydicom.tag import Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, JPEG2000Lossless, RLELossless

from carpet.core.errors import Refused
from carpet.core.space import Grid, Quantity
from carpet.core.study import Series
from carpet.dicom import pixels
from carpet.dicom.pixels import ct_volume, ordered_headers, stored_values
from carpet.dicom.series import catalogue
from carpet.testing import PhantomScan, Storage, WrittenStudy, write_study

Edit = Callable[[Dataset, int], None]
GDCM_SYNTAX = {"JPEG lossless": "JPEGLosslessProcess14_1", "JPEG-LS": "JPEGLSLossless", "RLE": "RLELossless"}
CODINGS = [*GDCM_SYNTAX, "JPEG 2000"]


@pytest.fixture
def written(small_scan: PhantomScan, tmp_path: Path) -> Callable[..., WrittenStudy]:
    def write(edit: Edit | None = None, **storage: Any) -> WrittenStudy:
        return write_study(small_scan, tmp_path / "study", vendor="ge", storage=Storage(**storage), edit=edit)

    return write


def series_of(written: WrittenStudy, modality: str = "PT") -> tuple[Series, Grid]:
    (series,) = (s for s in catalogue([*written.pet_files, *written.ct_files]).series if s.modality == modality)
    assert series.grid is not None, series.refusals
    return series, series.grid


def arrays_by_pydicom(series: Series) -> NDArray[Any]:
    return np.stack([dcmread(path).pixel_array for path in series.files])


def refused(series: Series, grid: Grid) -> tuple[str, str, str]:
    with pytest.raises(Refused) as caught:
        stored_values(series, grid)
    (notice,) = caught.value.notices
    return notice.code, notice.where, notice.found


@pytest.mark.shared
@pytest.mark.parametrize(
    "folder",
    [
        "acrin042_ge/PT_AC_BQML",
        "sts001_ge/PET_raw_BQML",
        "sts001_ge/IBSI_PET_SUV_GML_dicom",
        "sts001_ge/IBSI_CT_crop_dicom",
        "nema_phantom/pet_recon_1",
        "ibsi1_ct_phantom/dicom",
        "suv_dro_ibsi/DRO_0_0",
    ],
)
def test_real_series_hold_pydicoms_integers(folder: str, shared_data: Path) -> None:
    seen = 0
    for series in catalogue(sorted(path for path in (shared_data / folder).rglob("*") if path.is_file())).series:
        if series.grid is None:
            continue
        stored = stored_values(series, series.grid)
        theirs = arrays_by_pydicom(series)
        assert stored.dtype == theirs.dtype
        assert np.array_equal(stored, theirs)
        assert not stored.flags.writeable
        seen += series.slices
    assert seen >= 20


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("implicit_vr", [False, True])
def test_every_integer_type(bits: int, signed: int, implicit_vr: bool, written: Callable[..., WrittenStudy]) -> None:
    dtype = np.dtype(f"<{'i' if signed else 'u'}{bits // 8}")
    rng = np.random.default_rng(2)
    truth = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (6, 7, 9), dtype=dtype, endpoint=True)  # 63 voxels: odd in 8 bits

    def edit(dataset: Dataset, index: int) -> None:
        dataset.Rows, dataset.Columns = truth.shape[1:]
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits, bits - 1, signed
        raw = truth[index].tobytes()
        dataset.PixelData = raw + b"\0" * (len(raw) % 2)
        dataset["PixelData"].VR = "OB" if bits == 8 and not implicit_vr else "OW"

    series, grid = series_of(written(edit, with_ct=False, implicit_vr=implicit_vr))
    stored = stored_values(series, grid)
    assert stored.dtype == dtype
    assert np.array_equal(stored, truth)


def test_twelve_of_sixteen_bits(written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        values = np.frombuffer(dataset.PixelData, "<i2") % 4096 - 2048
        dataset.BitsStored, dataset.HighBit, dataset.PixelData = 12, 11, values.astype("<i2").tobytes()

    series, grid = series_of(written(edit, with_ct=False))
    stored = stored_values(series, grid)
    assert np.array_equal(stored, arrays_by_pydicom(series))
    assert -2048 <= stored.min() < 0 < stored.max() <= 2047


def test_values_that_do_not_fit_their_bits_are_refused(written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 11

    code, where, found = refused(*series_of(written(edit, with_ct=False)))
    assert (code, where) == ("PIXELS_UNREADABLE", "slice 1")
    assert "BitsStored" in found


@pytest.mark.parametrize("modality", ["PT", "CT"])
def test_one_slice_whose_bits_lie_elsewhere_is_refused(modality: str, written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if index == 3:
            dataset.BitsStored, dataset.HighBit = 12, 15

    series, grid = series_of(written(edit), modality)
    with pytest.raises(Refused) as caught:
        (stored_values if modality == "PT" else ct_volume)(series, grid)
    assert caught.value.codes == ("PIXELS_UNREADABLE",)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("BitsAllocated", 12),
        ("BitsStored", 17),
        ("HighBit", 14),
        ("SamplesPerPixel", 3),
        ("PixelRepresentation", 2),
        ("PhotometricInterpretation", "PALETTE COLOR"),
    ],
)
def test_cells_that_cannot_be_are_refused(keyword: str, value: Any, written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        setattr(dataset, keyword, value)

    assert refused(*series_of(written(edit, with_ct=False)))[0] == "PIXELS_UNREADABLE"


def compress(path: Path, coding: str) -> None:
    if coding == "JPEG 2000":
        compress_with_openjpeg(path)
    else:
        compress_with_gdcm(path, GDCM_SYNTAX[coding])


def compress_with_openjpeg(path: Path) -> None:
    """GDCM's JPEG 2000 encoder aborts on pictures of a few voxels."""
    import openjpeg

    dataset = dcmread(path)
    dataset.PixelData = encapsulate([openjpeg.encode(dataset.pixel_array, bits_stored=16, photometric_interpretation=2)])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(path)


def compress_with_gdcm(path: Path, name: str) -> None:
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(path))
    assert writer.Write()


def larger(dataset: Dataset, index: int) -> None:
    """The picture five times over in both directions: an encoder may fail on a few voxels."""
    picture = np.tile(np.frombuffer(dataset.PixelData, "<i2").reshape(8, 10), (5, 5))
    dataset.Rows, dataset.Columns, dataset.PixelData = 40, 50, picture.tobytes()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("signed", [0, 1])
def test_lossless_compression_changes_nothing(coding: str, signed: int, written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        larger(dataset, index)
        dataset.PixelRepresentation = signed
        if signed:
            dataset.PixelData = (np.frombuffer(dataset.PixelData, "<i2") - 9000).astype("<i2").tobytes()

    study = written(edit, with_ct=False)
    truth = stored_values(*series_of(study))
    assert (truth.min() < 0) == bool(signed)
    for path in study.pet_files:
        compress(path, coding)
        assert dcmread(path).file_meta.TransferSyntaxUID.is_compressed
    found = stored_values(*series_of(study))
    assert found.dtype == truth.dtype
    assert np.array_equal(found, truth)


@pytest.mark.parametrize("syntax", [RLELossless, DeflatedExplicitVRLittleEndian])
def test_what_pydicom_compressed(syntax: UID, written: Callable[..., WrittenStudy]) -> None:
    study = written(with_ct=False)
    truth = stored_values(*series_of(study))
    for path in study.pet_files:
        dataset = dcmread(path)
        if syntax is RLELossless:
            dataset.compress(RLELossless, generate_instance_uid=False)
        else:
            dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path)
    found = stored_values(*series_of(study))
    assert np.array_equal(found, truth)


def test_a_mixture_of_codings_in_one_series(written: Callable[..., WrittenStudy]) -> None:
    study = written(larger, with_ct=False)
    truth = stored_values(*series_of(study))
    for path, coding in zip(study.pet_files[1:], CODINGS, strict=False):
        compress(path, coding)
    assert np.array_equal(stored_values(*series_of(study)), truth)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "MR_small.dcm",
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
    ],
)
def test_one_picture_in_six_codings(name: str, shared_data: Path) -> None:
    folder = shared_data / "malformed" / "pydicom_test_files"
    truth = dcmread(folder / "MR_small.dcm").pixel_array
    series = Series("1", "1", "P", "MR", "", "", (folder / name, folder / name), None)
    found = stored_values(series, Grid((2, 64, 64), np.eye(4), "1"))
    assert np.array_equal(found, np.stack([truth, truth]))


def test_big_endian_and_bare_files(written: Callable[..., WrittenStudy]) -> None:
    study = written(with_ct=False)
    truth = stored_values(*series_of(study))
    big, bare, *_ = study.pet_files
    dataset = dcmread(big)
    swapped = Dataset()
    swapped.update({element.tag: element for element in dataset if not element.tag.is_private})
    swapped.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
    swapped.file_meta = dataset.file_meta
    swapped.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    swapped.save_as(big, enforce_file_format=True)
    bare.write_bytes(bare.read_bytes()[132:])
    series, grid = series_of(study)
    assert np.array_equal(stored_values(series, grid), truth)


LOSSY = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"]


@pytest.mark.parametrize("syntax", [*LOSSY, "1.2.840.113619.5.2", "1.2.3.4"])
def test_lossy_and_unknown_codings_are_refused(syntax: str, written: Callable[..., WrittenStudy]) -> None:
    study = written(larger, with_ct=False)
    compress(study.pet_files[3], "JPEG 2000")
    dataset = dcmread(study.pet_files[3])
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(study.pet_files[3], implicit_vr=False, little_endian=True)
    code, where, found = refused(*series_of(study))
    assert (code, where) == ("TRANSFER_SYNTAX_UNSUPPORTED", "slice 4")
    assert syntax in found


@pytest.mark.shared
@pytest.mark.parametrize("name", ["JPEGLSNearLossless_16.dcm", "JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_real_lossy_files_are_refused(name: str, shared_data: Path) -> None:
    path = shared_data / "malformed" / "pydicom_test_files" / name
    dataset = dcmread(path, force=True)
    series = Series("1", "1", "P", "MR", "", "", (path,), None)
    try:
        code, _, _ = refused(series, Grid((1, dataset.Rows, dataset.Columns), np.eye(4), "1"))
    except ValueError:
        raise AssertionError(f"{name} gave numbers") from None
    assert code in {"TRANSFER_SYNTAX_UNSUPPORTED", "PIXELS_UNREADABLE"}


@pytest.mark.parametrize("cut", [1, 80, 159])
def test_pixels_that_break_off_are_refused(cut: int, written: Callable[..., WrittenStudy]) -> None:
    study = written(with_ct=False)
    study.pet_files[2].write_bytes(study.pet_files[2].read_bytes()[:-cut])
    assert refused(*series_of(study))[:2] == ("PIXELS_UNREADABLE", "slice 3")


@pytest.mark.parametrize("size", [0, 2, 158, 162, 320])
def test_pixels_of_another_size_are_refused(size: int, written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if index == 2:
            dataset.PixelData = b"\0" * size

    assert refused(*series_of(written(edit, with_ct=False)))[:2] == ("PIXELS_UNREADABLE", "slice 3")


def test_no_pixels_are_refused(written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if index == 2:
            del dataset.PixelData

    assert refused(*series_of(written(edit, with_ct=False)))[:2] == ("PIXELS_UNREADABLE", "slice 3")


def test_a_file_that_went_away_or_changed_is_refused(written: Callable[..., WrittenStudy]) -> None:
    study = written(with_ct=False)
    series, grid = series_of(study)
    study.pet_files[1].write_bytes(b"gone")
    assert refused(series, grid) == ("PIXELS_UNREADABLE", "slice 2", "the file is not DICOM any more")
    study.pet_files[1].unlink()
    assert refused(series, grid) == ("PIXELS_UNREADABLE", "slice 2", "FileNotFoundError")


def test_a_compressed_file_of_more_frames_is_refused(written: Callable[..., WrittenStudy]) -> None:
    study = written(with_ct=False)
    series, grid = series_of(study)
    dataset = dcmread(study.pet_files[2])
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.NumberOfFrames = 2_000_000_000
    dataset.save_as(study.pet_files[2])
    code, where, found = refused(series, grid)
    assert (code, where) == ("TRANSFER_SYNTAX_UNSUPPORTED", "slice 3")
    assert "MalformedFile" not in found


SIZE_AT = {"JPEG 2000": (b"\xff\x4f\xff\x51", 8, ">LLLL", (30000, 30000, 0, 0)), "JPEG-LS": (b"\xff\xf7", 5, ">HH", (60000, 60000))}


@pytest.mark.parametrize("coding", SIZE_AT)
def test_a_picture_larger_than_its_header_says_is_not_decoded(coding: str, written: Callable[..., WrittenStudy]) -> None:
    """GDCM's JPEG-LS aborts the whole process on such a file; a process of its own shows that this one does not."""
    study = written(larger, with_ct=False)
    mark, offset, form, size = SIZE_AT[coding]
    compress(study.pet_files[0], coding)
    dataset = dcmread(study.pet_files[0])
    frame = bytearray(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    struct.pack_into(form, frame, frame.index(mark) + offset, *size)
    dataset.PixelData = encapsulate([bytes(frame)])
    dataset.save_as(study.pet_files[0])
    program = (
        "import sys, pathlib; from carpet.dicom.series import catalogue; from carpet.dicom.pixels import stored_values;"
        "s, = catalogue(sorted(pathlib.Path(sys.argv[1]).iterdir())).series; stored_values(s, s.grid)"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(study.pet_files[0].parent)], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "TRANSFER_SYNTAX_UNSUPPORTED" in ran.stderr
    assert "not of the size" in ran.stderr


def test_a_compressed_stream_that_is_no_picture_is_refused(written: Callable[..., WrittenStudy]) -> None:
    study = written(with_ct=False)
    dataset = dcmread(study.pet_files[0])
    dataset.PixelData = encapsulate([b"no picture at all"])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.70")
    dataset.save_as(study.pet_files[0])
    assert refused(*series_of(study))[:2] == ("TRANSFER_SYNTAX_UNSUPPORTED", "slice 1")


def test_more_voxels_than_any_scanner_makes_are_refused(written: Callable[..., WrittenStudy], monkeypatch: pytest.MonkeyPatch) -> None:
    series, grid = series_of(written(with_ct=False))
    monkeypatch.setattr(pixels, "VOLUME_CAP_BYTES", 6 * 8 * 10 * 2 - 1)
    assert refused(series, grid)[:2] == ("PIXELS_UNREADABLE", "series")


def test_hounsfield_units_with_a_rescale_for_each_slice(written: Callable[..., WrittenStudy], small_scan: PhantomScan) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if dataset.Modality == "CT":
            dataset.RescaleSlope, dataset.RescaleIntercept = str(0.5 + index), str(-1000 - index)

    series, grid = series_of(written(edit), "CT")
    volume = ct_volume(series, grid)
    assert volume.quantity is Quantity.HU
    assert volume.values.dtype == np.float32
    assert small_scan.ct is not None
    stored = np.clip(small_scan.ct.values.astype(np.float64), -1024, 3071)
    k = np.arange(9)[:, None, None]
    assert volume.values == pytest.approx(stored * (0.5 + k) - 1000 - k, abs=2e-3)  # float32 at 30 000


@pytest.mark.parametrize(
    ("keyword", "text", "code"), [("RescaleSlope", b"", "PIXELS_UNREADABLE"), ("RescaleIntercept", b"0,55", "NUMBER_MALFORMED")]
)
def test_a_ct_without_a_rescale_is_refused(keyword: str, text: bytes, code: str, written: Callable[..., WrittenStudy]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if dataset.Modality == "CT" and index == 4:
            tag = Tag(keyword)
            dataset[tag] = RawDataElement(tag, "DS", len(text), text, 0, False, True)

    series, grid = series_of(written(edit), "CT")
    with pytest.raises(Refused) as caught:
        ct_volume(series, grid)
    assert [(notice.code, notice.where) for notice in caught.value.notices] == [(code, "slice 5")]


def test_headers_come_in_the_order_of_k(written: Callable[..., WrittenStudy]) -> None:
    series, grid = series_of(written(with_ct=False, shuffled_names=True))
    headers = list(ordered_headers(replace(series)))
    assert [float(header.ImagePositionPatient[2]) for header in headers] == pytest.approx([grid.to_lps_mm((k, 0, 0))[2] for k in range(6)])
    assert not any("PixelData" in header for header in headers)
