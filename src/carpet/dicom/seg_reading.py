"""DICOM Segmentations made elsewhere (BINARY, FRACTIONAL, LABELMAP) become regions on the PET grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import RLELossless

from carpet.core.errors import Refused
from carpet.core.space import BoolArray, Grid, IntArray
from carpet.dicom import codes
from carpet.dicom.decoding import Decoder
from carpet.dicom.elements import MalformedFile
from carpet.dicom.placing import (
    FRACTIONAL,
    GRID_DIFFERS,
    OUTSIDE,
    UNREADABLE,
    Drawn,
    MaskRead,
    check_frame,
    exact_shift,
    placed,
    tracks_in,
)

SAME_SLICE = 0.25  # of the slice distance: a frame's own position against an even stack; real slices stray (FAILURES 38)
SQUARE = 1e-3  # deviation of the direction cosines from unit length and from a right angle
FRACTION = 0.5  # of MaximumFractionalValue: a voxel at or above this belongs to the segment
LARGEST_FRAME_PIXELS = 2**26
MOST_FRAMES = 2**15
MOST_BYTES = {"SegmentSequence": 2**22, "PerFrameFunctionalGroupsSequence": 2**26}  # some 4,000 segments, some 60,000 frames


@dataclass(frozen=True, eq=False)
class _Frame:
    """One frame: voxel (j, i) lies at affine_lps @ (0, j, i, 1); `segment` is None in a LABELMAP."""

    affine_lps: NDArray[np.float64]
    segment: int | None


@dataclass(frozen=True, eq=False)
class _Stacked:
    """Where the frames' pixels go: frame n's pixel (0, j, i) becomes index @ turn.T + shift of its own on `grid`."""

    grid: Grid
    shifts: Sequence[tuple[IntArray, IntArray]]


def read_seg(path: Path, grid: Grid) -> MaskRead:
    """The segments of a DICOM SEG on the PET grid, by segment number.

    Frames whose voxel centres are the PET's (within 0.1 voxel in the plane, a quarter of the slice distance across) are placed
    one by one. A SEG on another grid that is no coarser is looked up at the PET's voxel centres, and flagged; else Refused.
    """
    dataset, where = dcmread(path), path.name
    check_frame(str(dataset.get("FrameOfReferenceUID", "")), grid, where)
    _check_size(dataset, where)
    names = _names(dataset, where)
    frames = _frames(dataset, where)
    stacked = _on_pet(dataset, frames, grid) or _on_own_grid(dataset, frames, where)
    voxels: dict[int, list[IntArray]] = {number: [] for number in names}
    outside = 0
    for frame, (turn, shift), pixels in zip(frames, stacked.shifts, _pixels(dataset, len(frames), path), strict=True):
        for number, inside in _segments_in(frame, pixels, names, dataset, where):
            j, i = np.nonzero(inside)
            index = np.column_stack([np.zeros(j.size, dtype=np.int64), j, i]) @ turn.T + shift
            held = ((index >= 0) & (index < stacked.grid.shape_kji)).all(axis=1)
            outside += int(held.size - np.count_nonzero(held))
            voxels[number].append(np.ravel_multi_index(tuple(index[held].T), stacked.grid.shape_kji))
    notices = [FRACTIONAL.at(where)] if dataset.SegmentationType == "FRACTIONAL" else []
    notices += [OUTSIDE.at(where, f"{outside} voxels of the mask")] if outside else []
    joined = {number: np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64) for number, parts in voxels.items()}
    tracks = tracks_in({int(item.SegmentNumber): item for item in dataset.SegmentSequence if int(item.SegmentNumber) in names})
    return placed(Drawn(stacked.grid, joined, names, where, tuple(notices), tracks), grid)


def _check_size(dataset: Dataset, where: str) -> None:
    """Raises Refused for more segments or frames than can be meant, before pydicom takes them apart one by one."""
    if int(dataset.NumberOfFrames) > MOST_FRAMES:
        raise Refused(UNREADABLE.at(where, f"{dataset.NumberOfFrames} frames, at most {MOST_FRAMES} are read"))
    for keyword, most in MOST_BYTES.items():
        stored = dataset.get_item(keyword)
        if stored is not None and isinstance(stored.value, bytes) and len(stored.value) > most:
            raise Refused(UNREADABLE.at(where, f"{keyword} of {len(stored.value)} bytes"))


def _names(dataset: Dataset, where: str) -> Mapping[int, str]:
    """The label of each segment; the background of a LABELMAP is none."""
    names = {}
    for item in dataset.SegmentSequence:
        number, kind = int(item.SegmentNumber), item.SegmentedPropertyTypeCodeSequence[0]
        if (kind.get("CodeValue"), kind.get("CodingSchemeDesignator")) == (codes.BACKGROUND.value, codes.BACKGROUND.scheme):
            continue
        if number < 1 or number in names:
            raise Refused(UNREADABLE.at(where, f"segment number {number}"))
        names[number] = str(item.get("SegmentLabel", "")) or f"segment {number}"
    return names


def _frames(dataset: Dataset, where: str) -> list[_Frame]:
    """Position, orientation, spacing and segment of each frame, its own or shared."""
    shared = dataset.SharedFunctionalGroupsSequence[0]
    per_frame = dataset.PerFrameFunctionalGroupsSequence
    if len(per_frame) != int(dataset.NumberOfFrames) or not 0 < dataset.Rows * dataset.Columns <= LARGEST_FRAME_PIXELS:
        raise Refused(UNREADABLE.at(where, f"{dataset.NumberOfFrames} frames of {dataset.Rows} × {dataset.Columns}"))
    frames = []
    for own in per_frame:
        affine = np.eye(4)
        affine[:3, 3] = np.array(_group(own, shared, "PlanePositionSequence").ImagePositionPatient, dtype=np.float64)
        cosines = _group(own, shared, "PlaneOrientationSequence").ImageOrientationPatient
        across, down = np.array(cosines, dtype=np.float64).reshape(2, 3)
        if np.abs([across @ across - 1, down @ down - 1, across @ down]).max() > SQUARE:
            raise Refused(UNREADABLE.at(where, "ImageOrientationPatient is not orthonormal"))
        row_mm, column_mm = (float(step) for step in _group(own, shared, "PixelMeasuresSequence").PixelSpacing)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = np.cross(across, down), down * row_mm, across * column_mm
        segment = None
        if dataset.SegmentationType != "LABELMAP":
            segment = int(_group(own, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        frames.append(_Frame(affine, segment))
    return frames


def _group(own: Dataset, shared: Dataset, keyword: str) -> Dataset:
    item: Dataset = (own if keyword in own else shared)[keyword].value[0]
    return item


def _on_pet(dataset: Dataset, frames: Sequence[_Frame], grid: Grid) -> _Stacked | None:
    """The frames on the PET grid itself, None where one of them has voxel centres that are not the PET's."""
    shifts = []
    for frame in frames:
        affine = frame.affine_lps.copy()
        affine[:3, 0] *= grid.spacing_mm_kji[0]
        shift = exact_shift(affine, (1, int(dataset.Rows), int(dataset.Columns)), grid, slice_tolerance=SAME_SLICE)
        if shift is None:
            return None
        shifts.append(shift)
    return _Stacked(grid, shifts)


