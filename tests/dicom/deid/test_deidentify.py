"""Truth: PS3.15 2026c Table E.1-1, as printed in the package dicom-anonymizer 2.x: a canary at every place it names must be gone."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import Tag

from carpet.dicom.deid.deidentify import deidentified
from carpet.dicom.deid.rules import Rules, usual_rules
from carpet.dicom.deid.values import Alias, mapped_uid
from carpet.dicom.elements import MalformedFile
from carpet.testing import PhantomScan, Visit, write_study

SECRET = b"s" * 32
ALIAS = Alias("P-0123456789", 1000, SECRET)
CANARY = "Kanarienvogel"
NUMBER = "47110815"
UID = "1.2.3.47110815"
DAY, DAY_MOVED = "19760513", "19730817"  # 1000 days
TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
PIXELS = b"\x01\x02"
NOT_HERE = frozenset({"SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientWeight", "PatientSize"})  # kept as numbers


def canary(vr: str, number: int) -> object:
    """A value of this kind that says who it is; None where the kind can't."""
    if vr in TEXT_VRS:
        return f"{CANARY}{number}"
    if vr in ("CS", "AE"):
        return f"KANARI{number}"
    if vr in ("OB", "OW", "UN"):
        return f"{CANARY}{number:06d}x".encode()
    told = {"UI": f"{UID}.{number}", "DA": DAY, "DT": f"{DAY}101112", "TM": "101112", "DS": NUMBER, "IS": NUMBER, "AS": "098Y"}
    return told.get(vr)


def with_canaries(data: Dataset) -> int:
    """Put a canary at every place of the table that may stand in a data set; returns their number."""
    places = 0
    for group, element in (tag for tag in table.ALL_TAGS if len(tag) == 2 and tag[0] > 0x0004):
        tag = group << 16 | element
        if not dictionary_has_tag(tag) or keyword_for_tag(tag) in NOT_HERE:
            continue
        vr = dictionary_VR(tag).split(" or ")[0]
        value: object = canary(vr, places)
        if vr == "SQ":
            item = Dataset()
            item.PatientName = item.CodeMeaning = item.PatientComments = f"{CANARY}{places}"
            item.StudyDate, item.ReferencedSOPInstanceUID = DAY, f"{UID}.{places}"
            value = [item]
        if value is not None:
            data[tag] = DataElement(tag, vr, value)
            places += 1
    return places


def saved(data: Dataset) -> Dataset:
    """Written and read again, so that all values are as stored."""
    buffer = BytesIO()
    data.save_as(buffer)
    return dcmread(BytesIO(buffer.getvalue()), force=True)


def without(data: Dataset, rules: Rules | None = None) -> bytes:
    return deidentified(saved(data), ALIAS, rules or usual_rules(), pixels=PIXELS, software="carpet test")


@pytest.fixture
def image(small_scan: PhantomScan, tmp_path: Path) -> Dataset:
    written = write_study(small_scan, tmp_path, vendor="ge", visit=Visit(patient_name="Zauberberg^Klawdia", patient_id="MRN-4711"))
    return dcmread(written.pet_files[0])


def traces(written: bytes) -> list[bytes]:
    """Every form of the canaries that is left."""
    forms = [
        form for text in (CANARY, "KANARI", NUMBER, DAY, "Zauberberg", "MRN-4711") for form in (text.encode(), text.encode("utf-16-le"))
    ]
    return [form for form in forms if form.lower() in written.lower()]


@pytest.mark.parametrize(
    "inside", ["", "RadiopharmaceuticalInformationSequence", "PatientOrientationCodeSequence", "RequestAttributesSequence"]
)
def test_no_canary_of_the_basic_profile_is_left(image: Dataset, inside: str) -> None:
    if inside:
        item = Dataset()
        assert with_canaries(item) > 550
        setattr(image, inside, [item])
    else:
        assert with_canaries(image) > 550
    assert traces(without(image)) == []


def test_names_in_other_characters_are_gone_too(image: Dataset) -> None:
    image.SpecificCharacterSet = "ISO_IR 192"
    image.PatientName, image.SeriesDescription, image.StudyDescription = "Шоша^Клавдия", "PET Мадам Шоша", "ショーシャ"
    written = without(image)
    data = dcmread(BytesIO(written))
    assert (data.SeriesDescription, data.StudyDescription) == ("PET", "REMOVED")
    assert written[132:].isascii() or not any(word.encode() in written for word in ("Шоша", "Клавдия", "ショ"))


