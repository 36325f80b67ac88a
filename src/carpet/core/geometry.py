"""Pure geometry on grids: connected regions, means in spheres, sampling one grid at another's voxels, distances."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from carpet.core.space import BoolArray, Box, Grid, IntArray, Region, SpaceError, Volume

CONNECTIVITY = 26  # faces, edges and corners; stated in every output, see docs/decisions
SPHERE_1_ML_RADIUS_MM = 10.0 * (3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)  # 6.2035 mm


def connected_regions(grid: Grid, mask: BoolArray, *, min_ml: float = 0.0) -> tuple[Region, ...]:
    """The 26-connected parts of `mask` (grid.shape_kji) of at least `min_ml`, largest first, ties by first voxel.

    Works on runs of voxels along i: a tumour has thousands of runs where the volume has tens of millions of voxels.
    """
    if mask.shape != grid.shape_kji:
        raise SpaceError(f"a mask of shape {mask.shape} does not fit a grid of {grid.shape_kji}")
    row, start, stop = _runs(mask)
    if row.size == 0:
        return ()
    part = _joined_runs(row, start, stop, rows_per_slice=grid.shape_kji[1], width=grid.shape_kji[2])
    voxels = np.bincount(part, weights=stop - start).astype(np.int64)
    least = min_ml / grid.voxel_ml - 1e-9
    order = np.argsort(part, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(part))))
    first = order[bounds[:-1]]
    ranked = sorted(range(voxels.size), key=lambda p: (-int(voxels[p]), int(first[p])))
    return tuple(
        _region_of_runs(grid, row[runs], start[runs], stop[runs])
        for runs in (order[bounds[p] : bounds[p + 1]] for p in ranked if voxels[p] >= least)
    )


def _runs(mask: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Runs of True along the last axis: flat row number, first column, one past the last column."""
    width = mask.shape[2]
    flat = np.flatnonzero(mask)
    if flat.size == 0:
        return flat, flat, flat
    opens = np.empty(flat.size, dtype=bool)
    opens[0] = True
    np.not_equal(np.diff(flat), 1, out=opens[1:])
    opens |= flat % width == 0
    heads = np.flatnonzero(opens)
    tails = np.append(heads[1:], flat.size) - 1
    row = flat[heads] // width
    return row, flat[heads] - row * width, flat[tails] - row * width + 1


def _joined_runs(row: IntArray, start: IntArray, stop: IntArray, *, rows_per_slice: int, width: int) -> IntArray:
    """The part each run belongs to: runs that touch in the four earlier neighbour rows (diagonals included) are joined."""
    key_width = width + 2
    start_key, stop_key = row * key_width + start, row * key_width + stop
    j = row % rows_per_slice
    left, right = [], []
    for dk, dj in ((0, -1), (-1, -1), (-1, 0), (-1, 1)):
        inside = (j + dj >= 0) & (j + dj < rows_per_slice)
        runs = np.flatnonzero(inside)
        shift = (dk * rows_per_slice + dj) * key_width
        first = np.searchsorted(stop_key, start_key[runs] + shift - 1, side="right")
        last = np.searchsorted(start_key, stop_key[runs] + shift, side="right")
        count = np.maximum(last - first, 0)
        total = int(count.sum())
        offset = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        left.append(np.repeat(runs, count))
        right.append(np.repeat(first, count) + offset)
    return _joined(np.concatenate(left), np.concatenate(right), row.size)


def _joined(left: IntArray, right: IntArray, nodes: int) -> IntArray:
    """Numbers 0, 1, … of the connected parts of a graph: each node takes the least root of its neighbours until nothing changes."""
    root = np.arange(nodes)
    while True:
        least = np.minimum(root[left], root[right])
        before = root.copy()
        np.minimum.at(root, before[left], least)
        np.minimum.at(root, before[right], least)
        while (shorter := root[root]).tobytes() != root.tobytes():
            root = shorter
        if np.array_equal(root, before):
            return np.asarray(np.unique(root, return_inverse=True)[1])


def _region_of_runs(grid: Grid, row: IntArray, start: IntArray, stop: IntArray) -> Region:
    k, j = row // grid.shape_kji[1], row % grid.shape_kji[1]
    origin = int(k.min()), int(j.min()), int(start.min())
    mask = np.zeros((int(k.max()) + 1 - origin[0], int(j.max()) + 1 - origin[1], int(stop.max()) - origin[2]), dtype=bool)
    length = stop - start
    line = np.ravel_multi_index((k - origin[0], j - origin[1], start - origin[2]), mask.shape)
    within = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
    mask.reshape(-1)[np.repeat(line, length) + within] = True
    return Region(grid, origin, mask)


