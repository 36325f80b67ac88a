"""Lesions of a mask that somebody drew: the connected components of every label value are disease."""

from __future__ import annotations

from carpet.core.geometry import connected_regions
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Labels, Region
from carpet.lesions.suggest import lesion_id


def lesions_of_mask(labels: Labels, *, decided_by: str, reviewed: bool) -> tuple[Lesion, ...]:
    """The 26-connected components of every label value, L01, L02, … by descending volume; () for an empty mask."""
    parts = [(value, part) for value, region in labels.regions.items() for part in _components(region)]
    parts.sort(key=lambda item: (-item[1].voxels, item[0], tuple(item[1].indices_kji[0])))
    return tuple(
        Lesion(
            id=lesion_id(number),
            label=number,
            region=part,
            status=Status.DISEASE,
            decided_by=decided_by,
            because=f"label {value} of the mask",
            reviewed=reviewed,
        )
        for number, (value, part) in enumerate(parts, start=1)
    )


def _components(region: Region) -> list[Region]:
    """Components found in the region's own box and put back on its grid."""
    if region.voxels == 0:
        return []
    parts = connected_regions(region.grid.cropped(region.box), region.mask)
    k, j, i = region.origin_kji
    return [Region(region.grid, (k + p.origin_kji[0], j + p.origin_kji[1], i + p.origin_kji[2]), p.mask) for p in parts]
