"""Truth: what was written, and pydicom's reading of real series; METHODS A.2 and FAILURES.md rows 6, 12, 31."""

from __future__ import annotations

import datetime as dt
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from carpet.core.errors import Notice
from carpet.core.study import PetFacts
from carpet.dicom.elements import FileElements, read_elements
from carpet.dicom.pet_facts import pet_facts, sequence_items
from carpet.dicom.stack import stack
from carpet.dicom.values import MalformedValue, text_of
from carpet.testing import PhantomScan, Storage, Visit, write_study

Edit = Callable[[Dataset, int], None]
Facts = tuple[PetFacts, tuple[Notice, ...]]
INJECTED, SCANNED = dt.datetime(2024, 3, 14, 8, 30), dt.datetime(2024, 3, 14, 9, 30)


@pytest.fixture
def facts(small_scan: PhantomScan, tmp_path: Path) -> Callable[..., Facts]:
    """The facts of a small PET, each data set changed by `edit(dataset, index)`."""

    def read(edit: Edit | None = None, *, vendor: str = "siemens", **storage: Any) -> Facts:
        written = write_study(small_scan, tmp_path, vendor=vendor, visit=Visit(), storage=Storage(with_ct=False, **storage), edit=edit)
        return pet_facts([file for path in written.pet_files if (file := read_elements(path))])

    return read


def on_all(change: Callable[[Dataset], object]) -> Edit:
    return lambda dataset, index: change(dataset) and None


def set_raw(dataset: Dataset, keyword: str, text: bytes) -> None:
    """Set bytes that no standard allows."""
    tag = Tag(keyword)
    vr = dictionary_VR(tag).replace("IS", "DS")  # pydicom looks into an IS before it writes it
    dataset[tag] = RawDataElement(tag, vr, len(text), text, 0, False, True)


def codes(notices: tuple[Notice, ...]) -> list[str]:
    return [notice.code for notice in notices]


def value(fact: Any) -> Any:
    assert fact is not None
    return fact.value


@pytest.mark.parametrize("implicit_vr", [False, True])
def test_everything_that_was_written_is_read(implicit_vr: bool, facts: Callable[..., Facts]) -> None:
    read, notices = facts(implicit_vr=implicit_vr)
    assert notices == ()
    assert (value(read.units), value(read.decay_correction), read.suv_type) == ("BQML", "START", None)
    assert value(read.corrected_image) == ("NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN")
    assert (value(read.series_type), value(read.image_type)) == (("WHOLE BODY", "IMAGE"), ("ORIGINAL", "PRIMARY"))
    assert (value(read.manufacturer), value(read.model), value(read.reconstruction)) == ("SIEMENS", "Biograph128_mCT", "PSF+TOF 3i21s")
    assert (value(read.weight_kg), value(read.height_m), value(read.sex)) == (70.0, 1.75, "M")
    assert (value(read.dose), value(read.half_life_s)) == (280e6, 6586.2)
    assert (value(read.nuclide_code), value(read.tracer_code), value(read.tracer_text)) == ("77004003", "35321007", "Fluorodeoxyglucose")
    assert (value(read.injected_at), value(read.injected_time)) == (INJECTED, INJECTED.time())
    assert (value(read.series_at), value(read.siemens_reference_at)) == (SCANNED, SCANNED)
    assert (read.root_injection_time, read.decay_reference_at, read.ge_scan_at, read.philips_suv_factor) == (None, None, None, None)
    assert value(read.number_of_slices) == 6


def test_every_fact_says_where_it_was_read(facts: Callable[..., Facts]) -> None:
    read, _ = facts()
    for fact, tag in (
        (read.weight_kg, "(0010,1030)"),
        (read.dose, "(0054,0016)▸(0018,1074)"),
        (read.injected_at, "(0054,0016)▸(0018,1078)"),
        (read.nuclide_code, "(0054,0016)▸(0054,0300)▸(0008,0100)"),
        (read.series_at, "(0008,0021) (0008,0031)"),
        (read.siemens_reference_at, "(0071,1022) SIEMENS MED PT"),
    ):
        assert fact is not None
        assert fact.read_from == tag


def test_slices_stand_in_the_order_of_the_files(facts: Callable[..., Facts]) -> None:
    read, _ = facts()
    assert len(read.slices) == 6
    assert len({facts.sop_instance_uid for facts in read.slices}) == 6
    assert len({facts.slope for facts in read.slices}) == 6
    for one in read.slices:
        assert (one.intercept, one.acquired_at, one.frame_duration_ms) == (0.0, SCANNED, 120_000.0)
        assert one.frame_reference_ms == pytest.approx(Visit().mean_count_s() * 1000, abs=1e-3)


