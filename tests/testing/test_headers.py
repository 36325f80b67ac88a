"""Truth: DICOM PS3.3 attributes and PS3.16 codes as METHODS names them."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from carpet.core.body import Body, Sex
from carpet.testing.headers import PetKind, add_isotope, add_patient_and_study, add_pixels, blank, coded, ct_header, pet_header
from carpet.testing.timing import Visit
from carpet.testing.vendors import GE, SIEMENS

BODY = Body(81.5, 1.83, Sex.FEMALE)


def test_patient_is_synthetic_and_said_to_be() -> None:
    dataset = Dataset()
    add_patient_and_study(dataset, SIEMENS, Visit(patient_id="PHANTOM-0042"), BODY)
    assert dataset.PatientName == "PHANTOM^0042"
    assert dataset.PatientIdentityRemoved == "YES"
    assert (float(dataset.PatientWeight), float(dataset.PatientSize), dataset.PatientSex) == (81.5, 1.83, "F")
    unknown = Dataset()
    add_patient_and_study(unknown, SIEMENS, Visit(), Body(70.0, None, None))
    assert unknown.PatientSex == "O"
    assert "PatientSize" not in unknown


@pytest.mark.parametrize(
    ("injection", "present"),
    [("datetime+time", {"DateTime", "Time"}), ("datetime", {"DateTime"}), ("time", {"Time"}), ("none", set())],
)
def test_isotope_with_the_times_asked_for(injection: str, present: set[str]) -> None:
    dataset = Dataset()
    add_isotope(dataset, SIEMENS, Visit(dose_bq=301.25e6), injection)
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    assert {word for word in ("DateTime", "Time") if f"RadiopharmaceuticalStart{word}" in drug} == present
    assert (float(drug.RadionuclideTotalDose), float(drug.RadionuclideHalfLife)) == (301.25e6, 6586.2)
    assert (drug.RadiopharmaceuticalCodeSequence[0].CodeValue, drug.RadionuclideCodeSequence[0].CodeValue) == ("35321007", "77004003")


def test_kinds_of_pet_series() -> None:
    corrected = pet_header(GE, Visit(), BODY, kind=PetKind("BQML", "START", True), implicit_vr=False)
    assert {"ATTN", "DECY", "SCAT"} <= set(corrected.CorrectedImage)
    assert list(corrected.SeriesType) == ["WHOLE BODY", "IMAGE"]
    assert "SUVType" not in corrected
    plain = pet_header(GE, Visit(), BODY, kind=PetKind("PROPCNTS", "NONE", False), implicit_vr=False)
    assert not {"ATTN", "DECY", "SCAT"} & set(plain.CorrectedImage)
    assert plain.Units == "PROPCNTS"
    assert pet_header(SIEMENS, Visit(), BODY, kind=PetKind("GML", "START", True), implicit_vr=False).SUVType == "BW"


def test_ct_header_and_transfer_syntax() -> None:
    assert ct_header(SIEMENS, Visit(), BODY, implicit_vr=True).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert int(ct_header(SIEMENS, Visit(), BODY, implicit_vr=False).RescaleIntercept) == -1024
    assert blank("1.2.840.10008.5.1.4.1.1.2", False).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_small_pieces() -> None:
    item = coded("1", "SCT", "one")
    assert (item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) == ("1", "SCT", "one")
    dataset = Dataset()
    add_pixels(dataset)
    assert (dataset.BitsAllocated, dataset.PixelRepresentation) == (16, 1)
