"""Axial slices: PET over CT through the hottest voxel of each leading lesion, and through the reference regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carpet.core.anatomy import Anatomy
from carpet.core.geometry import sampled
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Quantity, Region, SpaceError, Volume
from carpet.report import drawing
from carpet.report.numbers import quantity_text
from carpet.report.patient_view import drawn_grid, drawn_region, drawn_volume

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LESIONS = 6
CT_LEVEL_HU, CT_WIDTH_HU = 40.0, 400.0  # soft tissue window
AIR_HU = -1000.0
NEAR_STEP_MM, FAR_STEP_MM = 1.0, 3.0  # pixel of the close-up and of the inset
LEAST_HALF_MM = 70.0  # the close-up shows at least 14 cm
MARGIN_MM = 30.0
CLEAR_BELOW_SUV, FULL_FROM_SUV, MOST_OPAQUE = 1.0, 5.0, 0.70  # the overlay lets CT through where uptake is low
HEAD_IN, TITLE_IN, GAP_IN, BAR_IN = 0.34, 0.44, 0.12, 0.62
SINGLE_IN = 3.6  # side of a slice that stands alone
REFERENCE_IN = 1.92
INSET_SHARE = 0.25  # of the side; REGION_SHARE keeps the region out of the inset's corner
REGION_SHARE = 0.5
BODY_SUV = 0.3  # g/mL; background air lies well below
REFERENCE_NAMES = {"liver": "Liver", "blood_pool": "Blood pool (aorta)", "spleen": "Spleen", "marrow": "Marrow"}
CHARACTERS_PER_IN = 15.5


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """One picture of a panel: two lines of title, the region, and the voxel its slice goes through."""

    title: str
    numbers: str
    region: Region
    look: drawing.Look
    middle_kji: tuple[int, int, int]


def slice_png(suv: Volume, ct: Volume | None, lesion: Lesion, *, status_text: str) -> bytes:
    """The fused axial slice through the lesion's hottest voxel, as PNG."""
    tile = _lesion_tile(suv, lesion)
    return _panel_png(suv, ct, [tile], columns=1, status_text=status_text, width_in=SINGLE_IN + BAR_IN)


def slices_png(suv: Volume, ct: Volume | None, lesions: Sequence[Lesion], *, status_text: str) -> bytes:
    """A panel of the disease lesions with the largest TLG, six at most, as PNG; without disease it says so."""
    disease = [lesion for lesion in lesions if lesion.status is Status.DISEASE]
    ranked = sorted(disease, key=lambda lesion: (-float(lesion.region.values_of(suv).sum(dtype=np.float64)), lesion.id))
    tiles = [_lesion_tile(suv, lesion) for lesion in ranked[:MOST_LESIONS]]
    return _panel_png(suv, ct, tiles, columns=3, status_text=status_text, empty="No region is counted as disease.")


def references_png(suv: Volume, ct: Volume | None, anatomy: Anatomy, *, status_text: str) -> bytes:
    """A panel of the reference regions that were found, each through its middle, as PNG; without any it says so."""
    found = [name for name in REFERENCE_NAMES if name in anatomy.references and anatomy.references[name].voxels]
    tiles = [_reference_tile(suv, anatomy.references[name], REFERENCE_NAMES[name]) for name in found]
    columns, empty = max(len(tiles), 2), "No reference region was found."
    width_in = columns * REFERENCE_IN + (columns - 1) * GAP_IN + BAR_IN if len(tiles) < 4 else drawing.WIDTH_IN
    return _panel_png(suv, ct, tiles, columns=columns, status_text=status_text, width_in=width_in, empty=empty)


def _lesion_tile(suv: Volume, lesion: Lesion) -> Tile:
    grid = drawn_grid(suv.grid)
    region = drawn_region(lesion.region, grid)
    values = region.values_of(drawn_volume(suv))
    k, j, i = (int(index) for index in region.indices_kji[int(np.argmax(values))])
    where = f" {lesion.site.meaning}" if lesion.site else ""
    maximum = quantity_text(float(values.max()), suv.quantity.unit)
    numbers = f"{quantity_text(region.volume_ml, 'mL')}, SUVmax {maximum}"
    return Tile(f"{lesion.id}{where}", numbers, region, drawing.LOOKS[lesion.status.value], (k, j, i))


def _reference_tile(suv: Volume, found: Region, title: str) -> Tile:
    region = drawn_region(found, drawn_grid(suv.grid))
    values = region.values_of(drawn_volume(suv)).astype(np.float64)
    from_middle_mm = np.linalg.norm(region.centres_lps_mm() - region.centroid_lps_mm, axis=1)
    k, j, i = (int(index) for index in region.indices_kji[int(np.argmin(np.round(from_middle_mm, 3)))])
    numbers = f"mean {quantity_text(float(values.mean()), suv.quantity.unit)}"
    return Tile(title, numbers, region, drawing.LOOKS["reference"], (k, j, i))


