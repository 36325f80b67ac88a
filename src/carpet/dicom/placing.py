"""Puts a mask that was drawn elsewhere onto the PET grid voxel by voxel, or refuses it; the notices of every mask reader."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from carpet.core.errors import Notice, NoticeKind, Refused, Severity
from carpet.core.space import Grid, IntArray, Labels, Region

SAME_VOXEL = 0.1  # of a voxel: centres that differ by less, at every corner of the mask, are the same voxel
NOT_COARSER = 1.05  # mask spacing over PET spacing; GE slices stray by up to 5 % from their nominal spacing (FAILURES 38)
LARGEST_MASK_BYTES = 2**31  # a CT of 512 × 512 × 4096 in 16 bits; more is refused before it is unpacked
FINER_AT_MOST = 64  # voxels of a mask for each of the PET: a CT of 512 × 512 × 1 mm over a PET of 128 × 128 × 3 mm has 48
ALWAYS_VOXELS = 2**24  # whatever the PET's size
CHUNK_VOXELS = 2**22
VALID_UID, LONGEST_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+"), 64  # PS3.5 §9.1

E, W, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
UNREADABLE = NoticeKind(
    "MASK_UNREADABLE",
    E,
    "this is not a mask that carpet reads",
    "DICOM SEG or RTSTRUCT, NIfTI with a position, NRRD in LPS or RAS",
    "export the mask in one of these formats",
)
EMPTY = NoticeKind("MASK_EMPTY", E, "the mask has no voxel", "at least one region", "check that the right file was given")
OVERLAP = NoticeKind(
    "MASK_OVERLAP",
    E,
    "segments share voxels",
    "each voxel in at most one segment",
    "separate the segments, or export them in files of their own",
)
GRID_DIFFERS = NoticeKind(
    "MASK_GRID_DIFFERS",
    E,
    "the mask's voxels are not the PET's",
    "the PET grid, or a grid no coarser than it",
    "export the mask on the PET grid",
)
FRAME_DIFFERS = NoticeKind(
    "FRAME_OF_REFERENCE_DIFFERS",
    E,
    "the mask lies in another Frame of Reference than the PET",
    "the PET's Frame of Reference",
    "draw the mask on this PET or on the CT of the same examination",
)
RESAMPLED = NoticeKind(
    "MASK_RESAMPLED",
    W,
    "the mask was drawn on another grid; each PET voxel took the value at its centre",
    remedy="draw on the PET grid",
)
FRACTIONAL = NoticeKind("MASK_FRACTIONAL", W, "the mask is fractional; voxels at or above one half were taken", remedy="check the outline")
IGNORED = NoticeKind("MASK_CONTOUR_IGNORED", W, "contours that enclose no area were left out", "CLOSED_PLANAR", "check the structure")
SEGMENT_EMPTY = NoticeKind("MASK_SEGMENT_EMPTY", W, "a segment of the mask has no voxel on the PET grid", remedy="check the segment")
OUTSIDE = NoticeKind(
    "OUTSIDE_FOV",
    W,
    "the mask reaches beyond the PET: volumes are lower bounds",
    remedy="check that mask and PET belong together",
)
WITHOUT_FRAME = NoticeKind("MASK_WITHOUT_FRAME", INFO, "the file names no Frame of Reference; the PET's was taken")


@dataclass(frozen=True, slots=True)
class Track:
    """The identity a segment has over time points: TrackingUID (0062,0021), and TrackingID (0062,0020), its name for people."""

    uid: str
    id: str


@dataclass(frozen=True, eq=False)
class MaskRead:
    """A mask on the PET grid: one region a segment, the name each has in its file (data, never code), and what to know.

    tracks: the identity of each segment over time points, where the file gives it one.
    """

    labels: Labels
    names: Mapping[int, str]
    notices: tuple[Notice, ...] = ()
    tracks: Mapping[int, Track] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A mask as it was drawn: for each segment the flat indices of its voxels on a grid, and its name.

    `grid.frame_uid` is empty where the file names no Frame of Reference.
    """

    grid: Grid
    voxels: Mapping[int, IntArray]
    names: Mapping[int, str]
    where: str
    notices: tuple[Notice, ...] = field(default_factory=tuple)
    tracks: Mapping[int, Track] = field(default_factory=dict)


def placed(drawn: Drawn, grid: Grid) -> MaskRead:
    """The mask on `grid`. Raises Refused: empty, overlapping, in another frame, on a grid that does not answer for `grid`."""
    check_frame(drawn.grid.frame_uid, grid, drawn.where)
    _check_segments(drawn)
    notices = list(drawn.notices)
    if not drawn.grid.frame_uid:
        notices.append(WITHOUT_FRAME.at(drawn.where))
    shift = exact_shift(drawn.grid.affine_lps, drawn.grid.shape_kji, grid)
    if shift is not None:
        moved = {label: _shifted(flat, drawn.grid, shift, grid) for label, flat in drawn.voxels.items()}
        outside = sum(drawn.voxels[label].size - flat.size for label, flat in moved.items())
    else:
        _check_not_coarser(drawn, grid)
        notices.append(RESAMPLED.at(drawn.where, _spacing_text(drawn.grid)))
        moved, outside = _looked_up(drawn, grid), _count_outside(drawn, grid)
    if outside:
        notices.append(OUTSIDE.at(drawn.where, f"{outside} voxels of the mask"))
    return _read(grid, moved, drawn, notices)