def _on_own_grid(dataset: Dataset, frames: Sequence[_Frame], where: str) -> _Stacked:
    """The frames as an even stack of their own. Raises Refused where they make none."""
    first = frames[0].affine_lps
    if any(np.abs(frame.affine_lps[:3, :3] - first[:3, :3]).max() > SQUARE for frame in frames):
        raise Refused(GRID_DIFFERS.at(where, "frames of different orientation or spacing"))
    normal, origins = first[:3, 0], np.array([frame.affine_lps[:3, 3] for frame in frames])
    heights_mm = origins @ normal
    low, extent_mm = int(heights_mm.argmin()), float(np.ptp(heights_mm))
    step_mm = _step_mm(dataset, heights_mm, where)
    step_mm = extent_mm / max(round(extent_mm / step_mm), 1) if extent_mm > 0 else step_mm
    k = np.rint((heights_mm - heights_mm[low]) / step_mm).astype(np.int64)
    even = origins[low] + (k * step_mm)[:, None] * normal
    if np.abs(origins - even).max() > SAME_SLICE * step_mm:
        raise Refused(GRID_DIFFERS.at(where, "the frames make no even stack"))
    affine = first.copy()
    affine[:3, 0], affine[:3, 3] = normal * step_mm, origins[low]
    own = Grid((int(k.max()) + 1, int(dataset.Rows), int(dataset.Columns)), affine, str(dataset.get("FrameOfReferenceUID", "")))
    straight = np.eye(3, dtype=np.int64)
    return _Stacked(own, [(straight, np.array([at, 0, 0])) for at in k])


