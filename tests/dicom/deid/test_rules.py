"""Truth: PS3.15 2026c Table E.1-1, as printed in the package dicom-anonymizer 2.x."""

from __future__ import annotations

import pytest
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import keyword_for_tag

from carpet.dicom.deid.rules import EMPTIED, EMPTY, IMAGES, PRIVATE_BLOCKS, most_values, usual_rules

# What the Basic Profile alone would remove, and the option by which it passes, changed as said
BY_OPTION = {
    "113107 dates and times, shifted by whole days": {"DA", "DT", "TM"},
    "Basic, UIDs mapped": {"UI"},
}
NAMED = {
    "113108 patient characteristics": {"PatientSex", "PatientAge", "PatientSize", "PatientWeight"},
    "113105 descriptors, known words only": {"SeriesDescription", "StudyDescription", "ProtocolName", "ContrastBolusAgent"},
    "113109 device, serial number keyed": {"DeviceSerialNumber"},
    "113107 the zone of the times": {"TimezoneOffsetFromUTC"},
    "Basic, references with mapped UIDs": {"ReferencedStudySequence", "ReferencedImageSequence", "SourceImageSequence"},
}


def tags_of_the_profile() -> set[int]:
    return {tag[0] << 16 | tag[1] for tag in table.ALL_TAGS if len(tag) == 2}


def test_what_the_basic_profile_removes_passes_only_by_an_option() -> None:
    rules = usual_rules().standard
    profile = tags_of_the_profile()
    assert len(profile) > 600
    by_vr = set().union(*BY_OPTION.values())
    by_name = set().union(*NAMED.values())
    passing = {keyword_for_tag(tag) for tag in profile & rules.keys() if rules[tag] not in by_vr}
    assert passing == by_name


def test_the_private_blocks_that_hold_dates_and_factors_of_suv_pass() -> None:
    told = {(block.group, block.creator): dict(block.elements) for block in PRIVATE_BLOCKS}
    assert told[0x0009, "GEMS_PETD_01"][0x0D] == told[0x0009, "GEMS_PETD_01"][0x3B] == "DT"
    assert told[0x0071, "SIEMENS MED PT"] == {0x22: "DT"}
    assert told[0x7053, "Philips PET Private Group"] == {0x00: "DS", 0x09: "DS"}


def test_no_person_no_bytes_and_no_unknown_value_passes() -> None:
    vrs = set(usual_rules().standard.values())
    assert not vrs & {"PN", "LT", "ST", "UT", "UC", "UR", "AE", "UN", "OB", "OW", "OF", "OD", "OL", "OV"}
    assert not (EMPTY | EMPTIED).keys() & usual_rules().standard.keys()
    assert set(IMAGES.values()) == {"PT", "CT"}


@pytest.mark.parametrize(
    ("tag", "most"),
    [(0x00280010, 1), (0x00280030, 2), (0x00209165, 1), (0x00209157, None), (0x00189313, 3), (0x00091038, 1), (0x00281050, None)],
)
def test_how_many_values_there_can_be(tag: int, most: int | None) -> None:
    assert most_values(tag) == most
