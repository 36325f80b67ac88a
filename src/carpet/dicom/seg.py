"""Lesions leave as a DICOM Segmentation, a segment a lesion: BINARY, or one label map."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import RLELossless

from carpet.core.lesion import Code, Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, SpaceError
from carpet.dicom import codes
from carpet.dicom.colours import dicom_colour
from carpet.dicom.sources import check_source, name_frames, source_header

MANUFACTURER, MODEL = "CARPET", "carpet"
Form = Literal["BINARY", "LABELMAP"]  # SegmentationType (0062,0001)
SERIES_NUMBERS: Mapping[Form, int] = MappingProxyType({"BINARY": 7001, "LABELMAP": 7003})  # above those that scanners give


def write_seg(
    lesions: Sequence[Lesion],
    source: Sequence[Dataset],
    *,
    patient: str,
    method: Provenance,
    software: str,
    when: dt.datetime,
    tracks: Mapping[str, str] | None = None,
    form: Form = "BINARY",
) -> bytes | None:
    """A DICOM SEG file of all lesions in this order, or None where there is no lesion (a SEG needs a segment).

    source: headers of the PET slices (or frames) in the order of the grid's k axis. patient: pseudonym, written as name and ID.
    method: name, version and parameters (threshold) of the delineation. tracks: lesion id → TrackingUID, see `tracking_uids`.
    form: BINARY, which every reader of SEG knows, or LABELMAP (Label Map Segmentation Storage, DICOM 2024d). UIDs follow from the
    content: the same call gives the same bytes. Raises SpaceError where lesions overlap or the source is not the lesions' grid.
    """
    import highdicom as hd

    if not lesions:
        return None
    grid = lesions[0].region.grid
    check_source(source, grid)
    slices, label_map = _label_map(lesions, grid)
    uids = tracking_uids(lesions, source[0], patient=patient, tracks=tracks)
    series_uid = result_uid(f"seg series {form}", source[0], software, method.id, when.isoformat())
    segmentation = hd.seg.Segmentation(
        source_images=[source_header(source[k], patient) for k in slices],
        pixel_array=label_map,
        segmentation_type=form,
        segment_descriptions=[
            _described(number, lesion, method, software, uids[lesion.id]) for number, lesion in enumerate(lesions, start=1)
        ],
        series_instance_uid=series_uid,
        series_number=SERIES_NUMBERS[form],
        sop_instance_uid=codes.uid_of("seg", series_uid, *content_of(lesions, uids)),
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
    name_frames(segmentation, [source[k] for k in slices])
    if form == "LABELMAP":  # 15 lesions on 400 × 400 pixels would take 50 MB; the plug-in is named, for GDCM's aborts on small frames
        segmentation.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    return file_bytes(segmentation, when)


def track_uid(patient: str, track: str) -> str:
    """The TrackingUID of a lesion that is followed over time points under the name `track`."""
    return codes.uid_of("track", patient, track)


def tracking_uids(lesions: Sequence[Lesion], header: Dataset, *, patient: str, tracks: Mapping[str, str] | None = None) -> dict[str, str]:
    """Lesion id → TrackingUID: the one in `tracks`, constant over time points (`track_uid`, or as a mask had it), else of this study."""
    own = {lesion.id: codes.uid_of("lesion", patient, str(header.StudyInstanceUID), lesion.id) for lesion in lesions}
    return own | {lesion_id: uid for lesion_id, uid in (tracks or {}).items() if lesion_id in own}


def result_uid(kind: str, header: Dataset, *parts: str) -> str:
    """The UID of something made from the PET series of `header`."""
    return codes.uid_of(kind, str(header.StudyInstanceUID), str(header.SeriesInstanceUID), *parts)


def content_of(lesions: Sequence[Lesion], uids: Mapping[str, str]) -> list[str]:
    """Everything that is written of the lesions, for a UID that changes with any of it."""
    told = [f"{lesion.id} {uids[lesion.id]} {segment_label(lesion)} {lesion.status} {lesion.site}" for lesion in lesions]
    shapes = [f"{lesion.region.origin_kji} {lesion.region.mask.shape}" for lesion in lesions]
    return [*told, *shapes, *(np.packbits(lesion.region.mask).tobytes().hex() for lesion in lesions)]


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
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment_label(lesion),
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
        display_color=hd.color.CIELabColor.from_dicom_value(dicom_colour(lesion.status)),  # its own from_rgb is of D65
    )


def segment_label(lesion: Lesion) -> str:
    """The lesion's name for people: its id, its status where it is not disease, its site."""
    suffix = "" if lesion.status is Status.DISEASE else f" ({lesion.status})"
    place = f" {lesion.site.meaning}" if lesion.site else ""
    return codes.long_string(f"{lesion.id}{suffix}{place}")


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
