"""RTSTRUCT contours become regions on the PET grid: a voxel belongs to a structure when its centre lies inside the contour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from carpet.core.errors import Notice, Refused
from carpet.core.space import BoolArray, Grid, IntArray
from carpet.dicom.placing import (
    GRID_DIFFERS,
    IGNORED,
    OUTSIDE,
    RESAMPLED,
    UNREADABLE,
    Drawn,
    MaskRead,
    check_frame,
    placed,
    shown,
    tracks_in,
)

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
FLAT = 0.1  # of the slice distance: a contour whose points leave one slice by more is not parallel to the PET
SAME_PLANE = 0.02  # of the slice distance: contours closer than this lie in one plane and are combined
SAME_SLICE = 0.25  # of the slice distance: beyond, the contours were not drawn on the PET's slices
NOT_COARSER = 1.05  # plane distance over slice distance
NEIGHBOURS = 1.5  # of the usual plane distance: planes farther apart have a gap between them
MOST_POINTS = 100_000  # of one structure; an outline of the whole body has a tenth
MOST_CROSSINGS = 2**20  # worked on at once, for the sake of memory
ON_EDGE = 1e-6  # of a voxel: a centre on a contour's edge is inside where the structure lies towards higher row and column

Contour = NDArray[np.float64]  # (points, 3) in fractional (k, j, i) of the PET grid


@dataclass(frozen=True, eq=False)
class _Structure:
    """One region of interest: its closed contours, by the height of their plane (in slices).

    drawn_every: the distance (in slices) of the images it was drawn on, None where the file does not say.
    """

    name: str
    planes: Mapping[float, Sequence[Contour]]
    drawn_every: float | None


def read_rtstruct(path: Path, grid: Grid) -> MaskRead:
    """The structures of an RTSTRUCT on the PET grid, by ROI number.

    Contours of one structure in one plane are combined by exclusive or, so that an inner contour is a hole. Each slice takes
    the nearest plane within half the plane distance. Planes off the slices are flagged; planes farther apart are refused.
    """
    dataset, where = dcmread(path), path.name
    rois = {int(roi.ROINumber): roi for roi in dataset.StructureSetROISequence}
    names = {number: str(roi.get("ROIName", "")) or f"structure {number}" for number, roi in rois.items()}
    voxels: dict[int, IntArray] = {}
    notices: list[Notice] = []
    for item in dataset.get("ROIContourSequence", ()):
        number = int(item.ReferencedROINumber)
        if not item.get("ContourSequence"):
            continue
        check_frame(str(rois[number].get("ReferencedFrameOfReferenceUID", "")), grid, where)
        structure, left_out = _structure(item, names[number], grid, where)
        flat, seen = _voxels(structure, grid, where)
        voxels[number] = flat
        notices += [*left_out, *seen]
    return placed(Drawn(grid, {n: voxels[n] for n in sorted(voxels)}, names, where, tuple(notices), tracks_in(rois)), grid)


def _structure(item: Dataset, name: str, grid: Grid, where: str) -> tuple[_Structure, list[Notice]]:
    """The closed contours of one structure, sorted into planes; others are left out and flagged."""
    heights, contours, left_out, points_left = [], [], 0, MOST_POINTS
    for contour in item.ContourSequence:
        positions = _positions(contour, points_left)
        points_left -= len(positions)
        if points_left < 0:
            raise Refused(UNREADABLE.at(where, f"more than {MOST_POINTS} points in {shown(name)}"))
        if contour.ContourGeometricType not in CLOSED or len(positions) < 3:
            left_out += 1
            continue
        if not np.isfinite(positions).all():
            raise Refused(UNREADABLE.at(where, f"a position of {shown(name)} that is no number"))
        points = grid.to_kji(positions)
        if np.ptp(points[:, 0]) > FLAT:
            raise Refused(GRID_DIFFERS.at(where, f"contours of {shown(name)} are not parallel to the PET slices"))
        heights.append(float(points[:, 0].mean()))
        contours.append(points)
    planes: dict[float, list[Contour]] = {}
    for n in np.argsort(heights, kind="stable"):
        last = next(reversed(planes), None)
        plane = last if last is not None and heights[n] - last <= SAME_PLANE else heights[n]
        planes.setdefault(plane, []).append(contours[n])
    notices = [IGNORED.at(where, f"{left_out} contours of {shown(name)}")] if left_out else []
    return _Structure(name, planes, _drawn_every(item, grid)), notices


def _positions(contour: Dataset, most: int) -> NDArray[np.float64]:
    """The points (n, 3) in mm, straight from the stored text; the first of them where there are more than `most`."""
    stored = contour.get_item("ContourData").value
    numbers = stored.split(b"\\", 3 * most + 3)[: 3 * most + 3] if isinstance(stored, bytes) else stored
    return np.array(numbers).astype(np.float64).reshape(-1, 3)


def _drawn_every(item: Dataset, grid: Grid) -> float | None:
    """The slice distance of SourcePixelPlanesCharacteristicsSequence (3006,004A), in slices of the PET."""
    planes = item.get("SourcePixelPlanesCharacteristicsSequence") or [Dataset()]
    said = planes[0].get("SpacingBetweenSlices")
    return float(said) / grid.spacing_mm_kji[0] if said and float(said) > 0 else None


def _voxels(structure: _Structure, grid: Grid, where: str) -> tuple[IntArray, list[Notice]]:
    """Flat indices of the voxels inside, and what to know about them."""
    heights = np.array(list(structure.planes))
    if heights.size == 0:
        return np.zeros(0, dtype=np.int64), []
    step = _step(heights, structure, where)
    pieces, used = [], []
    for k in range(max(0, int(np.floor(heights[0]))), min(grid.shape_kji[0], int(np.ceil(heights[-1])) + 1)):
        nearest = _plane_for(k, heights, step)
        if nearest is not None:
            used.append(abs(nearest - k))
            j, i = np.nonzero(_inside(structure.planes[nearest], grid.shape_kji[1:]))
            pieces.append(np.ravel_multi_index((np.full(j.size, k), j, i), grid.shape_kji))
    notices = []
    if max(used, default=0.0) > SAME_SLICE or len(used) < heights.size:
        notices.append(RESAMPLED.at(where, f"{heights.size} planes of {shown(structure.name)} on {len(used)} slices"))
    if _leaves(structure, grid):
        notices.append(OUTSIDE.at(where, shown(structure.name)))
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64), notices


def _step(heights: NDArray[np.float64], structure: _Structure, where: str) -> float:
    """The distance of neighbouring planes (in slices): as the file says, else of the closest two, 1 for a single plane.

    Planes that are never closer than more than one slice were drawn on coarser images, unless the file says otherwise; what lies
    between is not known.
    """
    gaps = np.diff(heights)
    if structure.drawn_every is not None and structure.drawn_every <= NOT_COARSER:
        return structure.drawn_every
    if gaps.size > 1 and gaps.min() > NOT_COARSER:
        raise Refused(GRID_DIFFERS.at(where, f"contours of {shown(structure.name)} every {gaps.min():.2f} slices"))
    return float(gaps.min(initial=1.0))


def _plane_for(k: int, heights: NDArray[np.float64], step: float) -> float | None:
    """The plane that speaks for slice k: the nearest of two neighbouring ones, or an end plane within half a step."""
    above = int(np.searchsorted(heights, k))
    down = k - heights[above - 1] if above > 0 else np.inf
    up = heights[above] - k if above < heights.size else np.inf
    if down + up >= NEIGHBOURS * step and min(down - ON_EDGE, up) >= step / 2:
        return None
    return float(heights[above - 1] if down < up else heights[above])


def _leaves(structure: _Structure, grid: Grid) -> bool:
    points = np.concatenate([contour for contours in structure.planes.values() for contour in contours])
    return bool((points < -0.5 - FLAT).any() or (points > np.array(grid.shape_kji) - 0.5 + FLAT).any())


def _inside(contours: Sequence[Contour], shape: tuple[int, int]) -> BoolArray:
    """Pixels (row, column) whose centres lie inside an odd number of contours.

    Every edge toggles, in each row it crosses, all pixels to its right: the rule of even and odd for all contours at once.
    """
    rows, columns = shape
    toggles = np.zeros((rows, columns + 1), dtype=np.int32)
    for contour in contours:
        start, stop = contour[:, 1:], np.roll(contour[:, 1:], -1, axis=0)
        upward = (start[:, 0] <= stop[:, 0])[:, None]
        low, high = np.where(upward, start, stop), np.where(upward, stop, start)
        step = max(MOST_CROSSINGS // rows, 1)
        for n in range(0, len(low), step):
            _toggle(toggles, low[n : n + step], high[n : n + step])
    return np.asarray(np.cumsum(toggles[:, :-1], axis=1) % 2 == 1)


def _toggle(toggles: IntArray, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Count, in `toggles` (rows, columns + 1), where these edges (row, column; from low to high row) cross each row."""
    rows, columns = toggles.shape[0], toggles.shape[1] - 1
    first, last = (np.clip(np.ceil(end[:, 0] - ON_EDGE), 0, rows).astype(int) for end in (low, high))
    count = last - first
    edge = np.repeat(np.arange(len(low)), count)
    row = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    along = np.clip((row - low[edge, 0]) / (high[edge, 0] - low[edge, 0]), 0.0, 1.0)
    crossing = low[edge, 1] + along * (high[edge, 1] - low[edge, 1])
    np.add.at(toggles, (row, np.clip(np.ceil(crossing - ON_EDGE), 0, columns).astype(int)), 1)