def test_all_dates_move_by_the_same_days_and_no_time_changes(image: Dataset) -> None:
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = image.InstanceCreationDate = DAY
    image.AcquisitionDateTime = image.DecayCorrectionDateTime = f"{DAY}101112.130000+0100"
    image[0x0009, 0x100D].value = image[0x0009, 0x103B].value = f"{DAY}095947.00"
    drug = image.RadiopharmaceuticalInformationSequence[0]
    drug.RadiopharmaceuticalStartDateTime, drug.RadiopharmaceuticalStopDateTime = f"{DAY}083000.50", DAY[:6]
    data = dcmread(BytesIO(without(image)))
    assert {data.StudyDate, data.SeriesDate, data.AcquisitionDate, data.ContentDate, data.InstanceCreationDate} == {DAY_MOVED}
    assert data.AcquisitionDateTime == data.DecayCorrectionDateTime == f"{DAY_MOVED}101112.130000+0100"
    assert data[0x0009, 0x100D].value == data[0x0009, 0x103B].value == f"{DAY_MOVED}095947.00"
    drug = data.RadiopharmaceuticalInformationSequence[0]
    assert (drug.RadiopharmaceuticalStartDateTime, drug.RadiopharmaceuticalStopDateTime) == (f"{DAY_MOVED}083000.50", "")
    assert (data.StudyTime, data.SeriesTime, data.AcquisitionTime) == (image.StudyTime, image.SeriesTime, image.AcquisitionTime)


@pytest.mark.parametrize("keyword", ["SeriesDescription", "ProtocolName", "SoftwareVersions", "ImageType", "ConvolutionKernel"])
def test_a_date_typed_with_backslashes_is_gone(image: Dataset, keyword: str) -> None:
    image.add_new(keyword, "LO", "13\\05\\76")
    assert list(dcmread(BytesIO(without(image)))[keyword].value) == ["REMOVED"] * 3


def test_what_suv_needs_is_kept_to_the_letter(image: Dataset) -> None:
    image.PatientWeight, image.PatientSize, image.RescaleSlope = "70.50000", "+1.75", "0.00007351088662"
    data = dcmread(BytesIO(without(image)))
    for keyword in ("PatientWeight", "PatientSize", "RescaleSlope"):
        assert data.get_item(keyword).value.strip() == str(getattr(image, keyword).original_string).encode()
    for keyword in ("PatientSex", "Units", "DecayCorrection", "CorrectedImage", "SeriesType", "ImageType", "Manufacturer", "Modality"):
        assert data[keyword].value == image[keyword].value
    old, new = (one.RadiopharmaceuticalInformationSequence[0] for one in (image, data))
    assert (new.RadionuclideTotalDose, new.RadionuclideHalfLife) == (old.RadionuclideTotalDose, old.RadionuclideHalfLife)
    assert new.RadionuclideCodeSequence[0].CodeValue == "77004003"
    assert new.RadiopharmaceuticalCodeSequence[0].CodeMeaning == "Fluorodeoxyglucose F^18^"