def _panel_png(
    suv: Volume,
    ct: Volume | None,
    tiles: Sequence[Tile],
    *,
    columns: int,
    status_text: str,
    width_in: float = drawing.WIDTH_IN,
    empty: str = "",
) -> bytes:
    side_in = (width_in - BAR_IN - (columns - 1) * GAP_IN) / columns
    rows = -(-len(tiles) // columns)
    height_in = HEAD_IN + (rows * (side_in + TITLE_IN) if tiles else 0.3)
    figure = drawing.new_figure(width_in, height_in)
    paper = drawing.bare_axes(figure, 0, 0, width_in, height_in)
    paper.set_xlim(0, width_in)
    paper.set_ylim(0, height_in)
    drawing.draw_mark(paper, 0.08, height_in - 0.14, status_text, ha="left")
    if not tiles:
        drawing.write(paper, 0.0, 0.14, empty, size_pt=8)
        return drawing.png_bytes(figure)
    drawn = drawn_volume(suv)
    ct, says = _usable_ct(drawn, ct)
    drawing.write(paper, width_in, height_in - 0.14, says, size_pt=6.5, ha="right", color=drawing.QUIET)
    for number, tile in enumerate(tiles):
        left_in = (number % columns) * (side_in + GAP_IN)
        top_in = height_in - HEAD_IN - (number // columns) * (side_in + TITLE_IN)
        _draw_tile(paper, drawn, ct, tile, left_in=left_in, top_in=top_in, side_in=side_in)
    _draw_bar(
        paper,
        suv.quantity,
        fused=ct is not None,
        left_in=width_in - 0.50,
        top_in=height_in - HEAD_IN - TITLE_IN,
        side_in=side_in,
    )
    return drawing.png_bytes(figure)


def _usable_ct(drawn: Volume, ct: Volume | None) -> tuple[Volume | None, str]:
    """The CT when it can be laid under the PET, and what the panel says about it."""
    if ct is None:
        return None, "PET alone: no CT"
    probe = _plane(drawn.grid, (0, 0, 0), half_mm=(NEAR_STEP_MM, NEAR_STEP_MM), step_mm=NEAR_STEP_MM)
    try:
        sampled(ct, probe, outside=AIR_HU)
    except SpaceError:
        return None, "PET alone: the CT does not share the PET's frame"
    return ct, f"axial, PET on CT (level {CT_LEVEL_HU:g}, width {CT_WIDTH_HU:g} HU)"


def _plane(grid: Grid, middle_kji: tuple[int, int, int], *, half_mm: tuple[float, float], step_mm: float) -> Grid:
    """One transverse plane around a voxel of the drawn grid, with square pixels."""
    affine = grid.affine_lps.copy()
    shape, start = [1], [float(middle_kji[0])]
    for axis in (1, 2):
        spacing = grid.spacing_mm_kji[axis]
        reach = int(half_mm[axis - 1] / step_mm)
        affine[:3, axis] *= step_mm / spacing
        start.append(middle_kji[axis] - reach * step_mm / spacing)
        shape.append(2 * reach + 1)
    affine[:3, 3] = grid.to_lps_mm(start)
    return Grid((shape[0], shape[1], shape[2]), affine, grid.frame_uid)


def fused(suv: Volume, ct: Volume | None, plane: Grid) -> NDArray[np.float64]:
    """Colours (rows, columns, 3) in 0…1 of a plane of one slice: hot SUV over grey CT, or inverse grey SUV without CT."""
    low, high = drawing.SUV_WINDOW
    uptake = sampled(suv, plane, outside=0.0)[0].astype(np.float64)
    share = np.clip((uptake - low) / (high - low), 0.0, 1.0)
    if ct is None:
        return np.repeat(1.0 - share[..., None], 3, axis=2)
    grey = np.clip((sampled(ct, plane, outside=AIR_HU)[0].astype(np.float64) - CT_LEVEL_HU) / CT_WIDTH_HU + 0.5, 0.0, 1.0)
    opaque = MOST_OPAQUE * np.clip((uptake - CLEAR_BELOW_SUV) / (FULL_FROM_SUV - CLEAR_BELOW_SUV), 0.0, 1.0)[..., None]
    return np.asarray((1.0 - opaque) * grey[..., None] + opaque * hot(share))


def hot(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Black, red, yellow, white along 0…1, as colours (…, 3)."""
    steps = np.array([0.0, 0.365, 0.746, 1.0])
    rgb = np.array([[0.04, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]])
    return np.stack([np.interp(share, steps, rgb[:, channel]) for channel in range(3)], axis=-1)


def _draw_tile(paper: Axes, suv: Volume, ct: Volume | None, tile: Tile, *, left_in: float, top_in: float, side_in: float) -> None:
    room = int(CHARACTERS_PER_IN * side_in)
    drawing.write(paper, left_in, top_in - 0.11, drawing.shortened(tile.title, room), size_pt=7, fontweight="bold")
    drawing.write(paper, left_in, top_in - 0.27, drawing.shortened(tile.numbers, room + 4), size_pt=7)
    half_mm = _half_mm(tile.region, tile.middle_kji)
    bottom_in = top_in - TITLE_IN - side_in + 0.06
    near = drawing.bare_axes(paper.figure, left_in, bottom_in, side_in, side_in)  # type: ignore[arg-type]
    plane = _plane(suv.grid, tile.middle_kji, half_mm=(half_mm, half_mm), step_mm=NEAR_STEP_MM)
    near.imshow(fused(suv, ct, plane), extent=(-half_mm, half_mm, half_mm, -half_mm), interpolation="bilinear")
    _draw_outline(near, tile, suv.grid, on_colour=ct is not None)
    near.set_xlim(-half_mm, half_mm)
    near.set_ylim(half_mm, -half_mm)
    ink, halo = ("white", "black") if ct is not None else (drawing.INK, "white")
    drawing.write(near, -0.95 * half_mm, 0, "R", size_pt=7, color=ink, halo=halo, fontweight="bold")
    drawing.write(near, 0, -0.92 * half_mm, "A", size_pt=7, color=ink, halo=halo, fontweight="bold", ha="center")
    drawing.scale_bar(near, -0.92 * half_mm, 0.92 * half_mm, 50.0, above_mm=0.09 * half_mm, colour=ink, halo=halo)
    inset_in = INSET_SHARE * side_in
    inset = drawing.bare_axes(paper.figure, left_in + side_in - inset_in, bottom_in, inset_in, inset_in)  # type: ignore[arg-type]
    _draw_inset(inset, suv, ct, tile.middle_kji, half_mm=half_mm)


def _half_mm(region: Region, middle_kji: tuple[int, int, int]) -> float:
    reach = 0.0
    for axis in (1, 2):
        ends = region.origin_kji[axis], region.origin_kji[axis] + region.mask.shape[axis] - 1
        reach = max(reach, *(abs(end - middle_kji[axis]) * region.grid.spacing_mm_kji[axis] for end in ends))
    return float(int(max(LEAST_HALF_MM, reach / REGION_SHARE)))


def _draw_outline(axes: Axes, tile: Tile, grid: Grid, *, on_colour: bool) -> None:
    """The region's contour in this slice; white on the colour overlay, where its own colour would drown."""
    from dataclasses import replace

    k, j, i = tile.middle_kji
    shadow = tile.region.mask[k - tile.region.origin_kji[0]]
    _, dy, dx = grid.spacing_mm_kji
    first_mm = ((tile.region.origin_kji[1] - j) * dy, (tile.region.origin_kji[2] - i) * dx)
    path = drawing.outline(shadow, first_mm=first_mm, step_mm=(dy, dx))
    colours = {"line": "#FFFFFF", "casing": "#222222"} if on_colour else {}
    drawing.draw_region(axes, path, replace(tile.look, fill=None, hatch=None, **colours), weight=0.9)


def _draw_inset(inset: Axes, suv: Volume, ct: Volume | None, middle_kji: tuple[int, int, int], *, half_mm: float) -> None:
    """The whole slice, cut to the body, in the lower right corner, with a frame where the close-up lies."""
    _, rows, columns = suv.grid.shape_kji
    _, dy, dx = suv.grid.spacing_mm_kji
    body = np.argwhere(suv.values[middle_kji[0]] > BODY_SUV)
    low, high = (body.min(axis=0), body.max(axis=0)) if body.size else (np.zeros(2), np.array([rows - 1, columns - 1]))
    centre = middle_kji[0], int(low[0] + high[0]) // 2, int(low[1] + high[1]) // 2
    side_mm = max((high[0] - low[0]) * dy, (high[1] - low[1]) * dx) / 2 + MARGIN_MM
    half = float(int(side_mm / FAR_STEP_MM) * FAR_STEP_MM) + FAR_STEP_MM / 2
    colours = fused(suv, ct, _plane(suv.grid, centre, half_mm=(half, half), step_mm=FAR_STEP_MM))
    inset.imshow(colours, extent=(-half, half, half, -half), interpolation="bilinear")
    y, x = (middle_kji[1] - centre[1]) * dy, (middle_kji[2] - centre[2]) * dx
    left, right, top, bottom = np.clip([x - half_mm, x + half_mm, y - half_mm, y + half_mm], -half, half)
    ink = "#F0E442" if ct is not None else drawing.MARK_COLOUR
    inset.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color=ink, linewidth=0.8)
    border = "white" if ct is not None else drawing.QUIET
    inset.plot([-half, half, half, -half, -half], [-half, -half, half, half, -half], color=border, linewidth=1.2)
    inset.set_xlim(-half, half)
    inset.set_ylim(half, -half)


def _draw_bar(paper: Axes, quantity: Quantity, *, fused: bool, left_in: float, top_in: float, side_in: float) -> None:
    high_in = min(side_in - 0.45, 1.6)
    bar = drawing.bare_axes(paper.figure, left_in, top_in - 0.30 - high_in, 0.11, high_in)  # type: ignore[arg-type]
    share = np.linspace(0.0, 1.0, 128)
    colours = hot(share) if fused else np.repeat(1.0 - share[:, None], 3, axis=1)
    drawing.draw_colour_bar(bar, colours, f"SUV\n({quantity.unit})")
