"""Slices become a grid: sorted along their normal, checked for gaps, duplicates, tilt, and attributes that must not vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import Notice, Refused
from carpet.core.space import Grid
from carpet.dicom import notices
from carpet.dicom.elements import FileElements, stored_pixels
from carpet.dicom.values import MalformedValue, integer_of, numbers_of, short_of, text_of

ROWS, COLUMNS, NUMBER_OF_FRAMES = 0x00280010, 0x00280011, 0x00280008
POSITION, ORIENTATION, PIXEL_SPACING = 0x00200032, 0x00200037, 0x00280030
FRAME_OF_REFERENCE, THICKNESS, NUMBER_OF_SLICES, FRAME_TYPE = 0x00200052, 0x00180050, 0x00540081, 0x00089007
SPACING_TOLERANCE = 0.05  # real GE series vary 3.19–3.29 mm at 3.27 nominal; a missing slice is 100 %
THINNED = 1.9  # distance over thickness, where NumberOfSlices says that slices are missing: every second one is
SAME_POSITION = 0.01  # of the median spacing
SAME_POSITION_MM = 0.01
SQUARE = 1e-3  # direction cosines: deviation from unit length and from a right angle
SPACING_MM = (0.01, 100.0)  # pixels of PET and CT are 0.1 to 10 mm
FAR_MM = 1e5  # no table moves 100 m
SIDE_CAP = 4096  # rows or columns; PET and CT in use have at most 1024
SLOPE, INTERCEPT = 0x00281053, 0x00281052
SAMPLES, BITS_ALLOCATED, SIGNED = 0x00280002, 0x00280100, 0x00280103
TIMES = {  # by which frames at one position differ in a dynamic or gated study
    0x00080022: "AcquisitionDate",
    0x00080032: "AcquisitionTime",
    0x0008002A: "AcquisitionDateTime",
    0x00541300: "FrameReferenceTime",
    0x00181060: "TriggerTime",
    0x00200100: "TemporalPositionIdentifier",
    0x00209128: "TemporalPositionIndex",
    0x0020930D: "TemporalPositionTimeOffset",
    0x00189151: "FrameReferenceDateTime",
    0x00209153: "NominalCardiacTriggerDelayTime",
    0x00209241: "NominalPercentageOfCardiacPhase",
    0x00189236: "CardiacCyclePosition",
    0x00209245: "NominalPercentageOfRespiratoryPhase",
    0x00209255: "NominalRespiratoryTriggerDelayTime",
    0x00189214: "RespiratoryCyclePosition",
}
STEP_DECIMALS = 9  # mm; more of a quotient of written positions is binary noise, which would stand in every volume (14.25000000000035 mL)
CONSTANT_TAGS = {
    0x00080016: "SOPClassUID",
    0x00080060: "Modality",
    0x0020000D: "StudyInstanceUID",
    ROWS: "Rows",
    COLUMNS: "Columns",
    SAMPLES: "SamplesPerPixel",
    BITS_ALLOCATED: "BitsAllocated",
    SIGNED: "PixelRepresentation",
    0x00209056: "StackID",
    FRAME_TYPE: "FrameType",
    ORIENTATION: "ImageOrientationPatient",
    PIXEL_SPACING: "PixelSpacing",
    FRAME_OF_REFERENCE: "FrameOfReferenceUID",
}


@dataclass(frozen=True)
class Stack:
    """The files of one series in the order of k, their grid if they make one, and what was found."""

    files: tuple[FileElements, ...]
    grid: Grid | None
    refusals: tuple[Notice, ...]
    flags: tuple[Notice, ...]


def tag_name(tag: int) -> str:
    """(gggg,eeee)"""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def stack(files: Sequence[FileElements]) -> Stack:
    """The stack of one series' files. Nothing is raised: what is wrong stands in `refusals`."""
    differing = varying(files, CONSTANT_TAGS)
    if differing:
        return Stack(tuple(files), None, differing, ())
    try:
        positions, directions, spacing, shape = _geometry(files)
    except Refused as error:
        return Stack(tuple(files), None, error.notices, ())
    normal = np.cross(directions[:3], directions[3:])
    skew = (np.linalg.norm(directions[:3]) - 1, np.linalg.norm(directions[3:]) - 1, directions[:3] @ directions[3:])
    if np.abs(skew).max() > SQUARE:
        return Stack(tuple(files), None, (notices.TILTED.at(tag_name(ORIENTATION), "cosines not orthonormal"),), ())
    normal /= np.linalg.norm(normal)
    order = np.argsort(positions @ normal, kind="stable")
    kept, duplicates, conflict = _without_duplicates([files[n] for n in order], positions[order] @ normal)
    ordered = tuple(files[order[n]] for n in kept)
    if conflict:
        return Stack(ordered, None, (conflict,), ())
    positions = positions[order][kept]
    refusals = _irregular(positions, normal, spacing)
    if refusals:
        return Stack(ordered, None, refusals, duplicates)
    step = np.round((positions[-1] - positions[0]) / (len(positions) - 1), STEP_DECIMALS)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = step, directions[3:] * spacing[0], directions[:3] * spacing[1]
    affine[:3, 3] = positions[0]
    grid = Grid((len(ordered), *shape), affine, text_of(files[0].elements[FRAME_OF_REFERENCE]))
    incomplete, thickness = _incomplete(ordered), _thickness(ordered[0], grid)
    if incomplete and thickness and _thinned(ordered[0], grid):
        found = f"{incomplete[0].found} slices; {thickness[0].found}"
        return Stack(ordered, None, (notices.SLICE_GAP.at(tag_name(POSITION), found),), duplicates)
    return Stack(ordered, grid, (), (*duplicates, *incomplete, *thickness))