def check_frame(frame_uid: str, grid: Grid, where: str) -> None:
    """Refuses a mask of another Frame of Reference; one that names none is let through."""
    if frame_uid and frame_uid != grid.frame_uid:
        raise Refused(FRAME_DIFFERS.at(where, frame_uid))


def tracks_in(items: Mapping[int, Dataset]) -> dict[int, Track]:
    """The tracks that these items of a DICOM object name by number; an item without a valid TrackingUID has none."""
    told = {number: Track(str(item.get("TrackingUID", "")), str(item.get("TrackingID", ""))) for number, item in items.items()}
    return {number: track for number, track in told.items() if uid_is_valid(track.uid)}


def uid_is_valid(text: str) -> bool:
    """True for a DICOM UID: at most 64 characters, numbers without leading zeros between dots."""
    return len(text) <= LONGEST_UID and VALID_UID.fullmatch(text) is not None


def check_size(shape_kji: Sequence[int], grid: Grid, where: str) -> None:
    """Raises Refused, before anything is unpacked, where a mask has far more voxels than any image of this examination."""
    voxels = math.prod(shape_kji)
    if voxels > max(FINER_AT_MOST * math.prod(grid.shape_kji), ALWAYS_VOXELS):
        raise Refused(UNREADABLE.at(where, f"{voxels} voxels, the PET has {math.prod(grid.shape_kji)}"))


def exact_shift(
    affine_lps: NDArray[np.float64], shape_kji: tuple[int, int, int], grid: Grid, *, slice_tolerance: float = SAME_VOXEL
) -> tuple[IntArray, IntArray] | None:
    """(turn, shift) such that index @ turn.T + shift is the same voxel on `grid`; None where voxel centres do not coincide.

    Flipped and permuted axes are allowed. Centres coincide when no corner is off by more than 0.1 voxel; along k,
    `slice_tolerance`.
    """
    to_grid = np.linalg.inv(grid.affine_lps) @ affine_lps
    turn = np.rint(to_grid[:3, :3])
    if not (np.abs(turn).sum(axis=0) == 1).all() or not (np.abs(turn).sum(axis=1) == 1).all():
        return None
    shift = np.rint(to_grid[:3, 3])
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape_kji], indexing="ij")).reshape(3, -1)
    off = np.abs((to_grid[:3, :3] - turn) @ corners + (to_grid[:3, 3] - shift)[:, None]).max(axis=1)
    if (off > (slice_tolerance, SAME_VOXEL, SAME_VOXEL)).any():
        return None
    return turn.astype(np.int64), shift.astype(np.int64)


def labelled_voxels(parts: Iterable[tuple[int, IntArray]]) -> dict[int, IntArray]:
    """Flat indices of each label value, from chunks (flat index of the first voxel, values) of an array of integers."""
    found: dict[int, list[IntArray]] = {}
    for start, values in parts:
        flat = np.flatnonzero(values)
        here = values.reshape(-1)[flat]
        order = np.argsort(here, kind="stable")
        ordered = here[order]
        bounds = np.flatnonzero(np.diff(ordered)) + 1
        for piece in np.split(order, bounds) if flat.size else ():
            found.setdefault(int(here[piece[0]]), []).append(flat[piece] + start)
    return {label: np.concatenate(pieces) for label, pieces in sorted(found.items())}


def shown(name: str) -> str:
    """A segment's name as it may stand in a message: one line, at most 40 characters."""
    return repr("".join(c if c.isprintable() else " " for c in name)[:40])


def _check_segments(drawn: Drawn) -> None:
    """Refuses a mask without voxels and segments that share voxels, naming each such pair."""
    labels = [label for label, flat in drawn.voxels.items() if flat.size]
    if not labels:
        raise Refused(EMPTY.at(drawn.where))
    every = np.concatenate([drawn.voxels[label] for label in labels])
    owner = np.repeat(labels, [drawn.voxels[label].size for label in labels])
    order = np.argsort(every, kind="stable")
    shared = np.flatnonzero(np.diff(every[order]) == 0)
    if shared.size:
        pairs = np.unique(np.stack([owner[order[shared]], owner[order[shared + 1]]], axis=1), axis=0)
        text = "; ".join(f"{shown(drawn.names[int(a)])} and {shown(drawn.names[int(b)])}" for a, b in pairs[:10])
        raise Refused(OVERLAP.at(drawn.where, text, more=f"{shared.size} voxels"))


