"""The SUV reference objects as Enhanced PET (PS3.3 A.56, C.8.22): one file, a frame a slice, functional groups."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import EnhancedPETImageStorage

from carpet.testing.headers import FDG, coded
from carpet.testing.reference_description import DOSE_BQ, FRAME_S, SPACING_MM, Description
from carpet.testing.reference_header import common_header, date, radiopharmaceutical, rewrite, save, time, uid

FRAME_KIND = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
UNITS = {"BQML": ("Bq/ml", "Becquerels/milliliter"), "GML": ("g/ml{SUVbw}", "Standardized Uptake Value body weight")}  # UCUM, CID 84
WHOLE_BODY = ("38266002", "SCT", "Entire body")
TRUE_CORRECTIONS = (
    "AttenuationCorrected",
    "ScatterCorrected",
    "DeadTimeCorrected",
    "CountLossNormalizationCorrected",
    "RandomsCorrected",
    "SensitivityCalibrated",
    "DetectorNormalizationCorrection",
)
NO_CORRECTIONS = ("GantryMotionCorrected", "PatientMotionCorrected", "NonUniformRadialSamplingCorrected")


def write_enhanced(name: str, described: Description, stored: NDArray[np.int16], folder: Path) -> tuple[Path, ...]:
    """One multi-frame file, as Enhanced PET Image Storage."""
    dataset = common_header(name, described, EnhancedPETImageStorage)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid(name, "frames")
    dataset.InstanceNumber, dataset.NumberOfFrames = 1, len(stored)
    _add_acquisition(dataset, described)
    _add_corrections(dataset, described)
    _add_isotope(dataset, described)
    _add_dimensions(dataset, name)
    dataset.SharedFunctionalGroupsSequence = Sequence([_shared()])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([_frame(described, k) for k in range(len(stored))])
    dataset.PixelData = stored.astype("<i2").tobytes()
    dataset["PixelData"].VR = "OW"
    rewrite(dataset, described)
    return (save(dataset, folder / "frames.dcm"),)


def _moment(at: dt.datetime) -> str:
    return date(at) + time(at)


def _item(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _one(**attributes: object) -> Sequence:
    return Sequence([_item(**attributes)])


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    return Sequence([coded(value, scheme, meaning)])


def _add_acquisition(dataset: Dataset, described: Description) -> None:
    dataset.ImageType, dataset.PixelPresentation = FRAME_KIND, "MONOCHROME"
    dataset.VolumetricProperties, dataset.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    dataset.ContentQualification, dataset.PresentationLUTShape, dataset.BurnedInAnnotation = "RESEARCH", "IDENTITY", "NO"
    dataset.AcquisitionDateTime = _moment(described.beds[0])
    dataset.AcquisitionDuration = FRAME_S * len(described.beds)
    dataset.AcquisitionStartCondition, dataset.AcquisitionTerminationCondition = "MANU", "TIME"
    dataset.TerminationTimeThreshold = FRAME_S
    dataset.TableMotion, dataset.TypeOfDetectorMotion, dataset.CollimatorType = "STATIC", "STATIONARY", "NONE"
    dataset.DetectorGeometry, dataset.TimeOfFlightInformationUsed = "CYLINDRICAL_RING", "TRUE"
    dataset.TransverseDetectorSeparation, dataset.AxialDetectorDimension = 800.0, 200.0
    dataset.CoincidenceWindowWidth = 4.0
    dataset.EnergyWindowRangeSequence = _one(EnergyWindowLowerLimit="435", EnergyWindowUpperLimit="650")
    dataset.ViewCodeSequence = _code("399067008", "SCT", "Lateral projection")
    dataset.PatientPosition = "HFS"
    dataset.AcquisitionContextSequence = Sequence([])


def _add_corrections(dataset: Dataset, described: Description) -> None:
    for keyword in TRUE_CORRECTIONS:
        setattr(dataset, keyword, "YES")
    for keyword in NO_CORRECTIONS:
        setattr(dataset, keyword, "NO")
    dataset.DecayCorrected = "NO" if described.decay == "NONE" else "YES"
    if described.decay != "NONE":
        dataset.DecayCorrectionDateTime = _moment(described.scan_at)
    dataset.AttenuationCorrectionSource, dataset.AttenuationCorrectionTemporalRelationship = "CT", "SIMULTANEOUS"
    dataset.ScatterCorrectionMethod = "Model-based"


def _add_isotope(dataset: Dataset, described: Description) -> None:
    """Here, unlike in the older PET object, the dose is in MBq (PS3.3 C.8.22.4)."""
    drug = radiopharmaceutical(described)
    del drug.RadiopharmaceuticalStartTime, drug.Radiopharmaceutical
    drug.RadiopharmaceuticalAgentNumber = 1
    drug.RadionuclideTotalDose = f"{DOSE_BQ * 1e-6:.12g}"
    drug.RadiopharmaceuticalAdministrationEventUID = uid("administration")
    drug.AdministrationRouteCodeSequence = _code("47625008", "SCT", "Intravenous route")
    drug.RadiopharmaceuticalCodeSequence = _code(*FDG)
    dataset.RadiopharmaceuticalInformationSequence = Sequence([drug])


def _add_dimensions(dataset: Dataset, name: str) -> None:
    organisation = uid(name, "dimensions")
    dataset.DimensionOrganizationSequence = _one(DimensionOrganizationUID=organisation)
    dataset.DimensionIndexSequence = _one(
        DimensionOrganizationUID=organisation,
        DimensionIndexPointer=Tag("InStackPositionNumber"),
        FunctionalGroupPointer=Tag("FrameContentSequence"),
    )


def _shared() -> Dataset:
    """The functional groups that all frames share."""
    kind = _item(FrameType=FRAME_KIND, PixelPresentation="MONOCHROME")
    kind.VolumetricProperties, kind.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    anatomy = _item(FrameLaterality="U", AnatomicRegionSequence=_code(*WHOLE_BODY))
    return _item(
        PixelMeasuresSequence=_one(PixelSpacing=[str(SPACING_MM)] * 2, SliceThickness=str(SPACING_MM)),
        PlaneOrientationSequence=_one(ImageOrientationPatient=["1", "0", "0", "0", "1", "0"]),
        FrameAnatomySequence=Sequence([anatomy]),
        FrameVOILUTSequence=_one(WindowCenter="7000", WindowWidth="14000"),
        RadiopharmaceuticalUsageSequence=_one(RadiopharmaceuticalAgentNumber=1),
        PETFrameTypeSequence=Sequence([kind]),
        PETFrameAcquisitionSequence=_one(DataCollectionDiameter=600.0, GantryDetectorTilt=0.0, GantryDetectorSlew=0.0, TableHeight=0.0),
        PETPositionSequence=_one(
            DataCollectionCenterPatient=[0.0, 0.0, 0.0], ReconstructionTargetCenterPatient=[0.0, 0.0, 0.0], TablePosition=0.0
        ),
        PETReconstructionSequence=_one(
            ReconstructionFieldOfView=[64.0, 64.0],
            ReconstructionAlgorithm="ITERATIVE",
            ReconstructionType="3D",
            IterativeReconstructionMethod="YES",
            NumberOfIterations=4,
            NumberOfSubsets=5,
        ),
    )


def _frame(described: Description, k: int) -> Dataset:
    """The functional groups of frame k."""
    slope, (unit, meaning) = described.slope(k), UNITS[described.units]
    began = described.bed(k)
    content = _item(
        FrameAcquisitionNumber=1,
        FrameAcquisitionDateTime=_moment(began),
        FrameReferenceDateTime=_moment(began + dt.timedelta(seconds=described.mean_count_s())),
        FrameAcquisitionDuration=1000.0 * FRAME_S,
        StackID="1",
        InStackPositionNumber=k + 1,
        TemporalPositionIndex=1,
        DimensionIndexValues=[k + 1],
    )
    mapping = _item(
        RealWorldValueFirstValueMapped=0,
        RealWorldValueLastValueMapped=32767,
        RealWorldValueIntercept=0.0,
        RealWorldValueSlope=slope,
        LUTExplanation=meaning,
        LUTLabel=described.units,
        MeasurementUnitsCodeSequence=_code(unit, "UCUM", meaning),
    )
    factors = _item(SliceSensitivityFactor=1.0, ScatterFractionFactor=0.3, DeadTimeFactor=1.05, PrimaryPromptsCountsAccumulated=100000)
    if described.decay != "NONE":
        factors.DecayFactor = f"{described.decay_factor(k):.8g}"
    return _item(
        FrameContentSequence=Sequence([content]),
        PlanePositionSequence=_one(ImagePositionPatient=["0", "0", str(SPACING_MM * k)]),
        PixelValueTransformationSequence=_one(RescaleSlope=str(slope), RescaleIntercept="0", RescaleType="US"),
        RealWorldValueMappingSequence=Sequence([mapping]),
        PETFrameCorrectionFactorsSequence=Sequence([factors]),
    )
