"""Which attributes de-identification lets pass: all others go. What becomes of a value that passes follows from its VR.

Numbers, times and tags stay as they are; dates are shifted, UIDs mapped, terms and texts kept as far as their words are harmless,
codes as far as DICOM publishes them; items of a sequence are treated by the same list. Free text of patients, physicians and places is
on no list. Source: PS3.3 (A.3, A.21, A.38, A.56 and their modules) against PS3.15 Table E.1-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

IMAGES = {
    "1.2.840.10008.5.1.4.1.1.128": "PT",  # PET
    "1.2.840.10008.5.1.4.1.1.2": "CT",  # CT
    "1.2.840.10008.5.1.4.1.1.130": "PT",  # Enhanced PET
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",  # Enhanced CT
    "1.2.840.10008.5.1.4.1.1.128.1": "PT",  # Legacy Converted Enhanced PET
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",  # Legacy Converted Enhanced CT
}
PASSING_BY_TOPIC = {
    "SOP common, study, series, frame of reference": (
        "ImageType InstanceCreationDate InstanceCreationTime SOPClassUID SOPInstanceUID StudyDate SeriesDate AcquisitionDate ContentDate "
        "AcquisitionDateTime StudyTime SeriesTime AcquisitionTime ContentTime TimezoneOffsetFromUTC Modality Manufacturer "
        "ManufacturerModelName SoftwareVersions DeviceSerialNumber StudyDescription SeriesDescription ProtocolName StudyInstanceUID "
        "SeriesInstanceUID SeriesNumber AcquisitionNumber InstanceNumber FrameOfReferenceUID PositionReferenceIndicator "
        "SynchronizationFrameOfReferenceUID Laterality BodyPartExamined PatientPosition SeriesType NumberOfSeriesRelatedInstances "
    ),
    "the patient's characteristics": ("PatientSex PatientAge PatientSize PatientWeight "),
    "references to other images, codes": (
        "ReferencedSOPClassUID ReferencedSOPInstanceUID ReferencedFrameNumber ReferencedImageSequence SourceImageSequence "
        "ReferencedStudySequence PurposeOfReferenceCodeSequence CodeValue CodingSchemeDesignator CodeMeaning "
    ),
    "geometry and pixels": (
        "ImagePositionPatient ImageOrientationPatient SliceLocation SliceThickness SpacingBetweenSlices PixelSpacing ImagesInAcquisition "
        "SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns BitsAllocated BitsStored HighBit "
        "PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue PixelPaddingRangeLimit PixelData "
        "PixelAspectRatio RescaleIntercept RescaleSlope RescaleType WindowCenter WindowWidth VOILUTFunction PresentationLUTShape "
        "LossyImageCompression LossyImageCompressionRatio BurnedInAnnotation RecognizableVisualFeatures PatientOrientation "
        "QualityControlImage PixelPresentation VolumetricProperties VolumeBasedCalculationTechnique ContentQualification "
    ),
    "PET": (
        "Units SUVType CountsSource CorrectedImage DecayCorrection DecayFactor DoseCalibrationFactor ScatterFractionFactor DeadTimeFactor "
        "SliceSensitivityFactor AttenuationCorrectionMethod ScatterCorrectionMethod RandomsCorrectionMethod ReconstructionMethod "
        "ReprojectionMethod DetectorLinesOfResponseUsed ConvolutionKernel ReconstructionDiameter FrameReferenceTime ActualFrameDuration "
        "ImageIndex NumberOfSlices NumberOfTimeSlices NumberOfTimeSlots NumberOfRRIntervals NumberOfRotations CollimatorType "
        "TypeOfDetectorMotion FieldOfViewShape FieldOfViewDimensions AxialAcceptance AxialMash TransverseMash CoincidenceWindowWidth "
        "SecondaryCountsType PrimaryPromptsCountsAccumulated SecondaryCountsAccumulated EnergyWindowRangeSequence "
        "EnergyWindowLowerLimit EnergyWindowUpperLimit GantryDetectorTilt GantryDetectorSlew TableHeight TableTraverse "
        "AcquisitionStartCondition AcquisitionStartConditionData AcquisitionTerminationCondition AcquisitionTerminationConditionData "
        "TriggerTime FrameTime IntervalsAcquired IntervalsRejected DecayCorrectionDateTime "
        "PatientOrientationCodeSequence PatientOrientationModifierCodeSequence PatientGantryRelationshipCodeSequence "
    ),
    "the injected tracer": (
        "RadiopharmaceuticalInformationSequence Radiopharmaceutical RadiopharmaceuticalVolume RadiopharmaceuticalStartTime "
        "RadiopharmaceuticalStopTime RadiopharmaceuticalStartDateTime RadiopharmaceuticalStopDateTime RadionuclideTotalDose "
        "RadionuclideHalfLife RadionuclidePositronFraction RadiopharmaceuticalSpecificActivity RadionuclideCodeSequence "
        "RadiopharmaceuticalCodeSequence RadiopharmaceuticalAdministrationEventUID AdministrationRouteCodeSequence "
        "RadiopharmaceuticalUsageSequence RadiopharmaceuticalAgentNumber "
    ),
    "CT": (
        "KVP DataCollectionDiameter DistanceSourceToDetector DistanceSourceToPatient RotationDirection ExposureTime XRayTubeCurrent "
        "Exposure ExposureInuAs ExposureInmAs FilterType GeneratorPower FocalSpots ScanOptions RevolutionTime SingleCollimationWidth "
        "TotalCollimationWidth TableSpeed TableFeedPerRotation SpiralPitchFactor CTDIvol ExposureModulationType EstimatedDoseSaving "
        "DataCollectionCenterPatient ReconstructionTargetCenterPatient ContrastBolusAgent ContrastBolusVolume "
        "ReconstructionAlgorithm ReconstructionFieldOfView ReconstructionPixelSpacing ReconstructionAngle ImageFilter "
    ),
    "enhanced and legacy-converted images": (
        "SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlanePositionSequence "
        "PlaneOrientationSequence PixelValueTransformationSequence FrameContentSequence FrameVOILUTSequence PETFrameTypeSequence "
        "CTImageFrameTypeSequence FrameType FrameAcquisitionNumber FrameReferenceDateTime FrameAcquisitionDateTime "
        "FrameAcquisitionDuration DimensionIndexValues TemporalPositionIndex StackID InStackPositionNumber DimensionOrganizationSequence "
        "DimensionOrganizationUID DimensionOrganizationType DimensionIndexSequence DimensionIndexPointer FunctionalGroupPointer "
        "PETFrameCorrectionFactorsSequence PETFrameAcquisitionSequence PETReconstructionSequence PETDetectorMotionDetailsSequence "
        "PETPositionSequence PETTableDynamicsSequence DecayCorrected AttenuationCorrected ScatterCorrected DeadTimeCorrected "
        "GantryMotionCorrected PatientMotionCorrected CountLossNormalizationCorrected RandomsCorrected NonUniformRadialSamplingCorrected "
        "SensitivityCalibrated DetectorNormalizationCorrection AttenuationCorrectionSource AttenuationCorrectionTemporalRelationship "
        "IterativeReconstructionMethod NumberOfIterations NumberOfSubsets TimeOfFlightInformationUsed ReconstructionType "
        "CardiacSynchronizationSequence RespiratorySynchronizationSequence TemporalPositionSequence TemporalPositionIdentifier "
        "TemporalPositionTimeOffset CardiacCyclePosition RespiratoryCyclePosition NominalPercentageOfCardiacPhase "
        "NominalPercentageOfRespiratoryPhase NominalCardiacTriggerDelayTime NominalRespiratoryTriggerDelayTime "
        "FrameAnatomySequence FrameLaterality AnatomicRegionSequence AnatomicRegionModifierSequence ViewCodeSequence "
        "ViewModifierCodeSequence SliceProgressionDirection TableMotion LUTExplanation "
        "TablePosition TablePositionSequence RealWorldValueMappingSequence RealWorldValueFirstValueMapped RealWorldValueLastValueMapped "
        "RealWorldValueSlope RealWorldValueIntercept MeasurementUnitsCodeSequence QuantityDefinitionSequence LUTLabel "
        "DerivationImageSequence DerivationCodeSequence ConversionSourceAttributesSequence ConcatenationUID "
        "InConcatenationNumber InConcatenationTotalNumber ConcatenationFrameOffsetNumber SOPInstanceUIDOfConcatenationSource "
        "UnassignedSharedConvertedAttributesSequence UnassignedPerFrameConvertedAttributesSequence AcquisitionDuration "
        "CTAcquisitionTypeSequence AcquisitionType ConstantVolumeFlag FluoroscopyFlag CTAcquisitionDetailsSequence CTTableDynamicsSequence "
        "CTPositionSequence CTGeometrySequence CTReconstructionSequence CTExposureSequence CTXRayDetailsSequence "
        "ConvolutionKernelGroup ExposureTimeInms XRayTubeCurrentInmA DistanceSourceToDataCollectionCenter "
        "StartDensityThreshold StartRelativeDensityDifferenceThreshold StartCardiacTriggerCountThreshold "
        "StartRespiratoryTriggerCountThreshold TerminationCountsThreshold TerminationDensityThreshold "
        "TerminationRelativeDensityThreshold TerminationTimeThreshold TerminationCardiacTriggerCountThreshold "
        "TerminationRespiratoryTriggerCountThreshold DetectorGeometry TransverseDetectorSeparation AxialDetectorDimension"
    ),
}
PASSING = frozenset(" ".join(PASSING_BY_TOPIC.values()).split())
EMPTY = {0x00080050: "SH", 0x00080090: "PN", 0x00100030: "DA", 0x00200010: "SH"}  # type 2, identifying: there, and without a value
EMPTIED = {0x00400555: "SQ"}  # Acquisition Context, type 2 where it stands: it may hold anything


@dataclass(frozen=True, slots=True)
class PrivateBlock:
    """The safe elements of one vendor's block: low byte of the element, and its VR."""

    group: int
    creator: str
    elements: tuple[tuple[int, str], ...]