def _shifted(flat: IntArray, own: Grid, shift: tuple[IntArray, IntArray], grid: Grid) -> IntArray:
    """Flat indices on `grid` of voxels of `own`; those outside `grid` are left out."""
    index = np.stack(np.unravel_index(flat, own.shape_kji), axis=1) @ shift[0].T + shift[1]
    inside = ((index >= 0) & (index < grid.shape_kji)).all(axis=1)
    return np.asarray(np.ravel_multi_index(tuple(index[inside].T), grid.shape_kji))


def _check_not_coarser(drawn: Drawn, grid: Grid) -> None:
    steps = np.abs((np.linalg.inv(grid.affine_lps) @ drawn.grid.affine_lps)[:3, :3])
    if steps.max() > NOT_COARSER:
        raise Refused(GRID_DIFFERS.at(drawn.where, f"{_spacing_text(drawn.grid)} against {_spacing_text(grid)} of the PET"))


def _spacing_text(grid: Grid) -> str:
    return " × ".join(f"{step:.4g}" for step in grid.spacing_mm_kji) + " mm (slice, row, column)"


def _looked_up(drawn: Drawn, grid: Grid) -> dict[int, IntArray]:
    """For each PET voxel centre near the mask, the label of the mask voxel it lies in."""
    every = np.concatenate(list(drawn.voxels.values()))
    owner = np.repeat(list(drawn.voxels), [flat.size for flat in drawn.voxels.values()])
    order = np.argsort(every)
    every, owner = every[order], owner[order]
    index = np.unravel_index(every, drawn.grid.shape_kji)
    ends = np.array(np.meshgrid(*[(axis.min() - 0.5, axis.max() + 0.5) for axis in index], indexing="ij")).reshape(3, -1).T
    reach = grid.to_kji(drawn.grid.to_lps_mm(ends))
    start = np.clip(np.ceil(reach.min(axis=0) - 1e-6).astype(int), 0, grid.shape_kji)
    stop = np.clip(np.floor(reach.max(axis=0) + 1e-6).astype(int) + 1, start, grid.shape_kji)
    j, i = np.meshgrid(np.arange(start[1], stop[1]), np.arange(start[2], stop[2]), indexing="ij")
    rows = np.column_stack([j.ravel(), i.ravel()])
    found: dict[int, list[IntArray]] = {label: [] for label in drawn.voxels}
    for k in range(int(start[0]), int(stop[0])):
        here = np.column_stack([np.full(len(rows), k), rows])
        own = np.floor(drawn.grid.to_kji(grid.to_lps_mm(here)) + 0.5).astype(np.int64)
        inside = ((own >= 0) & (own < drawn.grid.shape_kji)).all(axis=1)
        here, own = here[inside], np.ravel_multi_index(tuple(own[inside].T), drawn.grid.shape_kji)
        at = np.minimum(np.searchsorted(every, own), every.size - 1)
        hit = every[at] == own
        flat = np.ravel_multi_index(tuple(here[hit].T), grid.shape_kji)
        for label in np.unique(owner[at[hit]]):
            found[int(label)].append(flat[owner[at[hit]] == label])
    return {label: np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int64) for label, pieces in found.items()}


def _count_outside(drawn: Drawn, grid: Grid) -> int:
    """How many voxels of the mask have their centre outside the PET's field."""
    outside = 0
    for flat in drawn.voxels.values():
        for start in range(0, flat.size, CHUNK_VOXELS):
            index = np.stack(np.unravel_index(flat[start : start + CHUNK_VOXELS], drawn.grid.shape_kji), axis=1)
            kji = grid.to_kji(drawn.grid.to_lps_mm(index))
            outside += int(((kji < -0.5) | (kji > np.array(grid.shape_kji) - 0.5)).any(axis=1).sum())
    return outside


def _read(grid: Grid, voxels: Mapping[int, IntArray], drawn: Drawn, notices: Sequence[Notice]) -> MaskRead:
    """Labels of the segments that have voxels on the PET grid; the others are flagged, or the mask refused if none has."""
    kept = {label: flat for label, flat in voxels.items() if flat.size}
    if not kept:
        raise Refused(EMPTY.at(drawn.where, "no voxel on the PET grid"))
    lost = tuple(SEGMENT_EMPTY.at(drawn.where, shown(drawn.names[label])) for label in voxels if label not in kept)
    regions = {label: region_of_voxels(grid, flat) for label, flat in kept.items()}
    names = MappingProxyType({label: drawn.names[label] for label in kept})
    tracks = MappingProxyType({label: drawn.tracks[label] for label in kept if label in drawn.tracks})
    return MaskRead(Labels(grid, regions), names, (*notices, *lost), tracks)


def region_of_voxels(grid: Grid, flat: IntArray) -> Region:
    """The region of these voxels (flat indices on `grid`, at least one)."""
    index = np.unravel_index(flat, grid.shape_kji)
    origin = tuple(int(axis.min()) for axis in index)
    shape = tuple(int(axis.max()) - low + 1 for axis, low in zip(index, origin, strict=True))
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(axis - low for axis, low in zip(index, origin, strict=True))] = True
    return Region(grid, (origin[0], origin[1], origin[2]), mask)