def varying(files: Sequence[FileElements], tags: dict[int, str]) -> tuple[Notice, ...]:
    """A refusal for each attribute that must not vary and does; texts that spell the same number are equal."""
    first = files[0].elements
    found = []
    for tag, name in tags.items():
        mine = first.get(tag)
        for other in files[1:]:
            theirs = other.elements.get(tag)
            same = mine == theirs or (mine and theirs and _same_value(tag, mine.raw, theirs.raw))
            if not same:
                values = " and ".join(text_of(e)[:40] if e else "absent" for e in (mine, theirs))
                found.append(notices.SERIES_TAG_VARIES.at(tag_name(tag), values, more=name))
                break
    return tuple(found)


def _same_value(tag: int, one: bytes, other: bytes) -> bool:
    if one.strip(b" \0") == other.strip(b" \0"):
        return True
    if tag not in (ORIENTATION, PIXEL_SPACING):
        return False
    try:
        a, b = ([float(part) for part in raw.split(b"\\")] for raw in (one, other))
    except ValueError:
        return False
    return len(a) == len(b) and max(abs(x - y) for x, y in zip(a, b, strict=True)) <= 1e-5


def _geometry(
    files: Sequence[FileElements],
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, float], tuple[int, int]]:
    """Positions (n, 3), direction cosines (6,), spacing (row, column) mm, (rows, columns). Raises Refused."""
    first = files[0]
    rows, columns = (_size(first, tag) for tag in (ROWS, COLUMNS))
    directions, spacing = np.array(_numbers(first, ORIENTATION, 6)), _numbers(first, PIXEL_SPACING, 2)
    positions = np.array([_numbers(file, POSITION, 3) for file in files])
    if FRAME_OF_REFERENCE not in first.elements or not text_of(first.elements[FRAME_OF_REFERENCE]):
        raise Refused(notices.GEOMETRY_MISSING.at(tag_name(FRAME_OF_REFERENCE), "absent"))
    if not SPACING_MM[0] <= min(spacing) <= max(spacing) <= SPACING_MM[1]:
        raise Refused(notices.GEOMETRY_MISSING.at(tag_name(PIXEL_SPACING), f"{spacing[0]:g} and {spacing[1]:g} mm"))
    if np.abs(positions).max() > FAR_MM:
        raise Refused(notices.GEOMETRY_MISSING.at(tag_name(POSITION), f"{np.abs(positions).max():g} mm"))
    return positions, directions, (spacing[0], spacing[1]), (rows, columns)


def _numbers(file: FileElements, tag: int, count: int) -> tuple[float, ...]:
    element = file.elements.get(tag)
    try:
        numbers = numbers_of(element) if element else ()
    except MalformedValue as error:
        raise Refused(notices.NUMBER_MALFORMED.at(tag_name(tag), repr(str(error)))) from error
    if len(numbers) != count:
        raise Refused(notices.GEOMETRY_MISSING.at(tag_name(tag), f"{len(numbers)} numbers" if numbers else "absent"))
    return numbers


def _size(file: FileElements, tag: int) -> int:
    element = file.elements.get(tag)
    try:
        size = short_of(element) if element else 0
    except MalformedValue as error:
        raise Refused(notices.NUMBER_MALFORMED.at(tag_name(tag), str(error))) from error
    if not 1 <= size <= SIDE_CAP:
        raise Refused(notices.GEOMETRY_MISSING.at(tag_name(tag), str(size) if element else "absent"))
    return size


