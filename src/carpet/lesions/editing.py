"""What a reader's hand does to regions: brush, erase, split, merge, threshold within a sphere, add by click. Pure, on the PET's grid.

A voxel lies in at most one lesion before and after: nothing is ever taken from another lesion, and a lesion never loses its last voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carpet.core.errors import NoticeKind, ProtocolError, Refused, Severity
from carpet.core.geometry import connected_regions, sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.core.space import BoolArray, Box, Grid, Quantity, Region, SpaceError, Volume
from carpet.lesions.suggest import lesion_id

FIRST_REACH_MM = 40.0  # how far around a click uptake is followed at first; doubled until all of it is seen [P]
DISTANCE_DIGITS = 6  # of a mm: distances that differ by rounding alone are one

UNKNOWN = NoticeKind(
    "EDIT_UNKNOWN_LESION",
    Severity.ERROR,
    "there is no region of this id",
    "regions of this scan",
    "load the scan again and look at its regions",
)
OUTSIDE = NoticeKind(
    "EDIT_OUTSIDE_SCAN",
    Severity.ERROR,
    "this place lies outside the PET",
    "DICOM patient coordinates (LPS, mm) within the scan",
    "click on the scan",
)
CHANGES_NOTHING = NoticeKind(
    "EDIT_CHANGES_NOTHING",
    Severity.ERROR,
    "no voxel would change",
    "voxels that belong to no other region; nothing is taken from another one",
    "erase them there first, or paint elsewhere",
)
LEAVES_NOTHING = NoticeKind(
    "EDIT_LEAVES_NOTHING",
    Severity.ERROR,
    "the region would have no voxel left",
    "regions of at least one voxel",
    "call it physiologic instead; what was found is kept",
)
SEED_MISPLACED = NoticeKind(
    "EDIT_SEED_MISPLACED",
    Severity.ERROR,
    "the region cannot be split by these seeds",
    "at least two seeds in different voxels of the region",
    "set the seeds inside the region, one in each part",
)
NO_UPTAKE = NoticeKind(
    "EDIT_NO_UPTAKE",
    Severity.ERROR,
    "there is no free uptake at or above the threshold here",
    "SUVbw (g/mL)",
    "click into the uptake; below the threshold take a sphere with a lower one (tool T)",
)
IN_LESION = NoticeKind(
    "EDIT_IN_LESION", Severity.ERROR, "this place belongs to a region already", "places in no region", "change that region's status instead"
)
TOO_FEW = NoticeKind("EDIT_TOO_FEW", Severity.ERROR, "one region cannot be merged", "two regions or more", "choose another region as well")


def painted(lesions: Sequence[Lesion], identity: str, *, points_lps_mm: ArrayLike, radius_mm: float, reader: str) -> tuple[Lesion, ...]:
    """The lesion with all voxels whose centre lies within `radius_mm` of a point, or whose cell holds one, but for other lesions' voxels.

    points_lps_mm: (n, 3). Raises Refused: EDIT_UNKNOWN_LESION, EDIT_OUTSIDE_SCAN, EDIT_CHANGES_NOTHING.
    """
    lesion = named(lesions, identity)
    free = _unowned(_balls(lesion.region.grid, points_lps_mm, radius_mm), lesions)
    if free.voxels == 0:
        raise Refused(CHANGES_NOTHING.at(identity))
    return exchanged(lesions, _redrawn(lesion, _union((lesion.region, free)), reader))


def erased(lesions: Sequence[Lesion], identity: str, *, points_lps_mm: ArrayLike, radius_mm: float, reader: str) -> tuple[Lesion, ...]:
    """The lesion without the voxels that `painted` would have taken. What is left stays one lesion, in however many parts.

    Raises Refused: EDIT_UNKNOWN_LESION, EDIT_OUTSIDE_SCAN, EDIT_CHANGES_NOTHING, EDIT_LEAVES_NOTHING.
    """
    lesion = named(lesions, identity)
    region = lesion.region
    left = region.mask & ~_balls(region.grid, points_lps_mm, radius_mm).mask_in(region.box)
    if not left.any():
        raise Refused(LEAVES_NOTHING.at(identity))
    if np.array_equal(left, region.mask):
        raise Refused(CHANGES_NOTHING.at(identity))
    return exchanged(lesions, _redrawn(lesion, _placed(region.grid, region.box, left), reader))


def drawn(
    lesions: Sequence[Lesion], grid: Grid, *, points_lps_mm: ArrayLike, radius_mm: float, label: int, reader: str
) -> tuple[Lesion, ...]:
    """A new lesion, last, of the voxels that `painted` would take. label: of the new lesion, not in use.

    Raises Refused: EDIT_OUTSIDE_SCAN, EDIT_CHANGES_NOTHING; ProtocolError for a label in use.
    """
    free = _unowned(_balls(grid, points_lps_mm, radius_mm), lesions)
    if free.voxels == 0:
        raise Refused(CHANGES_NOTHING.at("brush"))
    return (*lesions, _by_hand(lesions, free, label, reader, f"painted with a ball of {radius_mm:g} mm"))


def split(lesions: Sequence[Lesion], identity: str, suv: Volume, *, seeds_lps_mm: ArrayLike, label: int, reader: str) -> tuple[Lesion, ...]:
    """The lesion as several, one a seed, parted where the uptake is lowest between them; the first seed's part keeps id and place.

    A watershed of −SUV within the lesion, 26-connected, flooded from the seeds: two hot nodes that touch meet in the valley between them,
    whatever their sizes, which nearness to the seeds would cut through. Among equal SUV the voxel nearest to a seed (mm) goes first: flat
    uptake is parted half-way. Voxels that no seed reaches join the nearest part. Parts inherit status and site. seeds_lps_mm: (n, 3),
    n ≥ 2; new parts have the labels `label`, `label` + 1, … in the order of the seeds. Raises Refused: EDIT_UNKNOWN_LESION,
    EDIT_SEED_MISPLACED; ProtocolError for a label in use.
    """
    _require_grid(lesions, suv)
    lesion = named(lesions, identity)
    region = lesion.region
    seeds = [_seed_in(region, seed) for seed in _points(seeds_lps_mm)]
    if len(set(seeds)) < max(len(seeds), 2):
        raise Refused(SEED_MISPLACED.at(identity, f"{len(set(seeds))} different voxels"))
    parts = _flooded(region, suv, seeds, _points(seeds_lps_mm))
    pieces = [_placed(region.grid, region.box, parts == n) for n in range(1, len(seeds) + 1)]
    said = f"reader {reader} split {identity} by {len(seeds)} seeds; {lesion.because}"
    first = replace(lesion, region=pieces[0], because=said)
    _require_free(lesions, range(label, label + len(seeds) - 1))
    others = [replace(first, id=lesion_id(number), label=number, region=piece) for number, piece in enumerate(pieces[1:], start=label)]
    return (*exchanged(lesions, first), *others)


def merged(lesions: Sequence[Lesion], identities: Sequence[str], *, reader: str) -> tuple[Lesion, ...]:
    """The named lesions as one, which keeps the first one's id, place, status and site; they need not touch.

    Raises Refused: EDIT_UNKNOWN_LESION, EDIT_TOO_FEW.
    """
    together = [named(lesions, one) for one in dict.fromkeys(identities)]
    if len(together) < 2:
        raise Refused(TOO_FEW.at(", ".join(identities) or "merge"))
    first, names = together[0], ", ".join(one.id for one in together)
    one = replace(first, region=_union([one.region for one in together]), because=f"reader {reader} merged {names}; {first.because}")
    gone = {other.id for other in together[1:]}
    return tuple(lesion for lesion in exchanged(lesions, one) if lesion.id not in gone)


def thresholded(
    lesions: Sequence[Lesion], suv: Volume, *, centre_lps_mm: ArrayLike, radius_mm: float, threshold: float, label: int, reader: str
) -> tuple[Lesion, ...]:
    """A new lesion, last, of the voxels in a sphere with SUVbw ≥ threshold (g/mL) that belong to no lesion, connected or not.

    Raises Refused: EDIT_OUTSIDE_SCAN, EDIT_NO_UPTAKE; ProtocolError for a label in use.
    """
    _require_grid(lesions, suv)
    ball = _balls(suv.grid, np.reshape(centre_lps_mm, (1, 3)), radius_mm)
    hot = _placed(suv.grid, ball.box, ball.mask & _reaches(suv, ball.box, threshold) & _free(lesions, ball.box))
    if hot.voxels == 0:
        raise Refused(NO_UPTAKE.at("sphere", f"threshold {threshold:g}, radius {radius_mm:g} mm"))
    return (*lesions, _by_hand(lesions, hot, label, reader, f"SUV ≥ {threshold:g} within {radius_mm:g} mm"))


def added(
    lesions: Sequence[Lesion], suv: Volume, *, point_lps_mm: ArrayLike, threshold: float, label: int, reader: str
) -> tuple[Lesion, ...]:
    """A new lesion, last: the 26-connected voxels with SUVbw ≥ threshold (g/mL) about a point that belong to no lesion, however few.

    TMTV4 of the benchmark (Boellaard 2024, J Nucl Med 65:1343). The same voxels as a point of decisions.csv adds.
    Raises Refused: EDIT_OUTSIDE_SCAN, EDIT_IN_LESION, EDIT_NO_UPTAKE; ProtocolError for a label in use.
    """
    _require_grid(lesions, suv)
    point = _points(point_lps_mm)[0]
    voxel = suv.grid.nearest_kji(point)
    if voxel is None:
        raise Refused(OUTSIDE.at("point"))
    owner = next((one for one in lesions if _holds(one.region, voxel)), None)
    if owner is not None:
        raise Refused(IN_LESION.at("point", owner.id))
    value = float(suv.values[voxel])
    if suv.values[voxel] < np.float32(threshold):
        raise Refused(NO_UPTAKE.at("point", f"SUV {value:.2f}, threshold {threshold:g}"))
    region = _about(lesions, suv, voxel, threshold)
    where = ", ".join(f"{x:g}" for x in point)
    return (*lesions, _by_hand(lesions, region, label, reader, f"added at point {where} mm: SUV {value:.2f}, threshold {threshold:g}"))


def _points(points_lps_mm: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3)


def named(lesions: Sequence[Lesion], identity: str) -> Lesion:
    """The lesion of this id; raises Refused: EDIT_UNKNOWN_LESION."""
    found = next((lesion for lesion in lesions if lesion.id == identity), None)
    if found is None:
        raise Refused(UNKNOWN.at(identity, ", ".join(lesion.id for lesion in lesions) or "no region"))
    return found


def exchanged(lesions: Sequence[Lesion], changed: Lesion) -> tuple[Lesion, ...]:
    """The lesions, `changed` in the place of the one of its id."""
    return tuple(changed if lesion.id == changed.id else lesion for lesion in lesions)


def _redrawn(lesion: Lesion, region: Region, reader: str) -> Lesion:
    """Said once, however many strokes there are."""
    said = f"outline changed by reader {reader}; "
    return replace(lesion, region=region, because=lesion.because if lesion.because.startswith(said) else said + lesion.because)


def _by_hand(lesions: Sequence[Lesion], region: Region, label: int, reader: str, because: str) -> Lesion:
    _require_free(lesions, (label,))
    who = f"reader {reader}"
    return Lesion(lesion_id(label), label, region, Status.DISEASE, who, f"{because}, {region.volume_ml:.1f} mL", reviewed=True)


def _require_free(lesions: Sequence[Lesion], labels: Sequence[int]) -> None:
    taken = sorted({lesion.label for lesion in lesions} & set(labels))
    if taken:
        raise ProtocolError(f"label {taken[0]} is in use")


def _require_grid(lesions: Sequence[Lesion], suv: Volume) -> None:
    if suv.quantity is not Quantity.SUV_BW:
        raise SpaceError(f"editing needs SUVbw, not {suv.quantity.says}")
    if any(one.region.grid is not suv.grid and not one.region.grid.same_as(suv.grid) for one in lesions):
        raise SpaceError("a region and the volume lie on different grids")


def _reaches(suv: Volume, box: Box, threshold: float) -> BoolArray:
    return np.asarray(suv.values[box] >= np.float32(threshold))


def _holds(region: Region, voxel: tuple[int, int, int]) -> bool:
    k, j, i = (at - start for at, start in zip(voxel, region.origin_kji, strict=True))
    depth, height, width = region.mask.shape
    return 0 <= k < depth and 0 <= j < height and 0 <= i < width and bool(region.mask[k, j, i])


def _balls(grid: Grid, points_lps_mm: ArrayLike, radius_mm: float) -> Region:
    """Voxels within the radius of a point, and the voxels that hold the points; raises Refused where all lies outside the grid."""
    regions = []
    for point in _points(points_lps_mm):
        regions.append(sphere_region(grid, point, radius_mm))
        voxel = grid.nearest_kji(point)
        if voxel is not None:
            regions.append(Region(grid, voxel, np.ones((1, 1, 1), dtype=bool)))
    some = [region for region in regions if region.voxels]
    if not some:
        raise Refused(OUTSIDE.at("brush"))
    return _union(some)


def _union(regions: Sequence[Region]) -> Region:
    """All voxels of regions of one grid, none of them empty."""
    start = np.min([region.origin_kji for region in regions], axis=0)
    stop = np.max([np.add(region.origin_kji, region.mask.shape) for region in regions], axis=0)
    mask: NDArray[np.bool_] = np.zeros(tuple(stop - start), dtype=np.bool_)
    for region in regions:
        inner = tuple(slice(part.start - first, part.stop - first) for part, first in zip(region.box, start, strict=True))
        mask[inner] |= region.mask
    return Region(regions[0].grid, (int(start[0]), int(start[1]), int(start[2])), mask)


def _placed(grid: Grid, box: Box, mask: BoolArray) -> Region:
    """The region of a mask in this box, cropped to what it holds."""
    part = Region.of_mask(grid.cropped(box), mask)
    k, j, i = (side.start + offset for side, offset in zip(box, part.origin_kji, strict=True))
    return Region(grid, (k, j, i), part.mask)


def _unowned(region: Region, lesions: Sequence[Lesion]) -> Region:
    """The region without the voxels of any lesion."""
    return _placed(region.grid, region.box, region.mask & _free(lesions, region.box))


def _free(lesions: Sequence[Lesion], box: Box) -> BoolArray:
    free = np.ones(tuple(side.stop - side.start for side in box), dtype=bool)
    for lesion in lesions:
        free &= ~lesion.region.mask_in(box)
    return free


def _about(lesions: Sequence[Lesion], suv: Volume, voxel: tuple[int, int, int], threshold: float) -> Region:
    """The free uptake that hangs together with this voxel, looked for in a box that grows until it holds all of it."""
    reach_mm = FIRST_REACH_MM
    start = Region(suv.grid, voxel, np.ones((1, 1, 1), dtype=bool))
    while True:
        k, j, i = (int(reach_mm / spacing) + 1 for spacing in suv.grid.spacing_mm_kji)
        box = start.box_grown((k, j, i))
        parts = connected_regions(suv.grid.cropped(box), _reaches(suv, box, threshold) & _free(lesions, box))
        here = (voxel[0] - box[0].start, voxel[1] - box[1].start, voxel[2] - box[2].start)
        part = next(one for one in parts if _holds(one, here))
        whole = _placed(suv.grid, box, part.mask_in(_local(box)))
        if not _cut(whole, box):
            return whole
        reach_mm *= 2.0


def _local(box: Box) -> Box:
    k, j, i = (slice(0, side.stop - side.start) for side in box)
    return k, j, i


def _cut(region: Region, box: Box) -> bool:
    """Whether the region reaches a side of the box beyond which the scan goes on."""
    sides = zip(region.box, box, region.grid.shape_kji, strict=True)
    return any(0 < own.start == side.start or own.stop == side.stop < size for own, side, size in sides)


def _seed_in(region: Region, seed_lps_mm: NDArray[np.float64]) -> tuple[int, int, int]:
    voxel = region.grid.nearest_kji(seed_lps_mm)
    if voxel is None or not _holds(region, voxel):
        raise Refused(SEED_MISPLACED.at(", ".join(f"{x:g}" for x in seed_lps_mm), "outside the region"))
    return voxel


def _flooded(region: Region, suv: Volume, seeds: Sequence[tuple[int, int, int]], points_lps_mm: NDArray[np.float64]) -> NDArray[Any]:
    """The number of each voxel's seed, 1, 2, …, in the region's box; 0 outside the region."""
    from scipy.ndimage import distance_transform_edt
    from skimage.segmentation import watershed

    markers = np.zeros(region.mask.shape, dtype=np.int32)
    for number, seed in enumerate(seeds, start=1):
        markers[tuple(np.subtract(seed, region.origin_kji))] = number
    image = np.zeros(region.mask.shape, dtype=np.int32)
    image[region.mask] = _order(region, suv, points_lps_mm)
    parts = np.asarray(watershed(image, markers, connectivity=np.ones((3, 3, 3), dtype=bool), mask=region.mask))
    if (region.mask & (parts == 0)).any():
        nearest = distance_transform_edt(parts == 0, sampling=region.grid.spacing_mm_kji, return_distances=False, return_indices=True)
        parts = np.where(region.mask, parts[tuple(nearest)], 0)
    return parts


def _order(region: Region, suv: Volume, points_lps_mm: NDArray[np.float64]) -> NDArray[np.int32]:
    """When each voxel is flooded: by falling SUV, at equal SUV by the distance to its nearest seed; equal ones together."""
    centres = region.centres_lps_mm()
    nearest = np.full(len(centres), np.inf)
    for point in points_lps_mm:
        np.minimum(nearest, np.linalg.norm(centres - point, axis=1), out=nearest)
    keys = np.round(nearest, DISTANCE_DIGITS), -region.values_of(suv)
    order = np.lexsort(keys)
    further = np.zeros(len(order), dtype=np.int32)
    further[1:] = (keys[0][order][1:] != keys[0][order][:-1]) | (keys[1][order][1:] != keys[1][order][:-1])
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.cumsum(further)
    return rank
