"""DICOM headers of a phantom's PET and CT: everything that is the same on every slice of a series."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, PositronEmissionTomographyImageStorage

from carpet.core.body import Body
from carpet.testing.phantom import UID_ROOT
from carpet.testing.timing import Decay, Visit
from carpet.testing.vendors import Vendor, date

FDG = ("35321007", "SCT", "Fluorodeoxyglucose F^18^")
F18 = ("77004003", "SCT", "^18^Fluorine")
RECUMBENT, SUPINE, HEADFIRST = ("102538003", "SCT", "recumbent"), ("40199007", "SCT", "supine"), ("102540008", "SCT", "headfirst")
POSITRON_FRACTION = 0.97  # of F-18 decays


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def blank(sop_class: str, implicit_vr: bool) -> FileDataset:
    """A data set with file meta information that doesn't depend on the pydicom version."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit_vr else ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(f"{UID_ROOT}1")
    meta.ImplementationVersionName = "CARPET_TESTING"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = sop_class
    return dataset


def add_patient_and_study(dataset: Dataset, vendor: Vendor, visit: Visit, body: Body) -> None:
    """Patient, study and equipment: synthetic through and through, and said to be so."""
    dataset.PatientName = visit.patient_name or f"PHANTOM^{visit.patient_id.removeprefix('PHANTOM-')}"
    dataset.PatientID = visit.patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = body.sex.value if body.sex else "O"
    dataset.PatientAge = f"{visit.age_years:03d}Y"
    if body.height_m is not None:
        dataset.PatientSize = f"{body.height_m:.4g}"
    dataset.PatientWeight = f"{body.weight_kg:.6g}"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Synthetic phantom, no patient"
    dataset.StudyDate, dataset.StudyTime = date(visit.scan_at), vendor.time(visit.scan_at)
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = "1"
    dataset.StudyDescription = "PET^WholeBody FDG (phantom)"
    dataset.Manufacturer = vendor.manufacturer
    dataset.SoftwareVersions = vendor.software
    dataset.InstitutionName = "CARPET phantom"
    dataset.PositionReferenceIndicator = ""
    dataset.BodyPartExamined = "WHOLEBODY"


def add_pixels(dataset: Dataset) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1


@dataclass(frozen=True)
class PetKind:
    """What sort of PET series: its Units, its decay correction, whether it is corrected for attenuation."""

    units: str
    decay: Decay
    attenuated: bool


def pet_header(vendor: Vendor, visit: Visit, body: Body, *, kind: PetKind, implicit_vr: bool) -> FileDataset:
    """The PET header but for what differs between slices."""
    dataset = blank(PositronEmissionTomographyImageStorage, implicit_vr)
    add_patient_and_study(dataset, vendor, visit, body)
    add_pixels(dataset)
    dataset.Modality = "PT"
    dataset.ManufacturerModelName = vendor.pet_model
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.SeriesDate, dataset.SeriesTime = date(visit.scan_at), vendor.time(visit.scan_at)
    dataset.SeriesNumber = 4 if kind.attenuated else 5
    dataset.SeriesDescription = "PET WB AC" if kind.attenuated else "PET WB NAC"
    dataset.SeriesType = ["WHOLE BODY", "IMAGE"]
    dataset.Units = kind.units
    if kind.units == "GML":
        dataset.SUVType = "BW"
    dataset.CountsSource = "EMISSION"
    dataset.CollimatorType = "NONE"
    dataset.TypeOfDetectorMotion = "NONE"
    dataset.ActualFrameDuration = str(round(visit.bed_s * 1000))
    dataset.LossyImageCompression = "00"
    dataset.RescaleIntercept = "0"
    _add_corrections(dataset, vendor, kind)
    _add_patient_orientation(dataset)
    return dataset


def _add_corrections(dataset: Dataset, vendor: Vendor, kind: PetKind) -> None:
    words = (word for word in vendor.corrections if kind.attenuated or word not in ("ATTN", "SCAT"))
    dataset.CorrectedImage = [word for word in words if kind.decay != "NONE" or word != "DECY"]
    dataset.DecayCorrection = kind.decay
    dataset.RandomsCorrectionMethod = vendor.randoms
    dataset.AttenuationCorrectionMethod = vendor.attenuation if kind.attenuated else "NONE"
    dataset.ScatterCorrectionMethod = vendor.scatter if kind.attenuated else "NONE"
    dataset.ReconstructionMethod = vendor.reconstruction
    dataset.ConvolutionKernel = "XYZ Gauss2.00"
    dataset.DoseCalibrationFactor = "1"
    dataset.ScatterFractionFactor = "0.3"
    dataset.DeadTimeFactor = "1.05"
    dataset.SliceSensitivityFactor = "1"


def _add_patient_orientation(dataset: Dataset) -> None:
    lying = coded(*RECUMBENT)
    lying.PatientOrientationModifierCodeSequence = Sequence([coded(*SUPINE)])
    dataset.PatientOrientationCodeSequence = Sequence([lying])
    dataset.PatientGantryRelationshipCodeSequence = Sequence([coded(*HEADFIRST)])
    window = Dataset()
    window.EnergyWindowLowerLimit, window.EnergyWindowUpperLimit = "435", "650"
    dataset.EnergyWindowRangeSequence = Sequence([window])


def add_isotope(dataset: Dataset, vendor: Vendor, visit: Visit, injection: str) -> None:
    """Radiopharmaceutical Information. `injection`: which of datetime, time are written (`datetime+time`, …, `none`)."""
    drug = Dataset()
    drug.Radiopharmaceutical = "Fluorodeoxyglucose"
    if "time" in injection.split("+"):
        drug.RadiopharmaceuticalStartTime = vendor.time(visit.injected_at)
    if "datetime" in injection.split("+"):
        drug.RadiopharmaceuticalStartDateTime = vendor.date_time(visit.injected_at)
    drug.RadionuclideTotalDose = f"{visit.dose_bq:.12g}"
    drug.RadionuclideHalfLife = f"{visit.half_life_s:.10g}"
    drug.RadionuclidePositronFraction = str(POSITRON_FRACTION)
    drug.RadionuclideCodeSequence = Sequence([coded(*F18)])
    drug.RadiopharmaceuticalCodeSequence = Sequence([coded(*FDG)])
    dataset.RadiopharmaceuticalInformationSequence = Sequence([drug])


def ct_header(vendor: Vendor, visit: Visit, body: Body, *, implicit_vr: bool) -> FileDataset:
    """The CT header but for what differs between slices."""
    dataset = blank(CTImageStorage, implicit_vr)
    add_patient_and_study(dataset, vendor, visit, body)
    add_pixels(dataset)
    dataset.Modality = "CT"
    dataset.PatientPosition = "HFS"
    dataset.ManufacturerModelName = vendor.ct_model
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesDate, dataset.SeriesTime = date(visit.scan_at), vendor.time(visit.scan_at)
    dataset.AcquisitionDate, dataset.AcquisitionTime = date(visit.scan_at), vendor.time(visit.scan_at)
    dataset.ContentDate, dataset.ContentTime = date(visit.scan_at), vendor.time(visit.scan_at)
    dataset.SeriesNumber = 2
    dataset.AcquisitionNumber = 1
    dataset.SeriesDescription = "CT WB low dose"
    dataset.KVP = "120"
    dataset.XRayTubeCurrent = "60"
    dataset.ConvolutionKernel = vendor.ct_kernel
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", str(vendor.ct_intercept), "HU"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    return dataset
