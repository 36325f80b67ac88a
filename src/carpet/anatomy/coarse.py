"""A coarse copy of PET and CT, turned to the body's axes: enough to find organs on, small enough to be quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.core.geometry import sampled
from carpet.core.space import BoolArray, Box, Grid, Region, SpaceError, Volume

STEP_MM = 4.5  # [P] five voxels across an aorta, 1–2 million voxels in a body
AIR_HU = -1000.0
TRACE_SUV = 0.1  # [P] anything above this may be patient; used only to crop
TILT_LIMIT = 0.94  # [P] cos 20°: beyond this no axis of the image is the body's long axis


@dataclass(frozen=True, eq=False)
class Coarse:
    """PET (SUVbw) and CT (HU, None without CT) on one isotropic grid whose axes run to the head, to the back, to the left."""

    grid: Grid
    suv: NDArray[np.float32]
    hu: NDArray[np.float32] | None

    def s_mm(self, k: float) -> float:
        """Height of slice k along S in LPS mm, at the middle of the slice."""
        middle = (np.array(self.grid.shape_kji[1:]) - 1) / 2
        return float(self.grid.to_lps_mm([k, *middle])[2])

    def slice_of(self, s_mm: float) -> int:
        """The slice nearest to a height; may lie outside the grid."""
        return round((s_mm - self.s_mm(0)) / (self.s_mm(1) - self.s_mm(0)))


def coarse_copy(suv: Volume, ct: Volume | None) -> Coarse:
    """Both images by block means at about 4.5 mm, cropped to where there is activity; raises SpaceError for a tilted PET."""
    small = _block_means(suv)
    grid = _body_axes(small)
    values = sampled(small, grid, outside=0.0)
    hu = None if ct is None else np.maximum(sampled(_block_means(ct), grid, outside=AIR_HU), np.float32(AIR_HU))
    return Coarse(grid, values, hu)


def _block_means(volume: Volume) -> Volume:
    """Means of blocks just under the coarse step, of at most two samples along each axis of a block; slab by slab, to stay in cache."""
    affine, values = volume.grid.affine_lps.copy(), volume.values
    sizes = [max(1, min(int(STEP_MM / spacing + 0.25), n)) for spacing, n in zip(volume.grid.spacing_mm_kji, values.shape, strict=True)]
    slabs, rows, columns = (n // size for n, size in zip(values.shape, sizes, strict=True))
    out = np.empty((slabs, rows, columns), dtype=np.float32)
    (k_first, k_last), j_taken, i_taken = (_taken(size) for size in sizes)
    for slab in range(slabs):
        plane = values[slab * sizes[0] + k_first] + values[slab * sizes[0] + k_last]
        plane = sum(plane[first : rows * sizes[1] : sizes[1]] for first in j_taken)
        np.multiply(sum(plane[:, first : columns * sizes[2] : sizes[2]] for first in i_taken), np.float32(0.125), out=out[slab])
    for axis, size in enumerate(sizes):
        affine[:3, 3] += affine[:3, axis] * (size - 1) / 2
        affine[:3, axis] *= size
    return Volume(Grid((slabs, rows, columns), affine, volume.grid.frame_uid), out, volume.quantity)


def _taken(size: int) -> tuple[int, int]:
    """Two samples of a block that lie symmetric about its middle; one voxel counts twice."""
    return (0, size - 1) if size < 4 else (1, size - 2)


def _body_axes(volume: Volume) -> Grid:
    """An isotropic grid over the part with activity, its axes parallel to the image's, ordered S, P, L."""
    directions = volume.grid.affine_lps[:3, :3] / np.array(volume.grid.spacing_mm_kji)
    source = [int(np.argmax(np.abs(directions[world]))) for world in (2, 1, 0)]
    if sorted(source) != [0, 1, 2] or abs(directions[2, source[0]]) < TILT_LIMIT:
        raise SpaceError("no axis of the PET runs along the body")
    box = _active_box(volume)
    columns, lengths, corner = [], [], volume.grid.to_lps_mm([part.start - 0.5 for part in box])
    for world, axis in zip((2, 1, 0), source, strict=True):
        length = (box[axis].stop - box[axis].start) * volume.grid.spacing_mm_kji[axis]
        along = directions[:, axis]
        if along[world] < 0:
            corner = corner + along * length
            along = -along
        columns.append(along * STEP_MM)
        lengths.append(max(1, int(length / STEP_MM)))
    affine = np.eye(4)
    affine[:3, :3] = np.array(columns).T
    affine[:3, 3] = corner + affine[:3, :3].sum(axis=1) / 2
    return Grid((lengths[0], lengths[1], lengths[2]), affine, volume.grid.frame_uid)


