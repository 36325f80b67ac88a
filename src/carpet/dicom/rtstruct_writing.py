"""Lesions leave as a DICOM RT Structure Set: a structure a lesion, its outlines on the PET slices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian

from carpet.core.lesion import Code, Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, SpaceError
from carpet.dicom import codes
from carpet.dicom.outlines import Polygon, outlines
from carpet.dicom.seg import MANUFACTURER, MODEL, content_of, file_bytes, property_of, result_uid, segment_label, tracking_uids
from carpet.dicom.sources import check_source, referenced, source_header

RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management: retired, and what every writer of RTSTRUCT refers to
SERIES_NUMBER = 7004
POSITION_DIGITS = 6  # decimals of a position in mm: far below a voxel, and never more than the 16 characters of a DS
INTERPRETED: Mapping[Status, str] = MappingProxyType({Status.DISEASE: "GTV", Status.PHYSIOLOGIC: "ORGAN", Status.UNDECIDED: ""})


def write_rtstruct(
    lesions: Sequence[Lesion],
    source: Sequence[Dataset],
    *,
    patient: str,
    method: Provenance,
    software: str,
    when: dt.datetime,
    tracks: Mapping[str, str] | None = None,
) -> bytes | None:
    """An RTSTRUCT file of all lesions in this order, or None where there is no lesion; arguments as of `write_seg`.

    The outlines are `outlines`' on the plane of each PET slice, so that a reader gets the same voxels back. Raises SpaceError
    where the source is not the lesions' grid.
    """
    if not lesions:
        return None
    grid = lesions[0].region.grid
    check_source(source, grid)
    uids = tracking_uids(lesions, source[0], patient=patient, tracks=tracks)
    made = _of_patient(source[0], patient, software, when)
    made.SeriesInstanceUID = result_uid("rtstruct series", source[0], software, method.id, when.isoformat())
    made.SOPInstanceUID = codes.uid_of("rtstruct", made.SeriesInstanceUID, *content_of(lesions, uids))
    made.StructureSetLabel, made.StructureSetName = "LESIONS", codes.long_string(f"{method.method} {method.version}")
    made.StructureSetDate, made.StructureSetTime = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    made.ApprovalStatus = "UNAPPROVED"
    made.ReferencedFrameOfReferenceSequence = [_frame_of_reference(source)]
    numbered = list(enumerate(lesions, start=1))
    made.StructureSetROISequence = [_structure(n, lesion, method, source[0], uids[lesion.id]) for n, lesion in numbered]
    made.ROIContourSequence = [_contours(n, lesion, source, grid) for n, lesion in numbered]
    made.RTROIObservationsSequence = [_observation(n, lesion) for n, lesion in numbered]
    made.file_meta = FileMetaDataset()  # Explicit VR has no room for a contour of more than 65534 bytes, PS3.5 §6.2.2
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return file_bytes(made, when)


def _of_patient(header: Dataset, patient: str, software: str, when: dt.datetime) -> Dataset:
    """Patient, study, equipment and series."""
    kept, made = source_header(header, patient), Dataset()
    made.SpecificCharacterSet, made.SOPClassUID, made.Modality = "ISO_IR 192", RT_STRUCTURE_SET, "RTSTRUCT"
    for keyword in ("PatientID", "PatientName", "PatientSex", "PatientBirthDate", "StudyInstanceUID", "StudyID", "StudyDate"):
        setattr(made, keyword, kept[keyword].value)
    for keyword in ("StudyTime", "AccessionNumber", "ReferringPhysicianName", "FrameOfReferenceUID"):
        setattr(made, keyword, kept[keyword].value)
    made.PositionReferenceIndicator = kept.get("PositionReferenceIndicator")
    made.SeriesNumber, made.InstanceNumber, made.SeriesDescription, made.OperatorsName = SERIES_NUMBER, 1, "CARPET lesions", None
    made.SeriesDate, made.SeriesTime = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = MANUFACTURER, MODEL, software
    made.DeviceSerialNumber = "0"
    return made


def _frame_of_reference(source: Sequence[Dataset]) -> Dataset:
    """The PET on which the structures lie: frame, study, series and every slice."""
    frame, study, series = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID, series.ContourImageSequence = str(source[0].SeriesInstanceUID), referenced(source)
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = STUDY_CLASS, str(source[0].StudyInstanceUID)
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = str(source[0].FrameOfReferenceUID), [study]
    return frame


def _structure(number: int, lesion: Lesion, method: Provenance, header: Dataset, uid: str) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName = number, segment_label(lesion)
    item.ReferencedFrameOfReferenceUID = str(header.FrameOfReferenceUID)
    item.ROIVolume = _decimal(lesion.region.volume_ml)
    item.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
    item.ROIGenerationDescription = codes.long_string(f"{method.method} {method.version}")
    item.TrackingID, item.TrackingUID = lesion.id, uid  # as in the SEG: an extension that PS3.2 allows and other readers pass over
    return item


def _contours(number: int, lesion: Lesion, source: Sequence[Dataset], grid: Grid) -> Dataset:
    """The outlines of one lesion, slice by slice, and the planes they were drawn on."""
    if lesion.region.grid is not grid and not lesion.region.grid.same_as(grid):
        raise SpaceError(f"lesion {lesion.id} lies on another grid")
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, list(codes.DISPLAY_RGB[lesion.status])
    item.SourcePixelPlanesCharacteristicsSequence = [_planes(grid, source)]
    item.ContourSequence = []
    for k, polygon in _polygons(lesion):
        contour = Dataset()
        contour.ContourNumber = len(item.ContourSequence) + 1
        contour.ContourImageSequence = referenced([source[k]])
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(polygon)
        origin = np.array(source[k].ImagePositionPatient, dtype=np.float64)
        points = origin + polygon @ grid.affine_lps[:3, 1:3].T
        texts = [_decimal(x) for x in points.ravel().tolist()]
        contour.add(DataElement("ContourData", "DS", texts, already_converted=True))  # a million of them: no parsing back and forth
        item.ContourSequence.append(contour)
    return item


def _polygons(lesion: Lesion) -> Iterator[tuple[int, Polygon]]:
    """(k, outline in rows and columns of the grid) for every outline of the lesion."""
    first_k, first_j, first_i = lesion.region.origin_kji
    for k, plane in enumerate(lesion.region.mask, start=first_k):
        for polygon in outlines(plane):
            yield k, polygon + np.array([first_j, first_i])


def _planes(grid: Grid, source: Sequence[Dataset]) -> Dataset:
    """The PET slices, so that a reader knows a gap between two outlines from slices farther apart."""
    item = Dataset()
    item.PixelSpacing = [_decimal(step) for step in grid.spacing_mm_kji[1:]]
    item.SpacingBetweenSlices = _decimal(grid.spacing_mm_kji[0])
    item.ImageOrientationPatient = source[0].ImageOrientationPatient
    item.ImagePositionPatient = source[0].ImagePositionPatient
    item.NumberOfFrames, item.Rows, item.Columns = len(source), grid.shape_kji[1], grid.shape_kji[2]
    return item


def _observation(number: int, lesion: Lesion) -> Dataset:
    """What the structure is: neoplasm or organ, and the site of a lesion."""
    item = Dataset()
    item.ObservationNumber, item.ReferencedROINumber = number, number
    item.ROIObservationLabel = codes.short_string(lesion.id)
    item.RTROIInterpretedType, item.ROIInterpreter = INTERPRETED[lesion.status], None
    kind = property_of(lesion)[1]
    item.RTROIIdentificationCodeSequence = [_coded(kind)]
    if lesion.site is not None and kind is not lesion.site:
        item.AnatomicRegionSequence = [_coded(lesion.site)]
    return item


def _coded(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, codes.long_string(code.meaning)
    return item


def _decimal(number: float) -> str:
    """A DS value of at most 16 characters."""
    text = f"{number:.{POSITION_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