def _without_duplicates(
    files: Sequence[FileElements], heights_mm: NDArray[np.float64]
) -> tuple[list[int], tuple[Notice, ...], Notice | None]:
    """Indices to keep, a flag for each dropped duplicate, and the conflict if two slices at one place differ."""
    gaps = np.diff(heights_mm)
    steps = gaps[gaps > SAME_POSITION_MM]
    near = max(SAME_POSITION * float(np.median(steps)), SAME_POSITION_MM) if steps.size else SAME_POSITION_MM
    kept, dropped = [0], []
    for n, gap in enumerate(gaps, start=1):
        if gap > near:
            kept.append(n)
        elif differing := _time_between(files[n], files[kept[-1]]):
            found = f"two slices at {heights_mm[n]:.2f} mm along the normal differ in {differing}"
            return kept, (), notices.DYNAMIC_OR_GATED.at(tag_name(POSITION), found)
        elif _measured(files[n]) != _measured(files[kept[-1]]):
            found = f"two slices at {heights_mm[n]:.2f} mm along the normal"
            return kept, (), notices.SLICE_CONFLICT.at(tag_name(POSITION), found)
        else:
            dropped.append(notices.DUPLICATE_SLICE.at(tag_name(POSITION), f"{heights_mm[n]:.2f} mm along the normal"))
    return kept, tuple(dropped), None


def _time_between(one: FileElements, other: FileElements) -> str:
    """The attribute of time in which two slices differ; empty where they don't."""
    for tag, name in TIMES.items():
        mine, theirs = one.elements.get(tag), other.elements.get(tag)
        if mine and theirs and mine.raw.strip(b" \0") != theirs.raw.strip(b" \0"):
            return name
    return ""


def _measured(file: FileElements) -> tuple[bytes, ...]:
    """What a slice measures: its stored pixels, and the slope and intercept that make numbers of them."""
    rescale = (file.elements.get(tag) for tag in (SLOPE, INTERCEPT))
    return (stored_pixels(file), *(element.raw.strip(b" \0") if element else b"" for element in rescale))


def _irregular(positions: NDArray[np.float64], normal: NDArray[np.float64], spacing: tuple[float, float]) -> tuple[Notice, ...]:
    if len(positions) < 2:
        return (notices.TOO_FEW_SLICES.at(tag_name(POSITION), "1 slice"),)
    gaps = np.diff(positions @ normal)
    usual = float(np.median(gaps))
    worst = int(np.abs(gaps - usual).argmax())
    if abs(gaps[worst] - usual) > SPACING_TOLERANCE * usual:
        found = f"{gaps[worst]:.3f} mm after slice {worst + 1} of {len(positions)}, usual spacing {usual:.3f} mm"
        return (notices.SLICE_GAP.at(tag_name(POSITION), found),)
    drift = positions - positions[0]
    height = drift @ normal
    off_grid = float(np.abs(height - np.linspace(0.0, height[-1], len(height))).max())
    if off_grid > 0.5 * usual:
        return (notices.SLICE_GAP.at(tag_name(POSITION), f"slices lie up to {off_grid:.1f} mm from a uniform grid of {usual:.3f} mm"),)
    sideways = float(np.linalg.norm(drift - height[:, None] * normal, axis=1).max())
    if sideways > 0.5 * min(spacing):
        found = f"the stack drifts {sideways:.1f} mm sideways over {len(positions)} slices"
        return (notices.TILTED.at(tag_name(POSITION), found),)
    return ()


def _incomplete(files: Sequence[FileElements]) -> tuple[Notice, ...]:
    element = files[0].elements.get(NUMBER_OF_SLICES)
    try:
        said = short_of(element) if element else 0
    except MalformedValue:
        return ()
    if said <= len(files):
        return ()
    return (notices.SLICES_INCOMPLETE.at(tag_name(NUMBER_OF_SLICES), f"{len(files)} of {said}"),)


def _thickness_mm(file: FileElements) -> float | None:
    element = file.elements.get(THICKNESS)
    try:
        said = numbers_of(element) if element else ()
    except MalformedValue:
        said = ()
    return said[0] if said else None


def _thickness(file: FileElements, grid: Grid) -> tuple[Notice, ...]:
    said = _thickness_mm(file)
    if said is None or abs(said - grid.spacing_mm_kji[0]) <= SPACING_TOLERANCE * grid.spacing_mm_kji[0]:
        return ()
    found = f"thickness {said:g} mm, distance {grid.spacing_mm_kji[0]:.3f} mm"
    return (notices.THICKNESS_DIFFERS.at(tag_name(THICKNESS), found),)


def _thinned(file: FileElements, grid: Grid) -> bool:
    """Whether the slices are so far apart that a missing one fits between any two: regular gaps, which positions alone don't show."""
    said = _thickness_mm(file)
    return said is not None and 0 < THINNED * said <= grid.spacing_mm_kji[0]


def frames_in(file: FileElements) -> int:
    """NumberOfFrames, 1 where absent or unreadable as a number."""
    element = file.elements.get(NUMBER_OF_FRAMES)
    try:
        return integer_of(element) if element and element.raw.strip(b" \0") else 1
    except MalformedValue:
        return 1
