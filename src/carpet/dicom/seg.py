"""Lesions leave as a DICOM Segmentation: BINARY, a segment a lesion."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from carpet.core.lesion import Code, Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, SpaceError
from carpet.dicom import codes

MANUFACTURER, MODEL = "CARPET", "carpet"
SERIES_NUMBER = 7001  # above the numbers that scanners give their own series
SAME_SLICE = 0.25  # of the slice distance: how far a source image may lie from its place on the regular PET grid
# What a result needs from a PET header; names, record numbers, dates of birth and free text stay behind.
KEPT_FROM_SOURCE = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyDate",
    "StudyTime",
    "Modality",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "Rows",
    "Columns",
)


def write_seg(
    lesions: Sequence[Lesion],
    source: Sequence[Dataset],
    *,
    patient: str,
    method: Provenance,
    software: str,
    when: dt.datetime,
    tracks: Mapping[str, str] | None = None,
) -> bytes | None:
    """A DICOM SEG file of all lesions in this order, or None where there is no lesion (a SEG needs a segment).

    source: headers of the PET slices in the order of the grid's k axis. patient: pseudonym, written as name and ID.
    method: name, version and parameters (threshold) of the delineation. tracks: lesion id → track, for lesions matched over
    time points; a lesion without one is a track of its own. UIDs follow from the content: the same call gives the same bytes.
    Raises SpaceError where lesions overlap or the source is not the lesions' grid.
    """
    import highdicom as hd

    if not lesions:
        return None
    grid = lesions[0].region.grid
    check_source(source, grid)
    slices, label_map = _label_map(lesions, grid)
    study = str(source[0].StudyInstanceUID)
    series_uid = codes.uid_of("seg series", study, str(source[0].SeriesInstanceUID), software, method.id, when.isoformat())
    content = [f"{lesion.id} {lesion.status} {lesion.region.origin_kji} {lesion.region.mask.shape}" for lesion in lesions]
    content += [np.packbits(lesion.region.mask).tobytes().hex() for lesion in lesions]
    segmentation = hd.seg.Segmentation(
        source_images=[source_header(source[k], patient) for k in slices],
        pixel_array=label_map,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _described(number, lesion, method, software, tracking_uid(patient, study, lesion.id, tracks))
            for number, lesion in enumerate(lesions, start=1)
        ],
        series_instance_uid=series_uid,
        series_number=SERIES_NUMBER,
        sop_instance_uid=codes.uid_of("seg", series_uid, *content),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL,
        software_versions=software,
        device_serial_number="0",
        content_label="LESIONS",
        content_description=codes.long_string(f"{method.method} {method.version}"),
        series_description="CARPET lesions",
        pixel_measures=_pixel_measures(grid, source[0]),
        specific_character_set="ISO_IR 192",
        coding_schemes=[codes.private_scheme()],
        content_date=when.date(),
        content_time=when.time(),
    )
    return file_bytes(segmentation, when)


def check_source(source: Sequence[Dataset], grid: Grid) -> None:
    """Raises SpaceError unless the headers are the slices of `grid`, in the order of its k axis."""
    if len(source) != grid.shape_kji[0]:
        raise SpaceError(f"{len(source)} source images for {grid.shape_kji[0]} slices")
    where = grid.to_kji(np.array([header.ImagePositionPatient for header in source], dtype=np.float64))
    off = np.abs(where - np.column_stack([np.arange(len(source)), np.zeros((len(source), 2))])).max()
    if off > SAME_SLICE or (source[0].Rows, source[0].Columns) != grid.shape_kji[1:]:
        raise SpaceError("the source images are not the slices of the lesions' grid")


def source_header(header: Dataset, patient: str) -> Dataset:
    """What a result takes over from a PET header, with the pseudonym for the patient's name and ID."""
    kept = Dataset()
    for keyword in KEPT_FROM_SOURCE:
        if keyword in header:
            kept.add(header[keyword])
    sex = str(header.get("PatientSex") or "")
    kept.PatientID, kept.PatientName = patient, f"{patient}^"  # highdicom warns of a name without a caret
    kept.PatientSex, kept.PatientBirthDate = sex if sex in ("M", "F", "O") else "", None
    kept.AccessionNumber, kept.ReferringPhysicianName = "", ""
    for keyword in ("StudyID", "StudyDate", "StudyTime"):
        kept.setdefault(keyword, None)
    return kept


