"""Truth: other program (highdicom's conversion of our classic series; pydicom's pixel_array for a file by PixelMed); the classic series."""

from __future__ import annotations

import json
import random
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from highdicom.legacy import LegacyConvertedEnhancedCTImage, LegacyConvertedEnhancedPETImage
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    EnhancedCTImageStorage,
    EnhancedPETImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from carpet.core.errors import Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.study import Series
from carpet.dicom.elements import read_elements
from carpet.dicom.multiframe import slices_of
from carpet.dicom.pixels import ct_volume, ordered_headers, stored_values
from carpet.dicom.series import catalogue
from carpet.run.cli import run
from carpet.run.opening import found_under, open_study
from carpet.suv.volume import to_suv
from carpet.testing import PhantomScan, Storage, WrittenStudy, simple_phantom, write_study

Edit = Callable[[FileDataset], None]
PET_SLICES, CT_SLICES = 6, 9  # of small_scan


def converted(files: Sequence[Path], path: Path, order: Sequence[int] | None = None, **how: Any) -> Path:
    """One file of many frames, by highdicom. `order`: of the frames; without it by position."""
    headers = [dcmread(file) for file in files]
    convert = LegacyConvertedEnhancedPETImage if headers[0].Modality == "PT" else LegacyConvertedEnhancedCTImage
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = convert(
            [headers[n] for n in order] if order else headers,
            series_instance_uid=headers[0].SeriesInstanceUID,
            series_number=1,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            include_dimension_index=False if order else None,
            **how,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)
    return path


def one(**attributes: Any) -> list[Dataset]:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return [item]


KEPT_AT_ROOT = """SpecificCharacterSet SOPInstanceUID StudyDate StudyTime Modality Manufacturer ManufacturerModelName StudyInstanceUID
SeriesInstanceUID SeriesDescription PatientName PatientID PatientSex PatientSize PatientWeight FrameOfReferenceUID Rows Columns
SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored HighBit PixelRepresentation RadiopharmaceuticalInformationSequence"""


def enhanced(files: Sequence[Path], path: Path, edit: Edit | None = None, syntax: str = ExplicitVRLittleEndian) -> Path:
    """One Enhanced PET or CT of a classic series, put together by hand as PS3.3 C.7.6.16 and C.8.22 say."""
    heads = [dcmread(file) for file in files]
    first, pet = heads[0], heads[0].Modality == "PT"
    made = FileDataset(path, {}, file_meta=first.file_meta, preamble=b"\0" * 128)
    made.file_meta.TransferSyntaxUID = UID(syntax)
    for keyword in KEPT_AT_ROOT.split():
        if keyword in first:
            made[keyword] = first[keyword]
    made.SOPClassUID = EnhancedPETImageStorage if pet else EnhancedCTImageStorage
    made.file_meta.MediaStorageSOPClassUID, made.NumberOfFrames = made.SOPClassUID, len(heads)
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    made.SharedFunctionalGroupsSequence = one(
        PlaneOrientationSequence=one(ImageOrientationPatient=first.ImageOrientationPatient),
        PixelMeasuresSequence=one(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness),
    )
    made.PerFrameFunctionalGroupsSequence = [frame_group(head) for head in heads]
    if pet:
        made.DecayCorrected, made.DecayCorrectionDateTime = "YES", f"{first.SeriesDate}{first.SeriesTime}"
        made.AttenuationCorrected = made.ScatterCorrected = made.DetectorNormalizationCorrection = "YES"
        made.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "280"  # MBq here
    made.PixelData = b"".join(head.PixelData for head in heads)
    made["PixelData"].VR = "OW"
    if edit:
        edit(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)
    return path


def frame_group(head: Dataset) -> Dataset:
    pet = head.Modality == "PT"
    content = one(StackID="1", FrameAcquisitionDateTime=f"{head.AcquisitionDate}{head.AcquisitionTime}")
    (group,) = one(
        PlanePositionSequence=one(ImagePositionPatient=head.ImagePositionPatient),
        FrameContentSequence=content,
        PixelValueTransformationSequence=one(
            RescaleSlope=head.RescaleSlope, RescaleIntercept=head.RescaleIntercept, RescaleType="US" if pet else "HU"
        ),
    )
    if pet:
        content[0].FrameAcquisitionDuration = float(head.ActualFrameDuration)
        units = one(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="Becquerels/milliliter")
        slope = {"RealWorldValueSlope": float(head.RescaleSlope), "RealWorldValueIntercept": 0.0}
        group.RealWorldValueMappingSequence = one(**slope, MeasurementUnitsCodeSequence=units)
    return group


