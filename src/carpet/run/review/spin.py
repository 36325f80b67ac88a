"""The rotating maximum-intensity projection: 36 frames as one picture, and for every pixel the region that is seen there.

The volume is pooled to some 5 mm, with the height as its last axis, so that each step along the lines of sight reads whole rows.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from carpet.core.lesion import Lesion
from carpet.core.space import Grid, IntArray, Volume
from carpet.report.patient_view import drawn_grid, drawn_region, drawn_volume

FRAMES, COLUMNS = 36, 6  # a frame every 10 degrees [P]
POOLED_MM = 5.0  # [P] what a frame on a screen can show
LATTICE = 0.7  # of a pooled voxel; below 1/√2 no voxel slips between the lines of sight
BODY_SUV = 0.3  # g/mL; background air in a corrected image lies well below, see report.mip
BLACK_SUV = 30.0  # g/mL, the top of the widest window of the page
GAMMA = 0.5  # [P] a root spends the 255 steps where windows are narrow: none is off by more than 3 grey levels from 0–5 to 0–30
PNG_LEVEL = 1
GREY, RGB = 0, 2  # colour types of PNG


@dataclass(frozen=True, slots=True)
class Layout:
    """How the sprite is laid out. Frame n stands in row n // columns, column n % columns; it is seen from `n` · 360/frames degrees.

    Frame 0 is the view from the front (patient's right on the left); from frame to frame the observer walks towards the patient's left.
    The grey of a pixel is 255 · (1 − (SUV / black_suv) ** gamma).
    """

    frames: int
    columns: int
    width: int
    height: int
    pixel_width_mm: float
    pixel_height_mm: float
    black_suv: float = BLACK_SUV
    gamma: float = GAMMA

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Spin:
    """The projection. suv: (frames, height, width) float32; hit: the same shape, the pooled voxel that is seen, −1 for none.

    pooled: shape (front→back, right→left, head→feet) of the pooled volume; factors: drawn voxels in a pooled one, in that order;
    first: the drawn voxel at which the pooled box begins, in that order.
    """

    layout: Layout
    suv: NDArray[np.float32]
    hit: NDArray[np.int32]
    pooled: tuple[int, int, int]
    factors: tuple[int, int, int]
    first: tuple[int, int, int]


def spin_of(suv: Volume) -> Spin:
    """The rotating projection of a volume of SUVbw; where no body is seen, of the whole field."""
    grid = drawn_grid(suv.grid)
    spacing_mm = grid.spacing_mm_kji
    k, j, i = (max(1, int(POOLED_MM / mm)) for mm in spacing_mm)
    pooled = _pooled(np.asarray(drawn_volume(suv).values), (k, j, i))
    rows, columns = _body(pooled)
    body = np.ascontiguousarray(pooled[:, rows, columns].transpose(1, 2, 0))
    step_mm = min(j * spacing_mm[1], i * spacing_mm[2]) * LATTICE
    frames, hits = _projected(body, (j * spacing_mm[1], i * spacing_mm[2]), step_mm)
    layout = Layout(FRAMES, COLUMNS, frames.shape[2], frames.shape[1], round(step_mm, 4), round(k * spacing_mm[0], 4))
    return Spin(layout, frames, hits, body.shape, (j, i, k), (rows.start * j, columns.start * i, 0))


def _pooled(values: NDArray[np.float32], factors: tuple[int, int, int]) -> NDArray[np.float32]:
    """The maximum of each block; blocks that the edge cuts are smaller."""
    for axis, factor in enumerate(factors):
        if factor > 1:
            values = np.maximum.reduceat(values, np.arange(0, values.shape[axis], factor), axis=axis)
    return values


def _body(pooled: NDArray[np.float32]) -> tuple[slice, slice]:
    """The rows and columns of the transverse plane that hold the body."""
    seen = pooled.max(axis=0) > BODY_SUV
    spans = []
    for axis in (1, 0):
        held = np.flatnonzero(seen.any(axis=axis))
        spans.append(slice(int(held[0]), int(held[-1]) + 1) if held.size else slice(0, seen.shape[1 - axis]))
    return spans[0], spans[1]


def _projected(body: NDArray[np.float32], cell_mm: tuple[float, float], step_mm: float) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """(frames, height, width): maximum along each line of sight, and the first voxel at which it is met."""
    depth, width, height = body.shape
    reach = math.hypot(depth * cell_mm[0], width * cell_mm[1]) / 2.0
    half = math.ceil(reach / step_mm)
    along = np.arange(-half, half + 1, dtype=np.float64) * np.float64(step_mm)
    outside = np.zeros((1, height), dtype=np.float32)
    rows = np.concatenate([body.reshape(depth * width, height), outside])
    frames = np.zeros((FRAMES, along.size, height), dtype=np.float32)
    hits = np.full((FRAMES, along.size, height), -1, dtype=np.int32)
    for frame in range(FRAMES):
        _project(rows, _cells(2.0 * math.pi * frame / FRAMES, along, (depth, width), cell_mm), frames[frame], hits[frame])
    at = np.where(hits >= 0, hits * height + np.arange(height, dtype=np.int32), -1)
    return np.ascontiguousarray(frames.transpose(0, 2, 1)), np.ascontiguousarray(at.transpose(0, 2, 1))


def _cells(angle: float, along: NDArray[np.float64], shape: tuple[int, int], cell_mm: tuple[float, float]) -> IntArray:
    """(steps from the observer, across): the cell in the transverse plane, its number, or one past the last outside the box."""
    back, left = np.meshgrid(along, along, indexing="ij")
    y = (back * math.cos(angle) - left * math.sin(angle)) / cell_mm[0] + shape[0] / 2.0
    x = (back * math.sin(angle) + left * math.cos(angle)) / cell_mm[1] + shape[1] / 2.0
    row, column = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    return np.where(inside, row * shape[1] + column, shape[0] * shape[1])


def _project(rows: NDArray[np.float32], cells: IntArray, best: NDArray[np.float32], hit: NDArray[np.int32]) -> None:
    """From the observer backwards; only what is hotter replaces what was met before."""
    for step in cells:
        held = np.flatnonzero(step < len(rows) - 1)
        if not held.size:
            continue
        part = slice(int(held[0]), int(held[-1]) + 1)  # a line through a convex box is held in one piece
        met = rows[step[part]]
        hotter = met > best[part]
        np.copyto(best[part], met, where=hotter)
        np.copyto(hit[part], step[part, None].astype(np.int32), where=hotter)


def spin_png(spin: Spin) -> bytes:
    """All frames in inverse grey, 8 bits a pixel, coded as the layout says."""
    share = np.clip(spin.suv / spin.layout.black_suv, 0.0, 1.0) ** spin.layout.gamma
    grey = 255 - np.rint(255.0 * share).astype(np.uint8)
    return png(_sheet(grey, fill=255))


def ids_png(spin: Spin, lesions: Iterable[Lesion], grid: Grid) -> bytes:
    """The label of the region that each pixel of the sprite shows, red · 65536 + green · 256 + blue; black where it shows none.

    grid: of the volume that was projected. A pooled voxel in which two regions lie shows the one with the higher label.
    """
    labels = _pooled_labels(spin, lesions, grid)
    seen = np.where(spin.hit >= 0, labels[spin.hit], 0)
    sheet = np.asarray(_sheet(seen.astype(np.uint32), fill=0), dtype=np.uint32)
    return png(np.stack([(sheet >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8))


def _pooled_labels(spin: Spin, lesions: Iterable[Lesion], grid: Grid) -> NDArray[np.int32]:
    drawn = drawn_grid(grid)
    labels = np.zeros(math.prod(spin.pooled), dtype=np.int32)
    for lesion in sorted(lesions, key=lambda one: one.label):
        k, j, i = drawn_region(lesion.region, drawn).indices_kji.T
        cell = np.stack([(at - start) // by for at, start, by in zip((j, i, k), spin.first, spin.factors, strict=True)])
        inside = ((cell >= 0) & (cell < np.array(spin.pooled)[:, None])).all(axis=0)
        labels[np.ravel_multi_index(tuple(cell[:, inside]), spin.pooled)] = lesion.label
    return labels


def _sheet(frames: NDArray[np.generic], *, fill: int) -> NDArray[np.generic]:
    """The frames side by side, `COLUMNS` in a row."""
    number, height, width = frames.shape
    lines = -(-number // COLUMNS)
    sheet = np.full((lines * COLUMNS, height, width), fill, dtype=frames.dtype)
    sheet[:number] = frames
    return np.ascontiguousarray(sheet.reshape(lines, COLUMNS, height, width).swapaxes(1, 2).reshape(lines * height, COLUMNS * width))


def png(pixels: NDArray[np.generic]) -> bytes:
    """A PNG of 8 bits a channel: (rows, columns) grey or (rows, columns, 3) colour."""
    lines = np.ascontiguousarray(pixels, dtype=np.uint8).reshape(pixels.shape[0], -1)
    colour = RGB if pixels.ndim == 3 else GREY
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, colour, 0, 0, 0)
    unfiltered = np.concatenate([np.zeros((len(lines), 1), dtype=np.uint8), lines], axis=1)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(unfiltered.tobytes(), PNG_LEVEL)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def spin_arrays(spin: Spin) -> dict[str, NDArray[np.generic]]:
    """The projection as plain arrays, for a file."""
    sizes = np.array([spin.pooled, spin.factors, spin.first], dtype=np.int64)
    pixel_mm = np.array([spin.layout.pixel_width_mm, spin.layout.pixel_height_mm])
    return {"spin_suv": spin.suv.astype(np.float16), "spin_hit": spin.hit, "spin_sizes": sizes, "spin_pixel_mm": pixel_mm}


def spin_from(arrays: Mapping[str, NDArray[np.generic]]) -> Spin:
    """The projection from those arrays."""
    suv = np.asarray(arrays["spin_suv"], dtype=np.float32)
    (width_mm, height_mm), sizes = np.asarray(arrays["spin_pixel_mm"]).tolist(), np.asarray(arrays["spin_sizes"]).tolist()
    layout = Layout(FRAMES, COLUMNS, suv.shape[2], suv.shape[1], width_mm, height_mm)
    pooled, factors, first = (tuple(row) for row in sizes)
    return Spin(layout, suv, np.asarray(arrays["spin_hit"], dtype=np.int32), pooled, factors, first)
