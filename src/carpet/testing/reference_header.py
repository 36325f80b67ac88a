"""Headers and slices of the SUV reference objects: what a single-frame PET series of each description says."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, PositronEmissionTomographyImageStorage, generate_uid

from carpet.testing.headers import HEADFIRST, POSITRON_FRACTION, RECUMBENT, SUPINE, add_pixels, blank, coded
from carpet.testing.phantom import UID_ROOT
from carpet.testing.reference_description import (
    DOSE_BQ,
    FRAME_S,
    HEIGHT_M,
    PHILIPS_ACTIVITY_FACTOR,
    PHILIPS_SUV_FACTOR,
    SHAPE_KJI,
    SPACING_MM,
    WEIGHT_KG,
    Description,
    reference_grid,
)

CORRECTIONS = ("NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN")


def uid(*words: object) -> UID:
    """A UID that the words determine."""
    return generate_uid(prefix=UID_ROOT, entropy_srcs=["reference object", *map(str, words)])


def date(at: dt.datetime) -> str:
    return at.strftime("%Y%m%d")


def time(at: dt.datetime) -> str:
    return at.strftime("%H%M%S.%f")


def common_header(name: str, described: Description, sop_class: str) -> FileDataset:
    """Patient, study, series, equipment, frame of reference and pixels."""
    dataset = blank(sop_class, implicit_vr=False)
    add_pixels(dataset)
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "DRO^SUV", name, "19900101"
    dataset.PatientSex, dataset.PatientSize, dataset.PatientWeight = described.sex, str(HEIGHT_M), str(WEIGHT_KG)
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "Synthetic object, no patient"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(name, "study"), uid(name, "series")
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = reference_grid().frame_uid, ""
    dataset.StudyDate, dataset.StudyTime = date(described.series_at), time(described.series_at)
    dataset.SeriesDate, dataset.SeriesTime = date(described.series_at), time(described.series_at)
    dataset.ContentDate, dataset.ContentTime = date(described.series_at), time(described.series_at)
    dataset.AccessionNumber, dataset.ReferringPhysicianName, dataset.StudyID, dataset.SeriesNumber = "", "", "1", 1
    dataset.StudyDescription, dataset.SeriesDescription = "SUV reference object", name
    dataset.Modality, dataset.Manufacturer, dataset.InstitutionName = "PT", described.manufacturer, "CARPET phantom"
    dataset.ManufacturerModelName, dataset.SoftwareVersions, dataset.DeviceSerialNumber = "Reference object", "1", "1"
    dataset.CountsSource, dataset.RandomsCorrectionMethod = "EMISSION", "DLYD"
    dataset.Rows, dataset.Columns = SHAPE_KJI[1:]
    dataset.LossyImageCompression, dataset.BodyPartExamined = "00", "WHOLEBODY"
    return dataset


def radiopharmaceutical(described: Description) -> Dataset:
    """The item of (0054,0016)."""
    drug = Dataset()
    drug.Radiopharmaceutical = described.tracer.name
    if "+time" in described.injection or described.injection == "time":
        drug.RadiopharmaceuticalStartTime = time(described.injected_at)
    if described.injection.startswith("datetime"):
        drug.RadiopharmaceuticalStartDateTime = date(described.injected_at) + time(described.injected_at)
    drug.RadionuclideTotalDose = f"{DOSE_BQ * (1e-6 if described.dose_in_mbq else 1.0):.12g}"
    drug.RadionuclideHalfLife = str(described.tracer.half_life_s)
    drug.RadionuclidePositronFraction = str(POSITRON_FRACTION)
    code, meaning = described.tracer.nuclide
    drug.RadionuclideCodeSequence = Sequence([coded(code, "SCT", meaning)])
    return drug


def write_slices(name: str, described: Description, stored: NDArray[np.int16], folder: Path) -> tuple[Path, ...]:
    """One file a slice, as Positron Emission Tomography Image Storage."""
    header = _header(name, described)
    files = []
    for k in range(len(stored)):
        header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = uid(name, k)
        header.InstanceNumber = header.ImageIndex = k + 1
        header.ImagePositionPatient, header.SliceLocation = ["0", "0", str(SPACING_MM * k)], str(SPACING_MM * k)
        header.AcquisitionDate, header.AcquisitionTime = date(described.bed(k)), time(described.bed(k))
        header.FrameReferenceTime = f"{1000.0 * described.frame_reference_s(k):.3f}"
        header.RescaleSlope = str(described.slope(k))
        if described.decay != "NONE":
            header.DecayFactor = f"{described.decay_factor(k):.8g}"
        header.PixelData = stored[k].astype("<i2").tobytes()
        header["PixelData"].VR = "OW"
        rewrite(header, described)
        files.append(save(header, folder / f"slice_{k:03d}.dcm"))
    return tuple(files)


def _header(name: str, described: Description) -> FileDataset:
    """All that is the same on every slice."""
    dataset = common_header(name, described, PositronEmissionTomographyImageStorage)
    dataset.ImageType, dataset.SeriesType = ["ORIGINAL", "PRIMARY"], ["STATIC", "IMAGE"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.PixelSpacing, dataset.SliceThickness, dataset.NumberOfSlices = [str(SPACING_MM)] * 2, str(SPACING_MM), SHAPE_KJI[0]
    dataset.ActualFrameDuration = str(round(1000.0 * FRAME_S))
    dataset.CollimatorType, dataset.ReconstructionMethod = "NONE", "PSF+TOF 4i5s"
    dataset.CorrectedImage = [word for word in CORRECTIONS if described.decay != "NONE" or word != "DECY"]
    dataset.Units, dataset.DecayCorrection, dataset.RescaleIntercept = described.units, described.decay, "0"
    if described.suv_type:
        dataset.SUVType = described.suv_type
    dataset.RadiopharmaceuticalInformationSequence = Sequence([radiopharmaceutical(described)])
    lying = coded(*RECUMBENT)
    lying.PatientOrientationModifierCodeSequence = Sequence([coded(*SUPINE)])
    dataset.PatientOrientationCodeSequence = Sequence([lying])
    dataset.PatientGantryRelationshipCodeSequence = Sequence([coded(*HEADFIRST)])
    _add_private(dataset, described)
    return dataset


def _add_private(dataset: Dataset, described: Description) -> None:
    """The vendor's own stamp of the scan's start, and Philips' factors (a SUV factor of 0.0 means absent)."""
    if described.counts_are:
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", str(PHILIPS_SUV_FACTOR if described.counts_are == "SUV" else 0.0))
        if described.counts_are == "activity":
            block.add_new(0x09, "DS", str(PHILIPS_ACTIVITY_FACTOR))
    if described.private_at:
        ge = described.manufacturer.startswith("GE")
        block = dataset.private_block(0x0009 if ge else 0x0071, "GEMS_PETD_01" if ge else "SIEMENS MED PT", create=True)
        block.add_new(0x0D if ge else 0x22, "DT", date(described.private_at) + time(described.private_at))


def rewrite(dataset: Dataset, described: Description) -> None:
    """Change what the description wants changed or absent, at the root or in the radiopharmaceutical's item."""
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    for keyword, value in described.rewritten:
        place = drug if keyword.startswith("Radi") else dataset
        if value is not None:
            setattr(place, keyword, value)
        elif keyword in place:
            delattr(place, keyword)


def save(dataset: FileDataset, path: Path) -> Path:
    """Write the file; the same data set gives the same bytes."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return path
