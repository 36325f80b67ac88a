"""Truth: the attributes of IBSI's default object, written out here; DICOM as pydicom reads it back."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

from carpet.testing.reference_description import Description, clock, stored_values
from carpet.testing.reference_header import common_header, date, radiopharmaceutical, rewrite, save, time, uid, write_slices


def test_times_and_uids() -> None:
    assert date(clock("23:30", 2)) + time(clock("23:30", 2)) == "20250102233000.000000"
    assert uid("a", 1) == uid("a", 1) != uid("a", 2)


def test_the_default_slice(tmp_path: Path) -> None:
    described = Description()
    files = write_slices("DRO_0_0", described, stored_values(described)[0], tmp_path)
    assert len(files) == 20
    slices = [pydicom.dcmread(path) for path in files]
    assert [float(one.ImagePositionPatient[2]) for one in slices] == [4.0 * k for k in range(20)]
    one = slices[10]
    assert (one.Units, one.DecayCorrection, one.RescaleSlope, one.RescaleIntercept) == ("BQML", "START", 1, 0)
    assert (one.PatientWeight, one.PatientSize, one.PatientSex) == (70, 1.75, "O")
    assert (one.SeriesTime, one.AcquisitionTime, one.ActualFrameDuration) == ("110000.000000", "110000.000000", 300000)
    assert float(one.FrameReferenceTime) == pytest.approx(149605.4, abs=0.1)  # T/2 − λT²/24
    assert "SUVType" not in one
    assert one.pixel_array.max() == 14400
    drug = one.RadiopharmaceuticalInformationSequence[0]
    assert (drug.RadionuclideTotalDose, drug.RadionuclideHalfLife) == (368.08e6, 6586.2)
    assert drug.RadiopharmaceuticalStartDateTime == "20250101100000.000000"
    assert drug.RadiopharmaceuticalStartTime == "100000.000000"


def test_ways_to_say_when_it_was_injected() -> None:
    for injection, keywords in (
        ("datetime", {"StartDateTime"}),
        ("time", {"StartTime"}),
        ("datetime+time", {"StartDateTime", "StartTime"}),
    ):
        drug = radiopharmaceutical(Description(injection=injection))
        assert {word for word in ("StartDateTime", "StartTime") if f"Radiopharmaceutical{word}" in drug} == keywords
    assert radiopharmaceutical(Description(dose_in_mbq=True)).RadionuclideTotalDose == 368.08


def test_private_stamps_have_their_creator(tmp_path: Path) -> None:
    stamped = {"SIEMENS": (0x0071, "SIEMENS MED PT", 0x22), "GE MEDICAL SYSTEMS": (0x0009, "GEMS_PETD_01", 0x0D)}
    for vendor, (group, creator, element) in stamped.items():
        described = Description(manufacturer=vendor, private_at=clock("10:59"))
        one = pydicom.dcmread(write_slices("x", described, stored_values(described)[0], tmp_path)[0])
        assert one.private_block(group, creator)[element].value == "20250101105900.000000"
    described = Description(units="CNTS", manufacturer="Philips Medical Systems", counts_are="activity")
    block = pydicom.dcmread(write_slices("x", described, stored_values(described)[0], tmp_path)[0]).private_block(
        0x7053, "Philips PET Private Group"
    )
    assert (block[0x00].value, block[0x09].value) == (0.0, 0.9)


def test_what_is_rewritten_stands_where_it_belongs(tmp_path: Path) -> None:
    header = common_header("x", Description(), PositronEmissionTomographyImageStorage)
    header.RadiopharmaceuticalInformationSequence = [radiopharmaceutical(Description())]
    changes = (("PatientWeight", None), ("RadionuclideTotalDose", "-1"), ("RadiopharmaceuticalStartTime", None), ("PatientSex", "X"))
    rewrite(header, Description(rewritten=changes))
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = uid("x")
    read: Dataset = pydicom.dcmread(save(header, tmp_path / "deep" / "one.dcm"))
    assert "PatientWeight" not in read
    assert read.PatientSex == "X"
    assert read.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose == -1
    assert "RadiopharmaceuticalStartTime" not in read.RadiopharmaceuticalInformationSequence[0]
