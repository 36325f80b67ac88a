"""Truth: other program pydicom: what is written is read back by it, element for element."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import dcmread

from carpet.dicom.deid.encoding import Part, encoded_file, text_part
from carpet.dicom.elements import MalformedFile

PET = "1.2.840.10008.5.1.4.1.1.128"


def test_pydicom_reads_what_was_written() -> None:
    item = {0x00080100: text_part("SH", "C-111A1"), 0x00080104: text_part("LO", "^18^Fluorine")}
    parts = {
        0x7FE00010: Part("OW", b"\x01\x00\x02\x00"),
        0x00080008: text_part("CS", "ORIGINAL", "PRIMARY"),
        0x00080018: text_part("UI", "2.25.123"),
        0x00100010: text_part("PN", "P-1"),
        0x00280010: Part("US", b"\x02\x00"),
        0x00540016: Part("SQ", items=({0x00540300: Part("SQ", items=(item, item))}, {})),
        0x00540410: Part("SQ"),
    }
    data = dcmread(BytesIO(encoded_file(parts, sop_class=PET, sop_instance="2.25.123")))
    assert [int(tag) for tag in data.keys()] == sorted(parts)  # noqa: SIM118
    assert (list(data.ImageType), data.SOPInstanceUID, data.PatientName, data.Rows) == (["ORIGINAL", "PRIMARY"], "2.25.123", "P-1", 2)
    first, second = data.RadiopharmaceuticalInformationSequence
    assert [code.CodeMeaning for code in first.RadionuclideCodeSequence] == ["^18^Fluorine"] * 2
    assert (len(second), len(data.PatientOrientationCodeSequence), data.PixelData) == (0, 0, b"\x01\x00\x02\x00")
    assert data.preamble == bytes(128)
    meta = data.file_meta
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID.name) == (
        PET,
        "2.25.123",
        "Explicit VR Little Endian",
    )
    assert meta.ImplementationVersionName == "CARPET"
    assert meta.FileMetaInformationGroupLength == len(encoded_file({}, sop_class=PET, sop_instance="2.25.123")) - 144


def test_every_value_has_an_even_length_with_its_own_padding() -> None:
    written = encoded_file({0x00080018: text_part("UI", "2.25"[:3]), 0x00100020: text_part("LO", "abc")}, sop_class=PET, sop_instance="1.2")
    assert b"UI\x04\x002.2\x00" in written
    assert written.endswith(b"LO\x04\x00abc ")


def test_a_value_too_long_for_its_head_is_an_error() -> None:
    with pytest.raises(MalformedFile, match="too long"):
        encoded_file({0x00280030: Part("DS", b"1" * 70_000)}, sop_class=PET, sop_instance="1.2")
