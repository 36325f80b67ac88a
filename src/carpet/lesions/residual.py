"""What uptake is left at the place of a lesion on another scan, by numbered rules, from the scan's SUV in blocks of about 5 mm.

R1  The place is all the voxels where the lesion has lain so far; it is looked for within the tolerance of T1, at least one block, about it.
R2  Taken out: blocks of the scan's regions (they are decided on as they are) and of kidneys, brain and bladder, and the blocks that
    touch these, for spill. Where they are more than half of the place, what is left there is not known.
R3  Uptake stands above its surroundings where it is a peak: 25 % and 0.3 g/mL above the highest pass on every way out of the place
    (morphological reconstruction: Vincent, IEEE Trans Image Process 1993;2:176). So uptake that comes in from beyond is not the place's.
R4  Without a peak the hottest block of the place itself counts. It is unsure whether that is a residual where 1 mL of it is 1.25 times
    as hot as nine tenths of the shell of 10 mm about it, or 1.1 times as hot as the liver; else it is not above its surroundings.
    A spleen or a marrow that was diffusely hot has no surroundings: up to the liver's uptake it counts as healthy.
R5  A peak half as high as R3 asks, but hotter than the liver, is unsure as well: it would decide, and may be noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from carpet.core.space import BoolArray, Box, FloatArray, Grid, Quantity, Region, SpaceError, Volume, frozen
from carpet.lesions.linking import Placed
from carpet.lesions.surfaces import Points

BLOCK_MM = 5.0  # [P] a block is no longer than this, unless a voxel is: coarser maxima close the gap between a lesion and a hot organ
SUV_STEP, MOST_SUV = 0.001, 65.535  # g/mL; hotter blocks count as this: far above every limit that is asked
LEAST_SUV = 0.2  # g/mL [P] below it a block counts as 0: air, lung, noise; no reference is as low
TAKEN_MOST = 0.5  # R2 [P]
PEAK_SHARE, PEAK_SUV = 0.25, 0.3  # R3 [P] noise makes peaks of up to 23 % and 0.28 g/mL on the phantoms of the demonstration trial
LESSER = 0.5  # R5 [P]
SHELL_MM, SHELL_PERCENTILE = 10.0, 90.0  # R4 [P]
SHELL_TIMES, LIVER_TIMES = 1.25, 1.1  # R4 [P]
LEVEL_ML = 1.0  # R4 [P] as much as SUVpeak averages over
PLACE_DECIMALS = 2  # of mm: below lie the last bits of an alignment
CONNECTED = np.ones((3, 3, 3), dtype=bool)


class Above(StrEnum):
    """Whether uptake stands above its surroundings."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class NotKnown(StrEnum):
    """Why nobody can tell what is left at a place."""

    OUT_OF_FIELD = "OUT_OF_FIELD"
    NOT_ALIGNED = "NOT_ALIGNED"
    TAKEN_OUT = "PLACE_TAKEN_OUT"


@dataclass(frozen=True, eq=False)
class Blocks:
    """The largest SUVbw (float32, g/mL, in steps of 0.001) of each block of voxels; grid: of the blocks."""

    grid: Grid
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ScanUptake:
    """One scan's uptake as places are asked of it. taken: the blocks of R2. liver_suv_max: g/mL, None where there is no liver.

    candidate_suv: g/mL, from which on uptake is a candidate region where it is large enough.
    """

    blocks: Blocks
    taken: BoolArray
    liver_suv_max: float | None
    candidate_suv: float


@dataclass(frozen=True, slots=True)
class Residual:
    """SUVmax (g/mL) of what is left at a place, and whether it stands above its surroundings; or why that is not known."""

    suv_max: float | None
    above: Above | None
    reason_missing: str = ""

    @classmethod
    def unknown(cls, reason: NotKnown) -> Residual:
        return cls(None, None, reason.value)

    @property
    def words(self) -> str:
        """What is left, in words."""
        if self.suv_max is None:
            return f"what is left there cannot be told ({self.reason_missing})"
        said = {
            Above.YES: "above its surroundings",
            Above.NO: "not above its surroundings",
            Above.UNSURE: "which cannot be told from what goes on beyond it",
        }
        return f"SUVmax {self.suv_max:.1f} there, {said[self.above or Above.UNSURE]}"