@pytest.fixture
def classic(small_scan: PhantomScan, tmp_path: Path) -> WrittenStudy:
    return write_study(small_scan, tmp_path / "classic", vendor="ge", storage=Storage(units="BQML"))


def series_in(*paths: Path) -> Series:
    (series,) = catalogue(paths).series
    return series


def suv_in(*paths: Path) -> tuple[NDArray[np.float32], Any]:
    with found_under(list(paths), SuvProtocol()) as found:
        study = open_study(found)
        return to_suv(study, SuvProtocol()).values, study.pet


def codes_of(path: Path) -> list[str]:
    series = series_in(path)
    assert series.grid is None
    return [notice.code for notice in series.refusals if notice.code not in ("GEOMETRY_MISSING",)]


@pytest.mark.parametrize(("vendor", "orientation"), [("siemens", "SPL"), ("ge", "ILP"), ("philips", "ARS")])
def test_a_converted_pet_is_the_classic_pet(vendor: str, orientation: str, small_scan: PhantomScan, tmp_path: Path) -> None:
    storage = Storage(orientation=orientation, with_ct=False)
    written = write_study(small_scan, tmp_path / "classic", vendor=vendor, storage=storage)
    slices = len(written.pet_files)
    order = random.Random(3).sample(range(slices), slices)  # noqa: S311 - seeded, for a test
    truth, pet = suv_in(written.path)
    for how in ({}, {"order": order}, {"order": range(slices)[::-1]}, {"transfer_syntax_uid": ImplicitVRLittleEndian}):
        values, found = suv_in(converted(written.pet_files, tmp_path / "many" / "pet.dcm", **how))
        assert np.array_equal(values, truth)
        assert found.grid.same_as(pet.grid)
        assert [one.slope for one in found.pet.slices] == [one.slope for one in pet.pet.slices]
        assert [one.acquired_at for one in found.pet.slices] == [one.acquired_at for one in pet.pet.slices]
        assert sorted(found.frames) == list(range(1, slices + 1))
        assert found.flags == pet.flags


def test_a_converted_ct_is_the_classic_ct(classic: WrittenStudy, tmp_path: Path) -> None:
    truth, found = series_in(*classic.ct_files), series_in(converted(classic.ct_files, tmp_path / "ct.dcm"))
    assert truth.grid is not None
    assert found.grid is not None
    assert found.grid.same_as(truth.grid)
    assert np.array_equal(ct_volume(found, found.grid).values, ct_volume(truth, truth.grid).values)


@pytest.mark.parametrize(("syntax", "table"), [(RLELossless, "basic"), (JPEG2000Lossless, "extended"), (JPEGLSLossless, "none")])
def test_compressed_frames(syntax: UID, table: str, small_scan: PhantomScan, tmp_path: Path) -> None:
    """With a table of offsets or without: one fragment a frame needs none."""

    def larger(dataset: Dataset, index: int) -> None:
        dataset.Rows, dataset.Columns = 40, 48
        dataset.PixelData = np.random.default_rng(index).integers(0, 32760, (40, 48), dtype="<i2").tobytes()

    classic = write_study(small_scan, tmp_path / "classic", storage=Storage(with_ct=False), edit=larger)
    path = converted(classic.pet_files, tmp_path / "pet.dcm", order=[3, 1, 2, 0, 5, 4])
    dataset = dcmread(path)
    dataset.compress(syntax, generate_instance_uid=False, encapsulate_ext=table == "extended")
    if table == "none":
        first = int.from_bytes(dataset.PixelData[4:8], "little")
        dataset.PixelData = dataset.PixelData[:4] + b"\0" * 4 + dataset.PixelData[8 + first :]
    dataset.save_as(path)
    truth, _ = suv_in(*classic.pet_files)
    assert np.array_equal(suv_in(path)[0], truth)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_enhanced_pet_and_ct_are_the_classic_ones(syntax: str, classic: WrittenStudy, tmp_path: Path) -> None:
    pet = enhanced(classic.pet_files[::-1], tmp_path / "many" / "pet.dcm", syntax=syntax)
    ct = enhanced(classic.ct_files, tmp_path / "many" / "ct.dcm", syntax=syntax)
    truth, found = suv_in(classic.path), suv_in(tmp_path / "many")
    assert np.array_equal(found[0], truth[0])
    assert found[1].grid.same_as(truth[1].grid)
    assert found[1].frames == tuple(range(PET_SLICES, 0, -1))
    volume, of_classic = (ct_volume(one, one.grid) for one in (series_in(ct), series_in(*classic.ct_files)))  # type: ignore[arg-type]
    assert np.array_equal(volume.values, of_classic.values)
    assert volume.grid.same_as(of_classic.grid)
    assert series_in(pet).refusals == ()