PRIVATE = {
    "ge_scan_at": (0x0009, 0x0D, "GEMS_PETD_01", "DT", "20240314093000.00", SCANNED),
    "ge_injected_at": (0x0009, 0x3B, "GEMS_PETD_01", "DT", "20240314083000", INJECTED),
    "siemens_reference_at": (0x0071, 0x22, "SIEMENS MED PT", "DT", "20240314093000.000000", SCANNED),
    "philips_suv_factor": (0x7053, 0x00, "Philips PET Private Group", "DS", "0.00038", 0.00038),
    "philips_activity_factor": (0x7053, 0x09, "Philips PET Private Group", "DS", "1.25", 1.25),
}


def without_private(dataset: Dataset, group: int) -> None:
    for element in list(dataset):
        if element.tag.group == group:
            del dataset[element.tag]


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("block", [0x10, 0x11, 0x42, 0xFF])
@pytest.mark.parametrize("vr", ["", "UN"])
def test_a_private_value_is_found_in_any_block(name: str, block: int, vr: str, facts: Callable[..., Facts]) -> None:
    group, byte, creator, usual_vr, text, expected = PRIVATE[name]

    def edit(dataset: Dataset, index: int) -> None:
        without_private(dataset, group)
        dataset.add_new((group, block), "LO", creator)
        dataset.add_new((group, block << 8 | byte), vr or usual_vr, text.encode() + b" " * (len(text) % 2) if vr else text)
        if block != 0x10:  # somebody else owns the usual block
            dataset.add_new((group, 0x10), "LO", "SOMEBODY ELSE")
            dataset.add_new((group, 0x1000 | byte), "LO", "not ours")

    read, notices = facts(edit)
    fact = getattr(read, name)
    assert notices == ()
    assert value(fact) == expected
    assert fact.read_from == f"({group:04X},{block << 8 | byte:04X}) {creator}"


@pytest.mark.parametrize("name", PRIVATE)
def test_a_private_value_without_its_creator_is_taken_and_flagged(name: str, facts: Callable[..., Facts]) -> None:
    group, byte, _, vr, text, expected = PRIVATE[name]

    def edit(dataset: Dataset, index: int) -> None:
        without_private(dataset, group)
        dataset.add_new((group, 0x1000 | byte), vr, text)

    read, notices = facts(edit)
    assert value(getattr(read, name)) == expected
    assert codes(notices) == ["PRIVATE_CREATOR_MISSING"]
    assert notices[0].where == f"({group:04X},{0x1000 | byte:04X})"


@pytest.mark.parametrize("name", PRIVATE)
def test_another_creators_value_is_not_ours(name: str, facts: Callable[..., Facts]) -> None:
    group, byte, _, _, text, _ = PRIVATE[name]

    def edit(dataset: Dataset, index: int) -> None:
        without_private(dataset, group)
        dataset.add_new((group, 0x10), "LO", "SOMEBODY ELSE")
        dataset.add_new((group, 0x1000 | byte), "LO", text)

    read, notices = facts(edit)
    assert (getattr(read, name), notices) == (None, ())