def test_the_patient_is_a_pseudonym_and_it_is_said_what_was_done(image: Dataset) -> None:
    data = dcmread(BytesIO(without(image)))
    assert (data.PatientName, data.PatientID, data.PatientBirthDate) == (ALIAS.pseudonym, ALIAS.pseudonym, "")
    assert (data.PatientIdentityRemoved, data.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    codes = [code.CodeValue for code in data.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113101", "113105", "113107", "113108", "113109", "113111"]
    assert {code.CodingSchemeDesignator for code in data.DeidentificationMethodCodeSequence} == {"DCM"}


def test_uids_are_mapped_everywhere_and_in_the_same_way(image: Dataset) -> None:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    image.SourceImageSequence = [reference]
    data = dcmread(BytesIO(without(image)))
    assert data.SOPInstanceUID == data.file_meta.MediaStorageSOPInstanceUID == data.SourceImageSequence[0].ReferencedSOPInstanceUID
    assert data.SOPInstanceUID == mapped_uid(str(image.SOPInstanceUID), SECRET)
    assert data.SOPClassUID == image.SOPClassUID == data.SourceImageSequence[0].ReferencedSOPClassUID
    assert len({data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID, data.SOPInstanceUID}) == 4


def private(image: Dataset, creator: str | None, tag: int, vr: str, value: object) -> Dataset:
    if creator is not None:
        image.add_new((tag >> 16, tag >> 8 & 0xFF), "LO", creator)
    image.add_new(tag, vr, value)
    return dcmread(BytesIO(without(image)))


@pytest.mark.parametrize(
    ("creator", "tag", "vr", "value", "told"),
    [
        ("Philips PET Private Group", 0x70531000, "DS", "0.000551", "0.000551"),
        ("Philips PET Private Group", 0x70534209, "DS", "2.5", "2.5"),
        (None, 0x70531000, "DS", "0.000551", "0.000551"),
        (None, 0x70531009, "DS", "2.5", "2.5"),
        (None, 0x00711022, "DT", f"{DAY}101112", f"{DAY_MOVED}101112"),
        ("SIEMENS MED PT", 0x00711122, "DT", f"{DAY}101112", f"{DAY_MOVED}101112"),
    ],
)
def test_safe_private_attributes_pass(image: Dataset, creator: str | None, tag: int, vr: str, value: object, told: str) -> None:
    assert str(private(image, creator, tag, vr, value)[tag].value) == told


@pytest.mark.parametrize(
    ("creator", "tag", "vr"),
    [
        ("Philips PET Private Group", 0x70531003, "LO"),
        ("Zauberberg Group", 0x70531000, "DS"),
        ("GEMS_PATI_01", 0x00111010, "SS"),
        (None, 0x00711023, "DT"),
        ("GEMS_PETD_01", 0x00091137, "LO"),
        ("CTP", 0x00131010, "LO"),
    ],
)
def test_other_private_attributes_are_gone_with_their_creators(image: Dataset, creator: str | None, tag: int, vr: str) -> None:
    data = private(image, creator, tag, vr, {"SS": 1, "DS": NUMBER, "DT": f"{DAY}10"}.get(vr, CANARY))
    assert tag not in data
    assert not creator or (tag >> 16, tag >> 8 & 0xFF) not in data


@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, False)])
def test_the_way_it_was_stored_makes_no_difference(image: Dataset, implicit: bool, little: bool) -> None:
    expected = without(image)
    plain, buffer = Dataset(), BytesIO()
    del image.PixelData
    plain.update(image)
    plain.save_as(buffer, implicit_vr=implicit, little_endian=little)
    other = dcmread(BytesIO(buffer.getvalue()), force=True)
    assert deidentified(other, ALIAS, usual_rules(), pixels=PIXELS, software="carpet test") == expected


def test_old_age_foreign_sex_and_a_broken_number(image: Dataset) -> None:
    image.PatientAge, image.PatientSex = "097Y", "X"
    image.add_new("PatientWeight", "LO", "70,5 kg")
    data = dcmread(BytesIO(without(image)))
    assert (data.PatientAge, data.PatientSex) == ("090Y", "")
    assert data.get_item("PatientWeight").value.strip() == b"?"


def test_scanners_stay_apart_and_none_is_named(image: Dataset) -> None:
    image.DeviceSerialNumber, image.StationName = "SN-4711", "ZAUBERBERG-PET1"
    one = dcmread(BytesIO(without(image)))
    image.DeviceSerialNumber = "SN-4712"
    other = dcmread(BytesIO(without(image)))
    assert one.DeviceSerialNumber != other.DeviceSerialNumber
    assert "4711" not in one.DeviceSerialNumber
    assert "StationName" not in one


def test_an_unpublished_code_is_gone_and_the_frames_stay_in_their_number(image: Dataset) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "KLAWDIA", "99BERGHOF", CANARY
    image.PatientOrientationCodeSequence = [code]
    empty, comment = Dataset(), Dataset()
    comment.FrameComments = CANARY
    image.PerFrameFunctionalGroupsSequence = [comment, empty]
    written = without(image)
    data = dcmread(BytesIO(written))
    assert len(data.PatientOrientationCodeSequence) == 0
    assert [len(frame) for frame in data.PerFrameFunctionalGroupsSequence] == [0, 0]
    assert traces(written) == []


def test_without_an_instance_uid_there_is_no_file(image: Dataset) -> None:
    del image.SOPInstanceUID
    with pytest.raises(MalformedFile, match="SOP Instance UID"):
        without(image)


def test_sequences_nested_without_end_are_an_error(image: Dataset) -> None:
    item = Dataset()
    for _ in range(40):
        outer = Dataset()
        outer.SourceImageSequence = [item]
        item = outer
    image.SourceImageSequence = [item]
    with pytest.raises(MalformedFile):
        without(image)


def test_private_blocks_without_their_rule_are_gone(image: Dataset) -> None:
    data = dcmread(BytesIO(without(image, Rules(usual_rules().standard, ()))))
    assert not [element for element in data if element.tag.is_private]


def test_binary_numbers_can_not_spell_a_name(image: Dataset) -> None:
    name = b"Kanarienvogel   "
    for tag, vr in ((0x00280107, "US"), (0x00280106, "SS"), (0x00189306, "FD"), (0x00209165, "AT"), (0x00091038, "FL")):
        image[tag] = RawDataElement(Tag(tag), vr, len(name), name, 0, False, True)
    assert traces(without(image)) == []
