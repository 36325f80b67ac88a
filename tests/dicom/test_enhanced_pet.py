"""Truth: closed form (the SUV that the reference objects were made from); PS3.3 C.8.22 and C.7.6.16.2 for what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian

from carpet.core.errors import Refused
from carpet.core.protocol import SuvProtocol
from carpet.dicom.elements import Element
from carpet.dicom.enhanced_pet import frame_in_classic_words, in_classic_words
from carpet.dicom.values import text_of, texts_of
from carpet.run.opening import found_under, open_study
from carpet.suv.volume import to_suv
from carpet.testing.reference_objects import write_reference_object

Edit = Callable[[FileDataset], None]
OBJECTS = ("DRO_7_0_0", "DRO_7_1_0", "DRO_7_2_0", "DRO_7_3_0", "DRO_7_3_1")
AUTO = SuvProtocol()


def edited(folder: Path, edit: Edit, name: str = "DRO_7_0_0") -> NDArray[np.float32]:
    """A reference object, changed and read; the SUV that it should have given."""
    written = write_reference_object(name, folder)
    dataset = dcmread(written.files[0])
    edit(dataset)
    dataset.save_as(written.files[0])
    return written.suv.values


def suv_of(folder: Path) -> tuple[NDArray[np.float32], set[str]]:
    """SUV, and the codes of all flags."""
    with found_under([folder], AUTO) as found:
        study = open_study(found)
        decided = found.quantifications[study.pet.series_uid]
        return to_suv(study, AUTO, decided=decided).values, {flag.code for flag in (*study.flags, *decided.flags)}


def refusals_of(folder: Path) -> set[str]:
    with found_under([folder], AUTO) as found, pytest.raises(Refused) as caught:
        open_study(found)
    return set(caught.value.codes)


def frames(dataset: Dataset) -> list[Dataset]:
    return list(dataset.PerFrameFunctionalGroupsSequence)


def root(**attributes: Any) -> Edit:
    def edit(dataset: FileDataset) -> None:
        for keyword, value in attributes.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)

    return edit


def in_frames(sequence: str, only: int | None = None, **attributes: Any) -> Edit:
    """Change the first item of a functional group in all frames or in one; None takes an attribute away."""

    def edit(dataset: FileDataset) -> None:
        for frame in frames(dataset) if only is None else frames(dataset)[only : only + 1]:
            root(**attributes)(frame[sequence].value[0])

    return edit


def unit(code: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "UCUM", "unit"
    return [item]


def mapped_to(code: str) -> Edit:
    return in_frames("RealWorldValueMappingSequence", MeasurementUnitsCodeSequence=unit(code))


def more_mappings(code: str, slope: float) -> Edit:
    """A second mapping, before the one that is there."""

    def edit(dataset: FileDataset) -> None:
        for frame in frames(dataset):
            other = Dataset()
            other.update(frame.RealWorldValueMappingSequence[0])
            other.RealWorldValueSlope, other.MeasurementUnitsCodeSequence = slope, unit(code)
            frame.RealWorldValueMappingSequence.insert(0, other)

    return edit


def malformed_rescale(dataset: FileDataset) -> None:
    tag = Tag("RescaleSlope")
    frames(dataset)[6].PixelValueTransformationSequence[0][tag] = RawDataElement(tag, "DS", 4, b"4,0 ", 0, False, True)


def without(sequence: str) -> Edit:
    def edit(dataset: FileDataset) -> None:
        for frame in frames(dataset):
            del frame[sequence]

    return edit


def all_of(*edits: Edit) -> Edit:
    def edit(dataset: FileDataset) -> None:
        for one in edits:
            one(dataset)

    return edit


def converted(*, of_frames: bool, **attributes: Any) -> Edit:
    """Classic attributes in the Unassigned Converted Attributes, where Enhanced PET has none."""

    def edit(dataset: FileDataset) -> None:
        item = Dataset()
        root(**attributes)(item)
        if not of_frames:
            dataset.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = [item]
            return
        for frame in frames(dataset):
            frame.UnassignedPerFrameConvertedAttributesSequence = [item]

    return edit


def in_shared(sequence: str, **attributes: Any) -> Edit:
    return lambda dataset: root(**attributes)(dataset.SharedFunctionalGroupsSequence[0][sequence].value[0])


CLASSIC_WORDS = {"DecayCorrection": "ADMIN", "CorrectedImage": ["NORM"], "SeriesType": ["GATED", "IMAGE"], "SeriesTime": "010101"}


def quantity(code: str) -> Edit:
    item = Dataset()
    item.ValueType, item.ConceptCodeSequence = "CODE", unit(code)
    return in_frames("RealWorldValueMappingSequence", QuantityDefinitionSequence=[item])


def frame_type(*values: str, only: int | None = None) -> Edit:
    def edit(dataset: FileDataset) -> None:
        kind = dataset.SharedFunctionalGroupsSequence[0].PETFrameTypeSequence
        if only is None:
            kind[0].FrameType = list(values)
            return
        del dataset.SharedFunctionalGroupsSequence[0].PETFrameTypeSequence
        for n, frame in enumerate(frames(dataset)):
            own = Dataset()
            own.update(kind[0])
            own.FrameType = list(values) if n == only else kind[0].FrameType
            frame.PETFrameTypeSequence = [own]

    return edit


def to_injection(dataset: FileDataset) -> None:
    """The same object, decay-corrected to the injection."""
    injected = dataset.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime
    half_life_s = float(dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife)
    uptake_s = 3600.0
    assert float(dataset.DecayCorrectionDateTime) - float(injected) == 10_000.0  # one hour, as YYYYMMDDHHMMSS
    dataset.DecayCorrectionDateTime = injected
    for frame in frames(dataset):
        mapping, rescale = frame.RealWorldValueMappingSequence[0], frame.PixelValueTransformationSequence[0]
        mapping.RealWorldValueSlope *= math.exp(math.log(2) * uptake_s / half_life_s)
        rescale.RescaleSlope = f"{mapping.RealWorldValueSlope:.10g}"


@pytest.mark.parametrize("name", OBJECTS)
def test_the_reference_objects_in_explicit_and_implicit_files(name: str, tmp_path: Path) -> None:
    truth = edited(tmp_path, root(), name)
    assert np.array_equal(suv_of(tmp_path)[0], truth)
    path = tmp_path / "frames.dcm"
    dataset = dcmread(path)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(path, implicit_vr=True, little_endian=True)
    assert np.array_equal(suv_of(tmp_path)[0], truth)


MBQ = 368.08e6  # Bq: the dose of the reference objects
RIGHT: dict[str, tuple[Edit, set[str]]] = {
    "decay-corrected to the injection": (to_injection, set()),
    "identity rescale": (in_frames("PixelValueTransformationSequence", RescaleSlope="1"), set()),
    "no rescale": (without("PixelValueTransformationSequence"), set()),
    "unit at the root only": (all_of(without("RealWorldValueMappingSequence"), root(Units="BQML")), set()),
    "an SUV beside": (
        all_of(more_mappings("{SUVbw}g/ml", 0.00017), in_frames("PixelValueTransformationSequence", RescaleSlope="1")),
        set(),
    ),
    "another unit beside": (more_mappings("ml/min/g", 3.0), set()),
    "classic words of something else": (
        root(DecayCorrection="NONE", CorrectedImage=["NORM"], SeriesType=["DYNAMIC", "IMAGE"], SeriesDate="20200101", SeriesTime="010101"),
        set(),
    ),
    "classic words in all frames": (converted(of_frames=False, **CLASSIC_WORDS), set()),
    "classic words in each frame": (converted(of_frames=True, **CLASSIC_WORDS), set()),
    "resampled": (frame_type("DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"), set()),
    "frame type without contrast": (frame_type("ORIGINAL", "PRIMARY", "VOLUME"), set()),
    "whole body": (frame_type("ORIGINAL", "PRIMARY", "WHOLE_BODY", "NONE"), set()),
    "an unknown flavour": (frame_type("ORIGINAL", "PRIMARY", "REST", "NONE"), {"SERIES_TYPE_MISSING"}),
    "no scatter correction": (root(ScatterCorrected="NO"), {"CORRECTION_MISSING"}),
    "no reference time of the frames": (in_frames("FrameContentSequence", FrameReferenceDateTime=None), set()),
    "unreadable reference time": (in_frames("FrameContentSequence", FrameReferenceDateTime="20200101"), set()),
}
ALWAYS = {"VENDOR_UNKNOWN", "SEX_UNDEFINED"}


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_right(what: str, tmp_path: Path) -> None:
    edit, flags = RIGHT[what]
    truth = edited(tmp_path, edit)
    values, found = suv_of(tmp_path)
    assert np.abs(values - truth).max() <= 1e-6 * truth.max()  # decimal strings of ten digits
    assert found == flags | ALWAYS


@pytest.mark.parametrize(("edit", "right"), [(mapped_to("{SUVbw}g/ml"), True), (mapped_to("g/ml"), False)])
@pytest.mark.parametrize("said", [root(), root(SUVType="BW"), quantity("126410")])
def test_the_type_of_a_stored_suv(edit: Edit, right: bool, said: Edit, tmp_path: Path) -> None:
    truth = edited(tmp_path, all_of(edit, said), "DRO_7_2_0")
    dataset = dcmread(tmp_path / "frames.dcm")
    if right or "SUVType" in dataset or "QuantityDefinitionSequence" in frames(dataset)[0].RealWorldValueMappingSequence[0]:
        assert np.array_equal(suv_of(tmp_path)[0], truth)
    else:
        assert refusals_of(tmp_path) == {"SUV_TYPE_UNSUPPORTED"}


def dose(value: str | None) -> Edit:
    return lambda dataset: root(RadionuclideTotalDose=value)(dataset.RadiopharmaceuticalInformationSequence[0])


def test_the_dose_is_in_mbq_or_too_large_for_it(tmp_path: Path) -> None:
    truth = edited(tmp_path, dose(f"{MBQ:.0f}"))
    assert np.array_equal(suv_of(tmp_path)[0], truth)
    edited(tmp_path, dose("184.04"))
    np.testing.assert_allclose(suv_of(tmp_path)[0], 2 * truth, rtol=1e-6)
    for wrong, code in ((None, "DOSE_MISSING"), ("0", "DOSE_MISSING"), ("19.9", "DOSE_UNIT_AMBIGUOUS"), ("368080", "DOSE_UNIT_AMBIGUOUS")):
        edited(tmp_path, dose(wrong))
        assert refusals_of(tmp_path) == {code}


REFUSED: dict[str, tuple[Edit, str]] = {
    "decay correction not said": (root(DecayCorrected=None), "DECAY_CORRECTION_UNKNOWN"),
    "decay correction neither yes nor no": (root(DecayCorrected="MAYBE"), "DECAY_CORRECTION_UNKNOWN"),
    "decay-corrected to an unknown time": (root(DecayCorrectionDateTime=None), "TREF_UNKNOWN"),
    "no attenuation correction": (root(AttenuationCorrected="NO"), "NAC_SERIES"),
    "attenuation correction not said": (root(AttenuationCorrected=None), "NAC_SERIES"),
    "two scales": (in_frames("PixelValueTransformationSequence", only=3, RescaleSlope="7"), "SOP_CLASS_UNSUPPORTED"),
    "two intercepts": (in_frames("PixelValueTransformationSequence", RescaleIntercept="-5"), "SOP_CLASS_UNSUPPORTED"),
    "two mappings to one unit": (more_mappings("Bq/ml", 2.0), "SOP_CLASS_UNSUPPORTED"),
    "a table": (in_frames("RealWorldValueMappingSequence", RealWorldValueSlope=None), "SOP_CLASS_UNSUPPORTED"),
    "unit and mapping differ": (root(Units="GML"), "SOP_CLASS_UNSUPPORTED"),
    "empty mapping": (lambda d: [setattr(f, "RealWorldValueMappingSequence", []) for f in frames(d)] and None, "SOP_CLASS_UNSUPPORTED"),
    "malformed rescale": (malformed_rescale, "NUMBER_MALFORMED"),
    "relative counts": (mapped_to("{propcounts}"), "UNITS_NOT_QUANTITATIVE"),
    "kilobecquerels": (mapped_to("kBq/ml"), "UNITS_NOT_QUANTITATIVE"),
    "counts": (mapped_to("{counts}"), "COUNTS_WITHOUT_SCALE"),
    "no unit": (without("RealWorldValueMappingSequence"), "UNITS_MISSING"),
    "no scale": (
        all_of(without("RealWorldValueMappingSequence"), without("PixelValueTransformationSequence"), root(Units="BQML")),
        "SLOPE_MISSING",
    ),
    "an intercept": (
        all_of(in_frames("RealWorldValueMappingSequence", RealWorldValueIntercept=3.0), without("PixelValueTransformationSequence")),
        "INTERCEPT_NONZERO",
    ),
    "another unit in one frame": (
        in_frames("RealWorldValueMappingSequence", only=5, MeasurementUnitsCodeSequence=unit("{SUVbw}g/ml")),
        "SERIES_TAG_VARIES",
    ),
    "dynamic": (frame_type("ORIGINAL", "PRIMARY", "DYNAMIC", "NONE"), "DYNAMIC_OR_GATED"),
    "gated by its type": (frame_type("ORIGINAL", "PRIMARY", "GATED", "NONE"), "DYNAMIC_OR_GATED"),
    "gated by its technique": (root(CardiacSynchronizationTechnique="RETROSPECTIVE"), "DYNAMIC_OR_GATED"),
    "one frame of another type": (frame_type("DERIVED", "PRIMARY", "DYNAMIC", "NONE", only=9), "SERIES_TAG_VARIES"),
    "projections": (frame_type("DERIVED", "PRIMARY", "VOLUME", "MAX_IP"), "DERIVED_IMAGE"),
    **{
        contrast: (frame_type("DERIVED", "PRIMARY", "VOLUME", contrast), "DERIVED_IMAGE")
        for contrast in ("SUBTRACTION", "STD_DEVIATION", "ADDITION", "MAXIMUM", "MEAN", "MASKED", "QUANTITY", "Z_SCORE")
    },
    "sampled from a volume": (in_shared("PETFrameTypeSequence", VolumetricProperties="SAMPLED"), "DERIVED_IMAGE"),
    "a distorted volume": (in_shared("PETFrameTypeSequence", VolumetricProperties="DISTORTED"), "DERIVED_IMAGE"),
    "another weight in the frames": (converted(of_frames=True, PatientWeight="91"), "SERIES_TAG_VARIES"),
    "attenuation correction only in classic words": (
        all_of(root(AttenuationCorrected="NO"), converted(of_frames=True, CorrectedImage=["ATTN", "DECY"])),
        "NAC_SERIES",
    ),
    "no acquisition time": (in_frames("FrameContentSequence", only=2, FrameAcquisitionDateTime=None), "ACQUISITION_TIME_MISSING"),
    "values that are not mapped": (
        in_frames("RealWorldValueMappingSequence", only=10, RealWorldValueLastValueMapped=1),
        "PIXELS_UNREADABLE",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str, tmp_path: Path) -> None:
    edit, code = REFUSED[what]
    edited(tmp_path, edit)
    assert code in refusals_of(tmp_path)


def test_undecayed_frames_need_their_times(tmp_path: Path) -> None:
    for keyword, code in (("FrameAcquisitionDateTime", "ACQUISITION_TIME_MISSING"), ("FrameAcquisitionDuration", "TREF_UNKNOWN")):
        edited(tmp_path, in_frames("FrameContentSequence", only=4, **{keyword: None}), "DRO_7_3_1")
        assert code in refusals_of(tmp_path)


def test_classic_words() -> None:
    yes, no = Element("CS", b"YES"), Element("CS", b"NO")
    base = {0x00189758: yes, 0x00189759: yes, 0x00189765: no, 0x00189768: yes, 0x00189315: Element("CS", b"ITERATIVE"), 0x00080031: no}
    words = in_classic_words(base)
    assert texts_of(words[0x00280051]) == ("DECY", "ATTN", "NORM")
    assert (text_of(words[0x00541102]), text_of(words[0x00541103])) == ("START", "ITERATIVE")
    assert 0x00080031 not in words
    frame = {0x00189151: Element("DT", b"20240102093107.25"), 0x00189701: Element("DT", b"20240102093000+0100")}
    zone = {0x00080201: Element("SH", b"+0100")}
    assert text_of(frame_in_classic_words(frame | zone)[0x00541300]) == "67250.000"
    assert 0x00541300 not in frame_in_classic_words(frame)  # an offset from UTC, and no zone of the study