def _step_mm(dataset: Dataset, heights_mm: NDArray[np.float64], where: str) -> float:
    """The distance of neighbouring frames; of a single one, what the header says."""
    gaps = np.diff(np.unique(np.round(heights_mm, 3)))
    if gaps.size:
        return float(gaps.min())
    own, shared = dataset.PerFrameFunctionalGroupsSequence[0], dataset.SharedFunctionalGroupsSequence[0]
    measures = _group(own, shared, "PixelMeasuresSequence")
    said = measures.get("SpacingBetweenSlices") or measures.get("SliceThickness")
    if not said or float(said) <= 0:
        raise Refused(GRID_DIFFERS.at(where, "a single frame without thickness"))
    return float(said)


def _pixels(dataset: Dataset, frames: int, path: Path) -> Iterator[NDArray[np.integer]]:
    """The frames one by one. Bit-packed ones are unpacked here, for a frame need not start on a byte.

    Compressed ones come from a process of their own; RLE has a decoder in Python, which cannot abort.
    """
    shape, where, syntax = (int(dataset.Rows), int(dataset.Columns)), path.name, dataset.file_meta.TransferSyntaxUID
    if syntax == RLELossless:
        yield from iter_pixels(dataset, decoding_plugin="pydicom")
        return
    if syntax.is_encapsulated:
        with Decoder() as decoder:
            for n in range(1, frames + 1):
                yield _decoded(decoder, path, shape, n)
        return
    if int(dataset.BitsAllocated) != 1:
        yield from iter_pixels(dataset)
        return
    size, packed = int(dataset.Rows) * int(dataset.Columns), np.frombuffer(dataset.PixelData, dtype=np.uint8)
    if packed.size * 8 < size * frames:
        raise Refused(UNREADABLE.at(where, f"PixelData ends after {packed.size} bytes"))
    for n in range(frames):
        first_byte, first_bit = divmod(n * size, 8)
        bits = np.unpackbits(packed[first_byte : (n * size + size + 7) // 8], bitorder="little")
        yield bits[first_bit : first_bit + size].reshape(shape)


def _decoded(decoder: Decoder, path: Path, shape: tuple[int, int], frame: int) -> NDArray[np.integer]:
    try:
        return decoder.pixels(path, shape, frame=frame)
    except MalformedFile as error:
        raise Refused(UNREADABLE.at(path.name, f"frame {frame}: {error}")) from error


def _segments_in(
    frame: _Frame, pixels: NDArray[np.integer], names: Mapping[int, str], dataset: Dataset, where: str
) -> Iterator[tuple[int, BoolArray]]:
    """The segments of one frame and their pixels. Raises Refused where a segment is not described."""
    if frame.segment is not None:
        if frame.segment not in names:
            raise Refused(UNREADABLE.at(where, f"segment {frame.segment} is not described"))
        fractional = dataset.SegmentationType == "FRACTIONAL"
        yield frame.segment, pixels >= (FRACTION * int(dataset.MaximumFractionalValue) if fractional else 1)
        return
    padding = int(dataset.get("PixelPaddingValue", 0))
    background = {int(item.SegmentNumber) for item in dataset.SegmentSequence} - set(names) | {0, padding}
    for value in np.unique(pixels):
        if int(value) in names and int(value) != padding:
            yield int(value), pixels == value
        elif int(value) not in background:
            raise Refused(UNREADABLE.at(where, f"segment {value} is not described"))
