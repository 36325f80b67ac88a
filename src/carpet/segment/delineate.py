"""One lesion set, many delineations: each method's voxel rule, kept where it is connected to the lesion's own voxels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from carpet.core.anatomy import Anatomy
from carpet.core.geometry import connected_regions
from carpet.core.lesion import Lesion
from carpet.core.method import Method, declare, methods
from carpet.core.space import BoolArray, Region, Volume
from carpet.segment.roi import Roi, rois

segmenter = partial(declare, "segmenter", unit="1")


def segmenters() -> Mapping[str, Method]:
    """Every segmenter there is, by name."""
    return methods("carpet.segment", "segmenter")


@dataclass(frozen=True)
class Delineation:
    """The lesions as one method draws them; the ids of those it leaves without a voxel, and of those that the margin cuts off."""

    lesions: tuple[Lesion, ...]
    empty: tuple[str, ...]
    at_margin: tuple[str, ...]


def delineate(
    method: Method, lesions: Sequence[Lesion], *, others: Sequence[Region], suv: Volume, margin_mm: float, anatomy: Anatomy
) -> Delineation:
    """The same lesions with the voxels that `method` gives them; a lesion keeps its id, whatever parts it falls into.

    `others`: regions that are not disease and must not be reached into. Raises NotMeasurable where the method cannot work here.
    """
    neighbourhoods = rois([lesion.region for lesion in lesions], others, suv, margin_mm=margin_mm)
    found, empty, cut = [], [], []
    for lesion, roi in zip(lesions, neighbourhoods, strict=True):
        rule = method(roi, anatomy=anatomy)
        region = connected_part(roi, rule)
        if not region.voxels:
            empty.append(lesion.id)
            continue
        found.append(replace(lesion, region=region))
        if region.voxels > lesion.region.voxels and _touches(rule & roi.beyond, region.mask_in(roi.box)):
            cut.append(lesion.id)
    return Delineation(tuple(found), tuple(empty), tuple(cut))


def connected_part(roi: Roi, rule: BoolArray) -> Region:
    """The part of `rule` inside the neighbourhood that is 26-connected to, and includes, voxels of the lesion."""
    own = rule & roi.seed
    if not own.any() or not _touches(rule & ~roi.seed, own):
        return _placed(roi, own)
    parts = connected_regions(roi.suv.grid, rule & roi.within)
    kept = np.zeros(rule.shape, dtype=bool)
    for part in parts:
        if (part.mask & roi.seed[part.box]).any():
            kept[part.box] |= part.mask
    return _placed(roi, kept)


def _touches(outside: BoolArray, own: BoolArray) -> bool:
    """Does any voxel of `outside` share a face, edge or corner with `own`?"""
    from scipy.ndimage import maximum_filter

    return bool((maximum_filter(own.view(np.uint8), size=3, mode="constant").view(bool) & outside).any())


def _placed(roi: Roi, mask: BoolArray) -> Region:
    part = Region.of_mask(roi.suv.grid, mask)
    k, j, i = (start.start + offset for start, offset in zip(roi.box, part.origin_kji, strict=True))
    return Region(roi.volume.grid, (k, j, i), part.mask)
