"""A mask made elsewhere, of whatever kind: recognised by its content, read onto the PET grid, or refused."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError

from carpet.core.errors import Refused
from carpet.core.lesion import Lesion
from carpet.core.space import Grid, SpaceError
from carpet.dicom import nifti, nrrd
from carpet.dicom.nifti import read_nifti
from carpet.dicom.nrrd import read_nrrd
from carpet.dicom.placing import UNREADABLE, MaskRead
from carpet.dicom.rtstruct import read_rtstruct
from carpet.dicom.seg_reading import read_seg

Reader = Callable[[Path, Grid], MaskRead]
DICOM_READERS: dict[str, Reader] = {
    "1.2.840.10008.5.1.4.1.1.66.4": read_seg,  # Segmentation Storage
    "1.2.840.10008.5.1.4.1.1.66.7": read_seg,  # Label Map Segmentation Storage
    "1.2.840.10008.5.1.4.1.1.481.3": read_rtstruct,  # RT Structure Set Storage
}
# What readers of a broken file raise: theirs, not ours, and all of it means that the file is not what it says.
BROKEN_FILE = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def read_mask(path: Path, grid: Grid) -> MaskRead:
    """The regions of a DICOM SEG, RTSTRUCT, NIfTI or NRRD file on the PET grid, the name of each, and what to know.

    Raises Refused: MASK_UNREADABLE, MASK_EMPTY, MASK_OVERLAP, MASK_GRID_DIFFERS, FRAME_OF_REFERENCE_DIFFERS.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' remarks on odd files; what matters is refused or flagged
        try:
            return _reader(path)(path, grid)
        except (Refused, SpaceError) as error:
            if isinstance(error, SpaceError):
                raise Refused(UNREADABLE.at(path.name, str(error))) from error
            raise
        except BROKEN_FILE as error:
            raise Refused(UNREADABLE.at(path.name, type(error).__name__)) from error


def kept_tracks(read: MaskRead, lesions: Sequence[Lesion]) -> dict[str, str]:
    """Lesion id → TrackingUID of the mask's segment that the lesion shares most voxels with; {} where no segment has one.

    A segment's identity goes to one lesion only: where it fell into parts, to the largest. So a lesion that was written by
    carpet, and is read again as a mask, stays the same lesion in what is written next.
    """
    shared = {
        (label, n): int(np.count_nonzero(read.labels.regions[label].mask_in(lesion.region.box) & lesion.region.mask))
        for label in read.tracks
        for n, lesion in enumerate(lesions)
    }
    kept: dict[str, str] = {}
    given: set[int] = set()
    for label, n in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if shared[label, n] and label not in given and lesions[n].id not in kept:
            kept[lesions[n].id] = read.tracks[label].uid
            given.add(label)
    return kept


def _reader(path: Path) -> Reader:
    """The reader for what the file's content is. Raises Refused."""
    with path.open("rb") as opened:
        start = opened.read(len(nrrd.MAGIC))
    if start == nrrd.MAGIC:
        return read_nrrd
    if nifti.is_nifti(path):
        return read_nifti
    try:
        kind = dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True).get("SOPClassUID", "")
    except InvalidDicomError as error:
        raise Refused(UNREADABLE.at(path.name, "neither DICOM, NIfTI nor NRRD")) from error
    if kind not in DICOM_READERS:
        raise Refused(UNREADABLE.at(path.name, f"DICOM object of class {kind}"))
    return DICOM_READERS[kind]