def _active_box(volume: Volume) -> Box:
    """The box of planes in which at least one in two hundred voxels shows activity; the whole grid where none does."""
    active = volume.values > TRACE_SUV
    spans = []
    for axis, n in enumerate(volume.grid.shape_kji):
        share = active.mean(axis=tuple(a for a in range(3) if a != axis))
        hits = np.flatnonzero(share > 0.005)
        spans.append(slice(max(int(hits[0]) - 2, 0), min(int(hits[-1]) + 3, n)) if hits.size else slice(0, n))
    return spans[0], spans[1], spans[2]


def cubes(mm: float) -> int:
    """Odd width in coarse voxels of a cube that reaches `mm` to each side."""
    return 2 * max(1, round(mm / STEP_MM)) + 1


def eroded(mask: BoolArray, mm: float) -> BoolArray:
    """The mask less about `mm` on every side (cubic element); beyond the grid counts as inside."""
    return np.asarray(ndimage.minimum_filter(mask.view(np.uint8), cubes(mm), mode="nearest"), dtype=bool)


def dilated(mask: BoolArray, mm: float) -> BoolArray:
    """The mask plus about `mm` on every side (cubic element)."""
    return np.asarray(ndimage.maximum_filter(mask.view(np.uint8), cubes(mm), mode="nearest"), dtype=bool)


def opened(mask: BoolArray, mm: float) -> BoolArray:
    """The mask without parts thinner than about twice `mm`."""
    return dilated(eroded(mask, mm), mm) & mask


def parts_of(mask: BoolArray) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """26-connected parts (0 background) and the volume in mL of each label value."""
    labels = np.asarray(ndimage.label(mask, structure=np.ones((3, 3, 3)))[0], dtype=np.int32)
    volumes = np.asarray(np.bincount(labels.ravel()) * (STEP_MM**3 * 1e-3), dtype=np.float64)
    volumes[0] = 0.0
    return labels, volumes


def largest_part(mask: BoolArray) -> BoolArray:
    """The largest 26-connected part; empty for an empty mask."""
    labels, volumes = parts_of(mask)
    return np.asarray((labels == int(np.argmax(volumes))) & mask)


def filled_slices(mask: BoolArray) -> BoolArray:
    """The mask with holes filled in every axial slice."""
    out = mask.copy()
    boxes = ndimage.find_objects(mask.view(np.uint8))
    for plane in out[boxes[0]] if boxes and boxes[0] is not None else ():
        plane[:] = ndimage.binary_fill_holes(plane)
    return out


def on_pet(mask: BoolArray, coarse: Grid, pet: Grid) -> Region:
    """The PET voxels whose centres lie in the cells of a coarse mask, as a region of the PET grid."""
    small = Region.of_mask(coarse, mask)
    if small.voxels == 0:
        return Region(pet, (0, 0, 0), np.zeros((0, 0, 0), dtype=bool))
    ends = np.array([[part.start - 0.5, part.stop - 0.5] for part in small.box])
    corners = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T
    found = pet.to_kji(coarse.to_lps_mm(corners))
    start = np.clip(np.floor(found.min(axis=0)).astype(int), 0, pet.shape_kji)
    stop = np.clip(np.ceil(found.max(axis=0)).astype(int) + 1, start, pet.shape_kji)
    index = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(start, stop, strict=True)), indexing="ij"), axis=-1)
    inside = in_cells(mask, coarse, pet.to_lps_mm(index))
    return Region(pet, (int(start[0]), int(start[1]), int(start[2])), inside)


def in_cells(mask: NDArray[Any], coarse: Grid, points_lps_mm: NDArray[np.float64]) -> NDArray[Any]:
    """The value of the coarse array in whose cell each point (..., 3) lies; 0 beyond its edge."""
    cell = np.floor(coarse.to_kji(points_lps_mm) + 0.5).astype(int)
    inside = np.asarray(((cell >= 0) & (cell < coarse.shape_kji)).all(axis=-1))
    cell = np.where(inside[..., None], cell, 0)
    return np.where(inside, mask[cell[..., 0], cell[..., 1], cell[..., 2]], np.zeros((), mask.dtype))
