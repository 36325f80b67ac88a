"""Truth: closed form (SUVbw from the functional groups as pydicom reads them, by the formula of PS3.3 C.8.22 written out here)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from carpet.testing.reference_description import Description, clock, stored_values
from carpet.testing.reference_enhanced import write_enhanced
from carpet.testing.reference_objects import REFERENCE_OBJECTS

ENHANCED = [name for name, one in REFERENCE_OBJECTS.items() if one.described.enhanced]


def moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y%m%d%H%M%S.%f")


def suv_per_stored(dataset: Dataset, frame: Dataset) -> float:
    (mapping,) = frame.RealWorldValueMappingSequence
    unit = mapping.MeasurementUnitsCodeSequence[0].CodeValue
    if unit == "g/ml{SUVbw}":
        return float(mapping.RealWorldValueSlope)
    assert unit == "Bq/ml"
    (drug,) = dataset.RadiopharmaceuticalInformationSequence
    content = frame.FrameContentSequence[0]
    at = dataset.DecayCorrectionDateTime if dataset.DecayCorrected == "YES" else content.FrameReferenceDateTime
    waited = (moment(at) - moment(drug.RadiopharmaceuticalStartDateTime)).total_seconds()
    remaining = float(drug.RadionuclideTotalDose) * 1e6 * 2 ** (-waited / float(drug.RadionuclideHalfLife))
    return float(mapping.RealWorldValueSlope) * float(dataset.PatientWeight) * 1000.0 / remaining


@pytest.mark.parametrize("name", ENHANCED)
def test_suv_from_the_functional_groups(name: str, tmp_path: Path) -> None:
    described = REFERENCE_OBJECTS[name].described
    stored, suv = stored_values(described)
    (path,) = write_enhanced(name, described, stored, tmp_path)
    dataset = pydicom.dcmread(path)
    frames = dataset.PerFrameFunctionalGroupsSequence
    assert len(frames) == dataset.NumberOfFrames == 20
    read = np.stack([pixels * suv_per_stored(dataset, frame) for pixels, frame in zip(dataset.pixel_array, frames, strict=True)])
    assert read == pytest.approx(suv.values, rel=1e-6)
    for k, frame in enumerate(frames):
        assert list(map(float, frame.PlanePositionSequence[0].ImagePositionPatient)) == [0.0, 0.0, 4.0 * k]
        assert frame.PixelValueTransformationSequence[0].RescaleSlope == frame.RealWorldValueMappingSequence[0].RealWorldValueSlope


def test_frames_tell_their_times_and_no_older_attribute_does(tmp_path: Path) -> None:
    described = Description(enhanced=True, decay="NONE", beds=(clock("11:00"), clock("11:05")))
    dataset = pydicom.dcmread(write_enhanced("x", described, stored_values(described)[0], tmp_path)[0])
    contents = [frame.FrameContentSequence[0] for frame in dataset.PerFrameFunctionalGroupsSequence]
    assert [one.FrameAcquisitionDateTime[8:12] for one in contents] == ["1100"] * 10 + ["1105"] * 10
    assert {one.FrameAcquisitionDuration for one in contents} == {300000.0}
    assert "DecayCorrectionDateTime" not in dataset
    classic = ("Units", "DecayCorrection", "CorrectedImage", "RescaleSlope", "AcquisitionTime", "FrameReferenceTime", "SUVType")
    assert not [keyword for keyword in classic if keyword in dataset]