def test_frames_in_several_files_are_one_series(classic: WrittenStudy, tmp_path: Path) -> None:
    def own_uid(dataset: FileDataset) -> None:
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()

    parts = [enhanced(classic.pet_files[n::3], tmp_path / "many" / f"{n}.dcm", own_uid) for n in range(3)]  # interleaved
    series = series_in(*parts)
    assert (series.files, series.frames) == (tuple(parts) * 2, (1, 1, 1, 2, 2, 2))
    assert np.array_equal(suv_in(tmp_path / "many")[0], suv_in(*classic.pet_files)[0])


def of_frame(sequence: str, keyword: str, value: Any, n: int = 4) -> Edit:
    return lambda dataset: setattr(dataset.PerFrameFunctionalGroupsSequence[n][sequence].value[0], keyword, value)


def at_root(**attributes: Any) -> Edit:
    def edit(dataset: FileDataset) -> None:
        for keyword, value in attributes.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)

    return edit


def test_a_missing_part_of_a_concatenation_is_flagged(classic: WrittenStudy, tmp_path: Path) -> None:
    def part(number: int, uid: str) -> Edit:
        return at_root(ConcatenationUID="1.2.9", InConcatenationNumber=number, InConcatenationTotalNumber=3, SOPInstanceUID=uid)

    parts = [enhanced(classic.pet_files[2 * n : 2 * n + 2], tmp_path / f"{n}.dcm", part(n + 1, f"1.2.9.{n}")) for n in range(3)]
    assert series_in(*parts).flags == ()
    (flag,) = series_in(*parts[:2]).flags
    assert (flag.code, flag.found) == ("SLICES_INCOMPLETE", "2 of 3 files")


@pytest.mark.shared
def test_a_part_without_those_before_it_is_flagged_though_no_total_is_said(classic: WrittenStudy, tmp_path: Path) -> None:
    def second_part(made: FileDataset) -> None:
        made.ConcatenationUID, made.InConcatenationNumber = generate_uid(), 2

    series = series_in(enhanced(classic.pet_files, tmp_path / "second.dcm", second_part))
    assert [(flag.code, flag.found) for flag in series.flags] == [("SLICES_INCOMPLETE", "1 of 2 files")]


def of_unknown_tags(path: Path) -> None:
    """The functional groups as one writes them who does not know the tags: UN, implicit inside (PS3.5 6.2.2)."""
    dataset = dcmread(path)
    for tag in (0x52009229, 0x52009230):
        buffer = DicomBytesIO()
        buffer.is_little_endian = buffer.is_implicit_VR = True
        write_sequence(buffer, dataset[tag], ["utf8"])
        raw = buffer.getvalue()
        del dataset[tag]
        dataset[Tag(tag)] = RawDataElement(Tag(tag), "UN", len(raw), raw, 0, False, True)
    dataset.save_as(path)


def test_functional_groups_of_unknown_representation_are_read(classic: WrittenStudy, tmp_path: Path) -> None:
    path = converted(classic.pet_files, tmp_path / "un.dcm")
    of_unknown_tags(path)
    assert np.array_equal(suv_in(path)[0], suv_in(*classic.pet_files)[0])