def sphere_means(volume: Volume, region: Region, *, radius_mm: float) -> NDArray[np.float64]:
    """For each voxel of the region (storage order), the mean over all voxels whose centres lie within `radius_mm` of its centre.

    Voxels outside the region count; beyond the edge of the grid there is nothing to count. Axes must be orthogonal.
    """
    reach = tuple(int(radius_mm / spacing + 1e-9) for spacing in volume.grid.spacing_mm_kji)
    reach_kji = (reach[0], reach[1], reach[2])
    box = region.box_grown(reach_kji)
    values = volume.values[box].astype(np.float64)
    k, j, i = (region.indices_kji - np.array([part.start for part in box])).T
    running = np.zeros((*values.shape[:2], values.shape[2] + 1))
    np.cumsum(values, axis=2, out=running[:, :, 1:])
    total, count = np.zeros(k.size), np.zeros(k.size)
    for dk, dj, half_width in _sphere_rows(volume.grid, radius_mm, reach_kji):
        row_k, row_j = k + dk, j + dj
        inside = (row_k >= 0) & (row_k < values.shape[0]) & (row_j >= 0) & (row_j < values.shape[1])
        row_k, row_j = np.where(inside, row_k, 0), np.where(inside, row_j, 0)
        first = np.maximum(i - half_width, 0)
        last = np.minimum(i + half_width + 1, values.shape[2])
        total += np.where(inside, running[row_k, row_j, last] - running[row_k, row_j, first], 0.0)
        count += np.where(inside, last - first, 0)
    return total / count


def _sphere_rows(grid: Grid, radius_mm: float, reach_kji: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """Rows of the sphere as (dk, dj, half width along i); centres at exactly the radius are inside."""
    dz, dy, dx = grid.spacing_mm_kji
    rows = []
    for dk in range(-reach_kji[0], reach_kji[0] + 1):
        for dj in range(-reach_kji[1], reach_kji[1] + 1):
            left = radius_mm**2 - (dk * dz) ** 2 - (dj * dy) ** 2
            if left >= -1e-9:
                rows.append((dk, dj, int(math.sqrt(max(left, 0.0)) / dx + 1e-9)))
    return rows


def sphere_region(grid: Grid, centre_lps_mm: NDArray[np.float64], radius_mm: float) -> Region:
    """All voxels whose centres lie within `radius_mm` of a point; empty where there is none."""
    reach = np.array([radius_mm / spacing for spacing in grid.spacing_mm_kji])
    middle = grid.to_kji(centre_lps_mm)
    start = np.clip(np.ceil(middle - reach - 1e-9).astype(int), 0, grid.shape_kji)
    stop = np.clip(np.floor(middle + reach + 1e-9).astype(int) + 1, start, grid.shape_kji)
    index = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(start, stop, strict=True)), indexing="ij"), axis=-1)
    far = np.linalg.norm(grid.to_lps_mm(index) - centre_lps_mm, axis=-1)
    return Region(grid, (int(start[0]), int(start[1]), int(start[2])), far <= radius_mm + 1e-9)


def sampled(volume: Volume, onto: Grid, *, outside: float) -> NDArray[np.float32]:
    """`volume` interpolated linearly at the voxel centres of `onto` (same frame, parallel axes); `outside` beyond its field.

    Where the coarser grid is the target no smoothing is done. Raises SpaceError when frames differ or axes are not parallel.
    """
    if volume.grid.frame_uid != onto.frame_uid:
        raise SpaceError("the two grids have different Frames of Reference")
    step = np.linalg.inv(volume.grid.affine_lps) @ onto.affine_lps
    source_axis = np.argmax(np.abs(step[:3, :3]), axis=0)
    off_axis = step[:3, :3].copy()
    off_axis[source_axis, range(3)] = 0.0
    if sorted(source_axis) != [0, 1, 2] or np.abs(off_axis * np.array(onto.shape_kji)).max() > 0.05:
        raise SpaceError("the two grids are rotated against each other")
    values = volume.values
    weights = [_axis_weights(step, int(source_axis[a]), a, onto.shape_kji[a], values.shape[source_axis[a]]) for a in range(3)]
    moved = np.transpose(values, tuple(int(axis) for axis in source_axis))
    out = np.empty(onto.shape_kji, dtype=np.float32)
    (k0, kf, k_in), (j0, jf, j_in), (i0, i_f, i_in) = weights
    for k in range(onto.shape_kji[0]):
        if not k_in[k]:
            out[k] = outside
            continue
        plane = moved[k0[k]] * (1 - kf[k]) + moved[min(k0[k] + 1, moved.shape[0] - 1)] * kf[k]
        rows = plane[j0] * (1 - jf)[:, None] + plane[np.minimum(j0 + 1, plane.shape[0] - 1)] * jf[:, None]
        out[k] = rows[:, i0] * (1 - i_f) + rows[:, np.minimum(i0 + 1, rows.shape[1] - 1)] * i_f
        out[k][~j_in] = outside
        out[k][:, ~i_in] = outside
    return out


def _axis_weights(
    step: NDArray[np.float64], source: int, target: int, n_target: int, n_source: int
) -> tuple[IntArray, NDArray[np.float32], BoolArray]:
    """Lower source index, fraction to the next one, and whether the target voxel centre lies in the source's field."""
    position = step[source, target] * np.arange(n_target) + step[source, 3]
    inside = (position >= -0.5) & (position <= n_source - 0.5)
    position = np.clip(position, 0, n_source - 1)
    lower = np.minimum(position.astype(int), n_source - 1)
    return lower, (position - lower).astype(np.float32), inside


def pairwise_mm(points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n) Euclidean distances of (n, 3) points."""
    return np.asarray(np.linalg.norm(points_lps_mm[:, None, :] - points_lps_mm[None, :, :], axis=-1))


def whole(grid: Grid) -> Box:
    """The box of the whole grid."""
    k, j, i = (slice(0, n) for n in grid.shape_kji)
    return k, j, i