@pytest.mark.parametrize("block", [0x10, 0x21])
def test_a_philips_factor_that_varies_is_refused_in_any_block(block: int, facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.add_new((0x7053, block), "LO", "Philips PET Private Group")
        dataset.add_new((0x7053, block << 8), "DS", "0.00038" if index < 4 else "0.00039")

    _, notices = facts(edit)
    assert codes(notices) == ["SERIES_TAG_VARIES"]


@pytest.mark.parametrize("name", ["philips_suv_factor", "philips_activity_factor"])
@pytest.mark.parametrize(
    ("vr", "raw"),
    [
        ("DS", b"NaN "),
        ("DS", b"1e999 "),
        ("DS", b"0,00038 "),
        ("UN", struct.pack("<f", 0.00038)),
        ("FL", struct.pack("<f", math.nan)),
        ("OB", b"\x17\x01" * 40),
    ],
)
def test_a_philips_factor_that_is_no_number_is_unreadable(name: str, vr: str, raw: bytes, facts: Callable[..., Facts]) -> None:
    group, byte = PRIVATE[name][:2]

    def edit(dataset: Dataset, index: int) -> None:
        dataset.add_new((group, 0x10), "LO", "Philips PET Private Group")
        tag = Tag(group, 0x1000 | byte)
        dataset[tag] = RawDataElement(tag, vr, len(raw), raw, 0, False, True)

    read, notices = facts(edit)
    assert (getattr(read, name), codes(notices)) == (None, ["SCALE_UNREADABLE"])


@pytest.mark.parametrize(
    ("keyword", "text", "code", "where"),
    [
        ("PatientWeight", b"70,5", "NUMBER_MALFORMED", "(0010,1030)"),
        ("PatientSize", b"1.75m ", "NUMBER_MALFORMED", "(0010,1020)"),
        ("RescaleSlope", b"20958,0000415", "NUMBER_MALFORMED", "(0028,1053)"),
        ("RescaleIntercept", b"zero", "NUMBER_MALFORMED", "(0028,1052)"),
        ("FrameReferenceTime", b"1\\2 ", "NUMBER_MALFORMED", "(0054,1300)"),
        ("ActualFrameDuration", b"2min", "NUMBER_MALFORMED", "(0018,1242)"),
        ("SeriesTime", b"09:30:00", "TIME_MALFORMED", "(0008,0031)"),
        ("SeriesTime", b"240000", "TIME_MALFORMED", "(0008,0031)"),
        ("SeriesDate", b"2024-03-14", "TIME_MALFORMED", "(0008,0021)"),
        ("AcquisitionTime", b"noon", "TIME_MALFORMED", "(0008,0032)"),
        ("DecayCorrectionDateTime", b"20240314 093000 ", "TIME_MALFORMED", "(0018,9701)"),
    ],
)
def test_a_malformed_value_is_refused_with_its_tag(keyword: str, text: bytes, code: str, where: str, facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        set_raw(dataset, keyword, text + b" " * (len(text) % 2))

    _, notices = facts(edit)
    assert [(notice.code, notice.where) for notice in notices] == [(code, where)]


@pytest.mark.parametrize(
    ("keyword", "text", "code"),
    [
        ("RadionuclideTotalDose", b"280 MBq ", "NUMBER_MALFORMED"),
        ("RadionuclideHalfLife", b"6586,2", "NUMBER_MALFORMED"),
        ("RadiopharmaceuticalStartTime", b"08:30:00", "TIME_MALFORMED"),
        ("RadiopharmaceuticalStartDateTime", b"14.03.2024 08:30", "TIME_MALFORMED"),
    ],
)
def test_a_malformed_value_of_the_injection_is_refused_with_its_tag(
    keyword: str, text: bytes, code: str, facts: Callable[..., Facts]
) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        item = dataset.RadiopharmaceuticalInformationSequence[0]
        set_raw(item, keyword, text)

    _, notices = facts(edit)
    (notice,) = notices
    assert notice.code == code
    assert notice.where.startswith("(0054,0016)▸(0018,")


@pytest.mark.parametrize("keyword", ["PatientWeight", "PatientSize", "PatientSex", "SeriesTime", "Units", "NumberOfSlices"])
@pytest.mark.parametrize("empty", [False, True])
def test_what_is_absent_or_empty_is_none(keyword: str, empty: bool, facts: Callable[..., Facts]) -> None:
    name = {
        "PatientWeight": "weight_kg",
        "PatientSize": "height_m",
        "PatientSex": "sex",
        "SeriesTime": "series_at",
        "Units": "units",
        "NumberOfSlices": "number_of_slices",
    }[keyword]

    def edit(dataset: Dataset, index: int) -> None:
        if empty:
            setattr(dataset, keyword, None)
        else:
            delattr(dataset, keyword)

    read, notices = facts(edit)
    assert (getattr(read, name), notices) == (None, ())


@pytest.mark.parametrize("implicit_vr", [False, True])
def test_an_empty_code_is_no_code(implicit_vr: bool, facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        item = dataset.RadiopharmaceuticalInformationSequence[0]
        item.RadionuclideCodeSequence[0].CodeValue = ""
        item.RadiopharmaceuticalCodeSequence = []

    read, notices = facts(edit, implicit_vr=implicit_vr)
    assert (read.nuclide_code, read.tracer_code, notices) == (None, None, ())


def test_an_injection_time_at_the_root_is_seen_and_not_used(facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.RadiopharmaceuticalStartTime = "081500"

    read, notices = facts(edit, injection="none")
    assert notices == ()
    assert (read.injected_at, read.injected_time) == (None, None)
    assert read.root_injection_time is not None
    assert (read.root_injection_time.value, read.root_injection_time.read_from) == ("081500", "(0018,1072)")


def test_two_radiopharmaceuticals_are_refused(facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        dataset.RadiopharmaceuticalInformationSequence.append(Dataset())

    _, notices = facts(edit)
    assert [(notice.code, notice.found) for notice in notices] == [("RADIOPHARMACEUTICAL_AMBIGUOUS", "2 items")]


@pytest.mark.parametrize("empty", [False, True])
def test_no_radiopharmaceutical_is_no_dose(empty: bool, facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if empty:
            dataset.RadiopharmaceuticalInformationSequence = []
        else:
            del dataset.RadiopharmaceuticalInformationSequence

    read, notices = facts(edit)
    assert (read.dose, read.half_life_s, read.injected_at, read.nuclide_code, notices) == (None, None, None, None, ())


@pytest.mark.parametrize(
    ("keyword", "other"),
    [
        ("Units", "CNTS"),
        ("DecayCorrection", "ADMIN"),
        ("CorrectedImage", ["DECY"]),
        ("PatientWeight", "71"),
        ("PatientSize", "1.8"),
        ("PatientSex", "F"),
        ("SeriesTime", "093001"),
        ("SeriesDate", "20240315"),
        ("SeriesType", ["DYNAMIC", "IMAGE"]),
    ],
)
def test_what_must_not_vary_within_a_pet(keyword: str, other: Any, facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if index == 4:
            setattr(dataset, keyword, other)

    _, notices = facts(edit)
    assert codes(notices) == ["SERIES_TAG_VARIES"]
    assert keyword in notices[0].message


@pytest.mark.parametrize(
    ("keyword", "text"), [("RadiopharmaceuticalStartTime", "08"), ("RadiopharmaceuticalStartDateTime", "2024031408"), ("SeriesTime", "09")]
)
def test_an_hour_without_minutes_is_no_time_to_decay_by(keyword: str, text: str, facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset) -> None:
        setattr(dataset if keyword == "SeriesTime" else dataset.RadiopharmaceuticalInformationSequence[0], keyword, text)

    _, notices = facts(on_all(edit))
    assert codes(notices) == ["TIME_MALFORMED"]
    assert notices[0].found == repr(text)


def test_a_dose_that_varies_is_refused(facts: Callable[..., Facts]) -> None:
    def edit(dataset: Dataset, index: int) -> None:
        if index == 4:
            dataset.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "281000000"

    assert codes(facts(edit)[1]) == ["SERIES_TAG_VARIES"]


def test_items_of_a_sequence(small_scan: PhantomScan, tmp_path: Path) -> None:
    written = write_study(small_scan, tmp_path, storage=Storage(with_ct=False))
    file = read_elements(written.pet_files[0])
    assert file is not None
    (item,) = sequence_items(file, 0x00540016)
    assert text_of(item[0x00181074]) == "280000000"
    assert text_of(item[0x00540300]) == "77004003"
    assert sequence_items(file, 0x00081140) == []
    raw = written.pet_files[0].read_bytes()
    at = raw.index(b"\x54\0\x16\0SQ")
    inside = raw.index(b"\x54\0\x00\x03SQ", at)  # the code sequence in the item
    written.pet_files[0].write_bytes(raw[: inside + 8] + b"\xff\xff\xff\xff" + raw[inside + 12 :])
    with pytest.raises(MalformedValue, match="0054,0016"):
        sequence_items(file, 0x00540016)


def files_of(folder: Path) -> list[FileElements]:
    found = [file for path in sorted(folder.glob("*.dcm")) if (file := read_elements(path))]
    return list(stack(found).files)


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["acrin042_ge/PT_AC_BQML", "acrin042_ge/PT_NAC_PROPCNTS", "sts001_ge/PET_raw_BQML"])
def test_the_facts_of_a_real_series_are_those_of_pydicom(folder: str, shared_data: Path) -> None:
    files = files_of(shared_data / folder)
    read, notices = pet_facts(files)
    assert notices == ()
    assert len(read.slices) == len(files) == value(read.number_of_slices)
    for facts, file in zip(read.slices[::13], files[::13], strict=True):
        d = dcmread(file.path, stop_before_pixels=True)
        assert (facts.sop_instance_uid, facts.slope, facts.intercept) == (
            d.SOPInstanceUID,
            float(d.RescaleSlope),
            float(d.RescaleIntercept),
        )
        assert (facts.frame_reference_ms, facts.frame_duration_ms) == (float(d.FrameReferenceTime), float(d.ActualFrameDuration))
        assert facts.acquired_at == dt.datetime.strptime(d.AcquisitionDate + d.AcquisitionTime.partition(".")[0], "%Y%m%d%H%M%S")
    drug = d.RadiopharmaceuticalInformationSequence[0]
    assert (value(read.units), value(read.decay_correction)) == (d.Units, d.DecayCorrection)
    assert (value(read.weight_kg), value(read.height_m), value(read.sex)) == (float(d.PatientWeight), float(d.PatientSize), d.PatientSex)
    assert (value(read.dose), value(read.half_life_s)) == (float(drug.RadionuclideTotalDose), float(drug.RadionuclideHalfLife))
    assert f"{value(read.injected_time):%H%M%S}" == drug.RadiopharmaceuticalStartTime.partition(".")[0]
    assert f"{value(read.series_at):%Y%m%d%H%M%S}" == d.SeriesDate + d.SeriesTime.partition(".")[0]
    if (0x0009, 0x100D) in d:
        assert f"{value(read.ge_scan_at):%Y%m%d%H%M%S}" == str(d[0x0009, 0x100D].value).partition(".")[0]
    else:
        assert read.ge_scan_at is None