@pytest.mark.parametrize("of_frames", [False, True])
def test_a_weight_corrected_in_one_place_only_is_refused(of_frames: bool, classic: WrittenStudy, tmp_path: Path) -> None:
    path = converted(classic.pet_files, tmp_path / "weights.dcm")
    dataset = dcmread(path)
    groups = dataset.PerFrameFunctionalGroupsSequence if of_frames else dataset.SharedFunctionalGroupsSequence
    inside = "UnassignedPerFrameConvertedAttributesSequence" if of_frames else "UnassignedSharedConvertedAttributesSequence"
    for group in groups:
        group[inside].value[0].PatientWeight = str(1.3 * float(dataset.PatientWeight))
    dataset.save_as(path)
    assert codes_of(path) == ["SERIES_TAG_VARIES"]


@pytest.mark.parametrize("modality", ["PT", "CT"])
def test_a_calculated_contrast_in_a_converted_file_is_refused(modality: str, classic: WrittenStudy, tmp_path: Path) -> None:
    path = converted(classic.pet_files if modality == "PT" else classic.ct_files, tmp_path / "difference.dcm")
    dataset = dcmread(path)
    kind = "PETFrameTypeSequence" if modality == "PT" else "CTImageFrameTypeSequence"
    for group in (*dataset.SharedFunctionalGroupsSequence, *dataset.PerFrameFunctionalGroupsSequence):
        if kind in group:
            group[kind].value[0].FrameType = ["DERIVED", "PRIMARY", "VOLUME", "SUBTRACTION"]
    dataset.save_as(path)
    assert codes_of(path) == ["DERIVED_IMAGE"]


def test_two_files_of_one_series_whose_frames_are_of_different_types_are_refused(classic: WrittenStudy, tmp_path: Path) -> None:
    def gated(made: FileDataset) -> None:
        made.ImageType, made.SOPInstanceUID = ["ORIGINAL", "PRIMARY", "CARDIAC_GATED", "NONE"], generate_uid()
        made.SharedFunctionalGroupsSequence[0].PETFrameTypeSequence = one(FrameType=made.ImageType)

    def static(made: FileDataset) -> None:
        made.SharedFunctionalGroupsSequence[0].PETFrameTypeSequence = one(FrameType=made.ImageType)

    below = enhanced(classic.pet_files[:3], tmp_path / "below.dcm", static)
    above = enhanced(classic.pet_files[3:], tmp_path / "above.dcm", gated)
    (series,) = catalogue([below, above]).series
    assert "SERIES_TAG_VARIES" in [notice.code for notice in series.refusals]


def test_a_file_by_pixelmed(shared_data: Path, tmp_path: Path) -> None:
    """It says that its values are in no particular unit; with Hounsfield units said, every voxel is where pydicom and the header say."""
    path = shared_data / "interop" / "dcmqi_seg" / "24x38x3" / "multiframe" / "mf.dcm"
    assert codes_of(path) == ["SOP_CLASS_UNSUPPORTED"]
    dataset = dcmread(path)
    dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleType = "HU"
    dataset.save_as(tmp_path / "hu.dcm")
    series = series_in(tmp_path / "hu.dcm")
    assert series.grid is not None
    volume, groups = ct_volume(series, series.grid), dataset.PerFrameFunctionalGroupsSequence
    for values, group in zip(dataset.pixel_array, groups, strict=True):
        k = series.grid.nearest_kji(group.PlanePositionSequence[0].ImagePositionPatient)
        assert k is not None
        assert np.array_equal(volume.values[k[0]], values)


def test_headers_of_frames(classic: WrittenStudy, tmp_path: Path) -> None:
    path = enhanced(classic.pet_files[::-1], tmp_path / "pet.dcm")
    headers, truth = list(ordered_headers(series_in(path))), list(ordered_headers(series_in(*classic.pet_files)))
    assert [header.ReferencedFrameNumber for header in headers] == list(range(PET_SLICES, 0, -1))
    for header, like in zip(headers, truth, strict=True):
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "Rows", "SeriesInstanceUID"):
            assert header[keyword].value == like[keyword].value
        assert header.SOPClassUID == EnhancedPETImageStorage
        assert "PerFrameFunctionalGroupsSequence" not in header
    assert len({header.SOPInstanceUID for header in headers}) == 1


def test_a_frame_that_stands_twice_is_dropped(classic: WrittenStudy, tmp_path: Path) -> None:
    path = enhanced([*classic.pet_files, classic.pet_files[2]], tmp_path / "pet.dcm")
    series = series_in(path)
    assert (series.slices, [flag.code for flag in series.flags]) == (PET_SLICES, ["DUPLICATE_SLICE"])
    assert np.array_equal(suv_in(path)[0], suv_in(*classic.pet_files)[0])