def tracking_uid(patient: str, study_uid: str, lesion_id: str, tracks: Mapping[str, str] | None) -> str:
    """The tracking UID of a lesion: constant over time points for a matched lesion, else of this study only."""
    track = (tracks or {}).get(lesion_id)
    return codes.uid_of("track", patient, track) if track else codes.uid_of("lesion", patient, study_uid, lesion_id)


def file_bytes(made: Dataset, when: dt.datetime) -> bytes:
    """A DICOM object of highdicom as a file; what highdicom took from the clock or drew at random is set again from the content."""
    made.InstanceCreationDate, made.InstanceCreationTime = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    made.PatientName = made.PatientID
    for item in made.get("ContributingEquipmentSequence", ()):
        item.ContributionDateTime = when.strftime("%Y%m%d%H%M%S")
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in made.get(keyword, ()):
            item.DimensionOrganizationUID = codes.uid_of("dimensions", str(made.SOPInstanceUID))
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _label_map(lesions: Sequence[Lesion], grid: Grid) -> tuple[list[int], NDArray[np.uint16]]:
    """The slices that hold lesions, and on these the segment number of each voxel."""
    slices = sorted({k for lesion in lesions for k in range(lesion.region.box[0].start, lesion.region.box[0].stop)})
    row_of = np.full(grid.shape_kji[0], -1)
    row_of[slices] = np.arange(len(slices))
    out = np.zeros((len(slices), *grid.shape_kji[1:]), dtype=np.uint16)
    for number, lesion in enumerate(lesions, start=1):
        region = lesion.region
        if region.grid is not grid and not region.grid.same_as(grid):
            raise SpaceError(f"lesion {lesion.id} lies on another grid")
        first = row_of[region.box[0].start]
        part = out[first : first + region.mask.shape[0], region.box[1], region.box[2]]
        if part[region.mask].any():
            raise SpaceError(f"lesion {lesion.id} overlaps another lesion")
        part[region.mask] = number
    return slices, out


def _described(number: int, lesion: Lesion, method: Provenance, software: str, uid: str) -> Any:
    import highdicom as hd

    category, kind = property_of(lesion)
    suffix = "" if lesion.status is Status.DISEASE else f" ({lesion.status})"
    place = f" {lesion.site.meaning}" if lesion.site else ""
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=codes.long_string(f"{lesion.id}{suffix}{place}"),
        segmented_property_category=codes.concept(category),
        segmented_property_type=codes.concept(kind),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=codes.long_string(method.method),
            family=codes.concept(codes.HISTOGRAM_ANALYSIS),
            version=codes.long_string(method.version),
            source=codes.long_string(software),
            parameters={name: str(value) for name, value in method.parameters.items()} or None,
        ),
        tracking_uid=uid,
        tracking_id=lesion.id,
        anatomic_regions=[codes.concept(lesion.site)] if lesion.site and kind is not lesion.site else None,
    )


def property_of(lesion: Lesion) -> tuple[Code, Code]:
    """Segmented property category and type, METHODS §K.2. An undecided region is coded like a lesion; its label tells."""
    if lesion.status is Status.PHYSIOLOGIC:
        return codes.ANATOMICAL_STRUCTURE, lesion.site or codes.TISSUE
    return codes.ALTERED_STRUCTURE, codes.NEOPLASM


def _pixel_measures(grid: Grid, header: Dataset) -> Any:
    """Spacing of all frames; highdicom would measure it on the slices it is given, which are only those with lesions."""
    import highdicom as hd

    thickness = header.get("SliceThickness")
    between = round(grid.spacing_mm_kji[0], 6)
    return hd.PixelMeasuresSequence(
        pixel_spacing=[float(step) for step in header.PixelSpacing],
        slice_thickness=float(thickness) if thickness else between,
        spacing_between_slices=between,
    )