def blocks_of(suv: Volume) -> Blocks:
    """The SUVbw volume as block maxima: whole voxels, together at most 5 mm along each axis, but at least one. Raises SpaceError for
    another quantity."""
    if suv.quantity is not Quantity.SUV_BW:
        raise SpaceError(f"a residual needs SUVbw, not {suv.quantity.says}")
    factor = block_voxels(suv.grid)
    padded = np.pad(suv.values, [(0, -n % by) for n, by in zip(suv.grid.shape_kji, factor, strict=True)])
    k, j, i = (n // by for n, by in zip(padded.shape, factor, strict=True))
    values = padded.reshape(k, factor[0], j, factor[1], i, factor[2]).max(axis=(1, 3, 5))
    whole = np.round(np.minimum(values.astype(np.float64), MOST_SUV) / SUV_STEP) * SUV_STEP
    return Blocks(block_grid(suv.grid), frozen(np.where(whole < LEAST_SUV, 0.0, whole).astype(np.float32)))


def block_voxels(grid: Grid) -> tuple[int, int, int]:
    """How many voxels of a grid make a block, along slice, row and column."""
    k, j, i = (max(int(BLOCK_MM / mm + 1e-6), 1) for mm in grid.spacing_mm_kji)
    return k, j, i


def block_grid(grid: Grid) -> Grid:
    """The grid of the blocks; the last one of an axis may reach beyond the voxels."""
    factor = np.array(block_voxels(grid))
    affine = grid.affine_lps.copy()
    affine[:3, 3] = grid.to_lps_mm((factor - 1) / 2.0)
    affine[:3, :3] = affine[:3, :3] * factor
    k, j, i = (int(n) for n in -(-np.array(grid.shape_kji) // factor))
    return Grid((k, j, i), affine, grid.frame_uid)


def scan_uptake(
    blocks: Blocks, regions: Iterable[Region], organs: Iterable[Region], *, liver_suv_max: float | None, candidate_suv: float
) -> ScanUptake:
    """The scan's uptake with the blocks of R2 taken out. regions: all of the scan; organs: kidneys, brain, bladder, on any grid."""
    hot = np.zeros(blocks.grid.shape_kji, dtype=bool)
    for region in (*regions, *organs):
        index = np.floor(blocks.grid.to_kji(region.centres_lps_mm()) + 0.5).astype(np.int64)
        index = index[((index >= 0) & (index < blocks.grid.shape_kji)).all(axis=1)]
        hot[tuple(index.T)] = True
    taken = np.asarray(ndimage.binary_dilation(hot, CONNECTED), dtype=bool)
    return ScanUptake(blocks, frozen(taken), liver_suv_max, candidate_suv)


def residual(place: Placed, scan: ScanUptake, *, from_baseline: FloatArray, tolerance_mm: float, diffuse: bool = False) -> Residual:
    """What is left at a place of the baseline's frame on this scan, by R1 to R5; the place lies in the scan's field (T3).

    from_baseline: (4, 4), LPS mm of the baseline → of the scan. diffuse: the place is a whole spleen or marrow.
    """
    points = np.asarray(place.points_lps_mm @ from_baseline[:3, :3].T + from_baseline[:3, 3])
    margin_mm = round(max(tolerance_mm, *scan.blocks.grid.spacing_mm_kji), PLACE_DECIMALS)
    box = _box(scan.blocks.grid, points, margin_mm + SHELL_MM)
    values, taken = scan.blocks.values[box].astype(np.float64), scan.taken[box]
    away_mm = _away_mm(scan.blocks.grid, box, points)
    core, near = away_mm <= round(place.half_voxel_mm, PLACE_DECIMALS), away_mm <= margin_mm
    if not core.any():
        return Residual.unknown(NotKnown.OUT_OF_FIELD)
    if np.count_nonzero(core & taken) > TAKEN_MOST * np.count_nonzero(core):
        return Residual.unknown(NotKnown.TAKEN_OUT)
    peak, lesser = _peaks(values, near & ~taken)
    if scan.liver_suv_max is not None and lesser > scan.liver_suv_max >= peak:
        return Residual(lesser, Above.UNSURE)
    if peak > 0.0:
        return Residual(peak, Above.YES)
    shell = values[(away_mm > margin_mm) & (away_mm <= margin_mm + SHELL_MM) & ~taken]
    own = np.sort(values[core & ~taken])[::-1]
    level = float(own[min(round(LEVEL_ML / scan.blocks.grid.voxel_ml), own.size - 1)])
    hottest = round(float(own[0]), 3)
    return Residual(hottest, Above.UNSURE if _exceeds(level, shell, scan.liver_suv_max, diffuse=diffuse) else Above.NO)


def _exceeds(level: float, shell: NDArray[np.float64], liver: float | None, *, diffuse: bool) -> bool:
    """R4 of the uptake that 1 mL of the place reaches."""
    around = SHELL_TIMES * float(np.percentile(shell, SHELL_PERCENTILE)) if shell.size else 0.0
    usual = max(around, liver) if diffuse and liver is not None else around
    return level > usual or (liver is not None and level > LIVER_TIMES * liver)


def _box(grid: Grid, points: Points, margin_mm: float) -> Box:
    """The blocks within a margin of the points, and one more on each side; never empty."""
    index = grid.to_kji(points)
    reach = margin_mm / np.array(grid.spacing_mm_kji) + 1.0
    low = np.clip(np.floor(index.min(axis=0) - reach).astype(int), 0, np.array(grid.shape_kji) - 1)
    high = np.clip(np.ceil(index.max(axis=0) + reach).astype(int) + 1, low + 1, grid.shape_kji)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i


def _away_mm(grid: Grid, box: Box, points: Points) -> NDArray[np.float64]:
    """How far each block's centre lies from the nearest point."""
    index = np.stack(np.meshgrid(*(np.arange(part.start, part.stop) for part in box), indexing="ij"), axis=-1)
    distance, _ = cKDTree(points).query(grid.to_lps_mm(index).reshape(-1, 3))
    return np.asarray(np.round(distance, PLACE_DECIMALS).reshape(index.shape[:3]))


def _peaks(values: NDArray[np.float64], near: BoolArray) -> tuple[float, float]:
    """R3, R5: the hottest block that is a peak of the place, and that is at least a lesser one; 0 where there is none."""
    from skimage.morphology import reconstruction

    if not near.any():
        return 0.0, 0.0
    around = np.pad(values, 1)  # what lies beyond the field has no uptake: no way out is hotter than it
    inside = np.pad(near, 1)
    passes = reconstruction(np.where(inside, around.min(), around), around, "dilation", footprint=CONNECTED)
    asked = np.maximum(PEAK_SHARE * passes, PEAK_SUV)
    high, low = (inside & (around - passes >= share * asked - 1e-9) for share in (1.0, LESSER))
    return round(float(around[high].max(initial=0.0)), 3), round(float(around[low].max(initial=0.0)), 3)