def test_a_ct_in_other_units_is_refused(classic: WrittenStudy, tmp_path: Path) -> None:
    for edit in (
        of_frame("PixelValueTransformationSequence", "RescaleType", "MGML"),
        lambda dataset: dataset.PerFrameFunctionalGroupsSequence[2].__delitem__("PixelValueTransformationSequence"),
    ):
        assert codes_of(enhanced(classic.ct_files, tmp_path / "ct.dcm", edit)) == ["SOP_CLASS_UNSUPPORTED"]


def test_slopes_and_intercepts_of_each_frame_make_hounsfield_units(classic: WrittenStudy, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    slopes, intercepts = rng.uniform(0.5, 2.0, CT_SLICES).round(4), rng.integers(-1200, 10, CT_SLICES)

    def edit(dataset: FileDataset) -> None:
        for n in range(CT_SLICES):
            scale = dataset.PerFrameFunctionalGroupsSequence[n].PixelValueTransformationSequence[0]
            scale.RescaleSlope, scale.RescaleIntercept = str(slopes[n]), str(intercepts[n])

    path = enhanced(classic.ct_files, tmp_path / "ct.dcm", edit)
    series = series_in(path)
    assert series.grid is not None
    truth = dcmread(path).pixel_array * slopes[:, None, None] + intercepts[:, None, None]
    assert np.abs(ct_volume(series, series.grid).values - truth).max() < 1e-3  # float32 of numbers up to 6000


def test_500_frames_are_read_fast(classic: WrittenStudy, tmp_path: Path) -> None:
    files = list(classic.pet_files) * 84

    def spread(dataset: FileDataset) -> None:
        for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            (frame.PlanePositionSequence,) = (one(ImagePositionPatient=["0", "0", str(2 * n)]),)

    path = enhanced(files, tmp_path / "pet.dcm", spread)
    began = time.perf_counter()
    series = series_in(path)
    assert series.grid is not None
    assert stored_values(series, series.grid).shape[0] == len(files)
    assert time.perf_counter() - began < 3.0  # 0.2 s on one free core


def test_a_file_that_changed_since_is_refused(classic: WrittenStudy, tmp_path: Path) -> None:
    path = enhanced(classic.pet_files, tmp_path / "pet.dcm")
    series = series_in(path)
    assert series.grid is not None
    enhanced(classic.pet_files[:4], path)
    with pytest.raises(Refused, match="fewer frames"):
        stored_values(series, series.grid)


def test_frames_keep_what_the_file_says_once(classic: WrittenStudy, tmp_path: Path) -> None:
    file = read_elements(enhanced(classic.pet_files, tmp_path / "pet.dcm"))
    assert file is not None
    frames = slices_of(file)
    assert [frame.frame for frame in frames] == list(range(1, PET_SLICES + 1))
    assert len({id(frame.elements[0x00100020]) for frame in frames}) == 1
    assert len({frame.elements[0x00200032].raw for frame in frames}) == PET_SLICES


@pytest.mark.slow
def test_enhanced_pet_and_ct_give_the_same_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write_study(simple_phantom(spacing_mm=10.0), tmp_path / "classic", storage=Storage(units="BQML"))
    enhanced(written.pet_files[::-1], tmp_path / "many" / "pet.dcm")
    enhanced(written.ct_files, tmp_path / "many" / "ct.dcm")
    tables = {}
    for kind in ("classic", "many"):
        capsys.readouterr()
        assert run(["scan", str(tmp_path / kind), "--json", "--values"]) == 0
        scanned = json.loads(capsys.readouterr().out)["studies"][0]["series"]
        shown = {one["modality"]: (one["slices"], one["shape_kji"], one["spacing_mm_kji"]) for one in scanned}
        factor = next(one["suv"]["factor_bw_per_bqml"] for one in scanned if one["modality"] == "PT")
        assert run(["measure", str(tmp_path / kind), "-o", str(tmp_path / "out" / kind)]) == 0
        out = tmp_path / "out" / kind
        tables[kind] = (shown, factor, (out / "lesions.csv").read_bytes(), (out / "biomarkers.csv").read_bytes())
        assert (out / "lesions.nii.gz").is_file()
    assert tables["many"] == tables["classic"]
