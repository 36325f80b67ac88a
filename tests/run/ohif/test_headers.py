"""Truth: other program: pydicom's own DICOM JSON of the whole file, element by element."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from carpet.run.ohif.archive import Archive
from carpet.run.ohif.headers import HeaderTexts, is_bulk, read_header, vr_of

from .conftest import BLOB, Shown


def test_every_header_is_what_pydicom_says(archive: Archive, shown: Shown) -> None:
    texts, seen = HeaderTexts("R"), 0
    for study in archive.studies:
        for one in archive.instances(study):
            made = json.loads(texts.text(one))
            whole = pydicom.dcmread(one.path, force=True)
            truth = json.loads(whole.to_json(bulk_data_threshold=10**9, bulk_data_element_handler=lambda element: ""))
            assert list(made) == sorted(truth)
            for tag, said in made.items():
                if "BulkDataURI" in said:
                    assert said["BulkDataURI"] == f"R/{one.place}/bulkdata/{tag}"
                    assert said["vr"] == truth[tag]["vr"]
                else:
                    assert said == truth[tag], (one.path.name, tag)
            seen += 1
    assert seen == len(shown.files)


def changed(one: Any, path: Path, **values: Any) -> Any:
    """The instance with other elements, in a new file."""
    data = pydicom.dcmread(one.path)
    for keyword, value in values.items():
        setattr(data, keyword, value)
    data.save_as(path)
    return replace(one, path=path)


def test_what_json_has_no_number_for_is_text(archive: Archive, tmp_path: Path) -> None:
    one = archive.instances(next(iter(archive.studies)))[0]
    made = changed(one, tmp_path / "nan.dcm", RealWorldValueSlope=[math.nan, math.inf, -math.inf, 1.5])
    said = json.loads(HeaderTexts("R").text(made), parse_constant=pytest.fail)
    assert said["00409225"]["Value"] == ["NaN", "Infinity", "-Infinity", 1.5]


def test_an_attribute_that_cannot_be_read_is_left_out(shown: Shown, archive: Archive, tmp_path: Path) -> None:
    one = archive.instances(shown.first.study_uid)[0]
    path = tmp_path / "odd.dcm"
    path.write_bytes(one.path.read_bytes().replace(b"\x10\x00\x30\x10DS", b"\x10\x00\x30\x10US", 1))  # a weight of some digits
    before, after = (json.loads(HeaderTexts("R").text(replace(one, path=place))) for place in (one.path, path))
    assert set(before) - set(after) <= {"00101030"}
    assert {tag: value for tag, value in after.items() if tag != "00101030"} == {
        tag: value for tag, value in before.items() if tag != "00101030"
    }


def test_the_same_bytes_are_read_as_the_rest_of_the_header_says(archive: Archive, tmp_path: Path, shown: Shown) -> None:
    """C3 BC is two letters in Latin-1 and one in UTF-8; FFFF is 65535 or −1 in an implicit file."""
    texts = HeaderTexts("R")
    one = next(one for one in archive.instances(shown.second.study_uid) if one.path == shown.odd["implicit"])
    latin = changed(one, tmp_path / "latin.dcm", SpecificCharacterSet="ISO_IR 100", PatientName="Z\u00c3\u00bc", PixelRepresentation=0)
    utf8 = changed(one, tmp_path / "utf8.dcm", SpecificCharacterSet="ISO_IR 192", PatientName="Z\u00fc", PixelRepresentation=0)
    signed = changed(one, tmp_path / "signed.dcm", PixelRepresentation=1)
    for made in (latin, utf8, signed):
        data = made.path.read_bytes()
        assert b"\x28\x00\x06\x01" not in data
        at = data.index(b"\x28\x00\x52\x10")  # before the rescale intercept: SmallestImagePixelValue, two bytes
        made.path.write_bytes(data[:at] + b"\x28\x00\x06\x01\x02\x00\x00\x00\xff\xff" + data[at:])
    said = [json.loads(texts.text(made)) for made in (latin, utf8, signed)]
    assert [one["00100010"]["Value"][0]["Alphabetic"] for one in said[:2]] == ["Z\u00c3\u00bc", "Z\u00fc"]
    assert [one["00280106"] for one in said[1:]] == [{"vr": "US", "Value": [65535]}, {"vr": "SS", "Value": [-1]}]


@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_that_differ_keep_their_own(undefined: bool, archive: Archive, shown: Shown, tmp_path: Path) -> None:
    texts = HeaderTexts("R")
    one = archive.instances(shown.first.study_uid)[0]
    for number, dose in enumerate((370e6, 370e6, 185e6, 370e6)):
        data = pydicom.dcmread(one.path)
        data.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = dose
        data["RadiopharmaceuticalInformationSequence"].is_undefined_length = undefined
        data.save_as(tmp_path / f"{number}.dcm")
        said = json.loads(texts.text(replace(one, path=tmp_path / f"{number}.dcm")))
        assert said["00540016"]["Value"][0]["00181074"]["Value"] == [dose]
        truth = json.loads(data.to_json(bulk_data_threshold=10**9, bulk_data_element_handler=lambda element: ""))
        assert said["00540016"] == truth["00540016"]


def test_long_binary_values_are_told_by_address(archive: Archive, shown: Shown) -> None:
    one = next(one for one in archive.instances(shown.second.study_uid) if one.path == shown.odd["implicit"])
    data = read_header(one)
    held = {int(tag): data.get_item(tag, keep_deferred=True) for tag in data.keys()}  # noqa: SIM118
    bulky = {tag for tag, element in held.items() if isinstance(element, RawDataElement) and is_bulk(element)}
    assert bulky == {0x7FE00010, 0x00291010}
    assert [vr_of(held[tag]) for tag in (0x00100010, 0x00291010)] == ["PN", "UN"]
    assert len(BLOB) > 1024
    assert Tag(0x00291010).is_private
