"""The PET slices that a result refers to: checked, stripped of the patient's identity, named with their frame where they are frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom import Dataset

from carpet.core.space import Grid, SpaceError
from carpet.dicom import codes

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
PET_IMAGE = "1.2.840.10008.5.1.4.1.1.128"
FRAME = "ReferencedFrameNumber"  # (0008,1160), set in a header that stands for one frame of a multi-frame image


def check_source(source: Sequence[Dataset], grid: Grid) -> None:
    """Raises SpaceError unless the headers are the slices of `grid`, in the order of its k axis."""
    if len(source) != grid.shape_kji[0]:
        raise SpaceError(f"{len(source)} source images for {grid.shape_kji[0]} slices")
    where = grid.to_kji(np.array([header.ImagePositionPatient for header in source], dtype=np.float64))
    off = np.abs(where - np.column_stack([np.arange(len(source)), np.zeros((len(source), 2))])).max()
    if off > SAME_SLICE or (source[0].Rows, source[0].Columns) != grid.shape_kji[1:]:
        raise SpaceError("the source images are not the slices of the lesions' grid")


def source_header(header: Dataset, patient: str) -> Dataset:
    """What a result takes over from a PET header, with the pseudonym for the patient's name and ID.

    A frame of a multi-frame image is shown as a PET slice with a UID of its own, which highdicom accepts; `name_frames` sets it right.
    """
    kept = Dataset()
    for keyword in KEPT_FROM_SOURCE:
        if keyword in header:
            setattr(kept, keyword, header[keyword].value)  # an element of its own: `add` would share the header's
    if FRAME in header:
        kept.SOPClassUID, kept.SOPInstanceUID = PET_IMAGE, _stand_in(header)
    sex = str(header.get("PatientSex") or "")
    kept.PatientID, kept.PatientName = patient, f"{patient}^"  # highdicom warns of a name without a caret
    kept.PatientSex, kept.PatientBirthDate = sex if sex in ("M", "F", "O") else "", None
    kept.AccessionNumber, kept.ReferringPhysicianName = "", ""
    for keyword in ("StudyID", "StudyDate", "StudyTime"):
        kept.setdefault(keyword, None)
    return kept


def evidence(source: Sequence[Dataset], patient: str) -> list[Dataset]:
    """One header for each SOP instance, under its own UID: what an SR lists as its evidence."""
    found: dict[str, Dataset] = {}
    for header in source:
        uid = str(header.SOPInstanceUID)
        if uid not in found:
            found[uid] = source_header(header, patient)
            found[uid].SOPClassUID, found[uid].SOPInstanceUID = header.SOPClassUID, uid
    return list(found.values())


def referenced(source: Sequence[Dataset]) -> list[Dataset]:
    """An item for each SOP instance (class, UID) with the numbers of the frames among `source`, where these are frames."""
    items: dict[str, Dataset] = {}
    frames: dict[str, list[int]] = {}
    for header in source:
        uid = str(header.SOPInstanceUID)
        if uid not in items:
            items[uid] = Dataset()
            items[uid].ReferencedSOPClassUID, items[uid].ReferencedSOPInstanceUID = str(header.SOPClassUID), uid
        if FRAME in header:
            frames.setdefault(uid, []).append(int(header[FRAME].value))
            items[uid].ReferencedFrameNumber = frames[uid] if len(frames[uid]) > 1 else frames[uid][0]
    return list(items.values())


def name_frames(made: Dataset, source: Sequence[Dataset]) -> None:
    """In a SEG made from frames: each reference names the multi-frame image and the frame; the image itself is listed once."""
    if not any(FRAME in header for header in source):
        return
    by_stand_in = {_stand_in(header): header for header in source}
    derivations = (derivation for frame in made.PerFrameFunctionalGroupsSequence for derivation in frame.DerivationImageSequence)
    items = [item for derivation in derivations for item in derivation.SourceImageSequence]
    for item in {id(item): item for item in items}.values():  # highdicom gives all segments of one slice the same item
        item.update(referenced([by_stand_in[str(item.ReferencedSOPInstanceUID)]])[0])
    used = [by_stand_in[str(item.ReferencedSOPInstanceUID)] for item in made.SourceImageSequence]
    made.SourceImageSequence = referenced(used)
    for series in made.ReferencedSeriesSequence:
        series.ReferencedInstanceSequence = referenced(used)
        for item in series.ReferencedInstanceSequence:
            del item[FRAME]


def _stand_in(header: Dataset) -> str:
    return codes.uid_of("frame", str(header.SOPInstanceUID), str(header[FRAME].value))