# PS3.15 E.3.10; the first of each row are what SUV is computed from (METHODS A.2), the others their numeric neighbours
PRIVATE_BLOCKS = (
    PrivateBlock(
        0x0009, "GEMS_PETD_01", ((0x0D, "DT"), (0x3B, "DT"), (0x38, "FL"), (0x39, "DT"), (0x3C, "FL"), (0x3D, "DT"), (0x3F, "FL"))
    ),
    PrivateBlock(0x0071, "SIEMENS MED PT", ((0x22, "DT"),)),
    PrivateBlock(0x7053, "Philips PET Private Group", ((0x00, "DS"), (0x09, "DS"))),
)
OWNERLESS = 0x10  # the block that is taken where the creator is missing, as some anonymisers leave it


@dataclass(frozen=True, slots=True)
class Rules:
    """What passes: standard attributes by tag, with their VR; and safe private blocks."""

    standard: dict[int, str]
    private: tuple[PrivateBlock, ...]


@cache
def usual_rules() -> Rules:
    """The rules that `carpet deid` goes by."""
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tags = {keyword: tag_for_keyword(keyword) for keyword in PASSING}
    unknown = sorted(keyword for keyword, tag in tags.items() if tag is None)
    assert not unknown, f"DICOM has no attributes {unknown}"
    return Rules({tag: dictionary_VR(tag) for tag in tags.values() if tag is not None}, PRIVATE_BLOCKS)


@cache
def most_values(tag: int) -> int | None:
    """How many values a standard attribute can have (PS3.6); None without a limit. A private one of the list above has one."""
    from pydicom.datadict import dictionary_has_tag, dictionary_VM

    last = dictionary_VM(tag).rpartition("-")[2] if dictionary_has_tag(tag) else "1"
    return int(last) if last.isdigit() else None
