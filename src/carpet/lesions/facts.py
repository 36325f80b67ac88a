"""What the rules may know of a region: size, uptake, shape, place, a mirrored partner, and the organs of the scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from carpet.core.anatomy import Anatomy
from carpet.core.lesion import Place
from carpet.core.space import Region, Volume

MIRROR_MM = 15.0  # [P] how exactly two glands lie opposite each other
MIRROR_VOLUME = 2.5  # [P] ratio of their volumes
MIRROR_SUV = 1.7  # [P] ratio of their SUVmax
MOST_POINTS = 5000  # a shape is taken from at most so many voxels
CAVITY_SHARE = 0.7  # [P] a ring's middle holds less than this share of its mean


@dataclass(frozen=True, slots=True)
class Facts:
    """One region. Lengths in mm, volume in mL, SUVbw in g/mL; None where the scan does not tell.

    length_mm: extent along the longest axis. thickness_mm: width of the cylinder of this length and volume.
    liver_ratio: SUVmean over the liver reference's. organs: what the survey found anywhere in the scan.
    hollow: a ring or shell. mirrored: a like region lies opposite. cut: the first or last slice of the scan cuts it.
    organ_share: the part of its main organ's volume that the region makes up.
    """

    volume_ml: float
    suv_max: float
    suv_mean: float
    length_mm: float
    thickness_mm: float
    extent_s_mm: float
    hollow: bool
    mirrored: bool
    cut: bool
    place: Place
    organs: frozenset[str]
    organ_share: float | None
    liver_ratio: float | None

    def share(self, *organs: str) -> float:
        """Share of the region's voxels in these organs."""
        return sum(self.place.organ_fraction.get(organ, 0.0) for organ in organs)

    @property
    def elongation(self) -> float:
        return self.length_mm / max(self.thickness_mm, 1e-6)

    @property
    def side_mm(self) -> float:
        return abs(self.place.left_mm)

    def sentence(self) -> str:
        """The facts in words, e.g. `midline pelvis, 212 mL, SUVmax 34.0, mean CT 6 HU`."""
        side = "midline" if self.side_mm < 15 else "left" if self.place.left_mm > 0 else "right"
        where = f"{side} {self.place.level}" if self.place.level != "unknown" else "level not known"
        words = [where, f"{self.volume_ml:.1f} mL", f"SUVmax {self.suv_max:.1f}"]
        if self.place.hu_mean is not None:
            words.append(f"mean CT {self.place.hu_mean:.0f} HU")
        named = {name: part for name, part in self.place.organ_fraction.items() if name != "body" and part >= 0.1}
        words += [f"{100 * part:.0f} % in {name.replace('_', ' ')}" for name, part in sorted(named.items(), key=lambda item: -item[1])]
        return ", ".join(words)


def facts_of(regions: Sequence[Region], places: Sequence[Place], suv: Volume, anatomy: Anatomy | None) -> tuple[Facts, ...]:
    """Facts of all regions, in their order."""
    found, volumes = _organs(anatomy)
    liver = None if anatomy is None or "liver" not in anatomy.references else float(anatomy.references["liver"].values_of(suv).mean())
    peaks = [float(region.values_of(suv).max()) for region in regions]
    heights = [float(region.centroid_lps_mm[2]) for region in regions]
    facts = []
    for n, (region, where) in enumerate(zip(regions, places, strict=True)):
        mean = float(region.values_of(suv).mean())
        length, thickness, extent_s = _shape(region)
        main = max((name for name in where.organ_fraction if name != "body"), key=lambda name: where.organ_fraction[name], default="")
        share = region.volume_ml * where.organ_fraction[main] / volumes[main] if volumes.get(main) else None
        mirrored = any(m != n and _mirror(m, n, regions, places, peaks, heights) for m in range(len(regions)))
        ratio = None if liver is None else mean / liver
        facts.append(
            Facts(
                region.volume_ml,
                peaks[n],
                mean,
                length,
                thickness,
                extent_s,
                hollow=_hollow(region, suv),
                mirrored=mirrored,
                cut=_cut(region),
                place=where,
                organs=found,
                organ_share=share,
                liver_ratio=ratio,
            )
        )
    return tuple(facts)


def _organs(anatomy: Anatomy | None) -> tuple[frozenset[str], dict[str, float]]:
    if anatomy is None or anatomy.organs is None:
        return frozenset(), {}
    volumes = {anatomy.organ_names[value]: region.volume_ml for value, region in anatomy.organs.regions.items()}
    return frozenset(volumes), volumes


def _shape(region: Region) -> tuple[float, float, float]:
    """Length along the longest axis, thickness of the equal cylinder, extent along S."""
    index = region.indices_kji
    points = region.grid.to_lps_mm(index[:: max(1, len(index) // MOST_POINTS)])
    voxel = (1000 * region.grid.voxel_ml) ** (1 / 3)
    extent_s = float(np.ptp(points[:, 2])) + voxel
    if len(points) < 3:
        return extent_s, voxel, extent_s
    centred = points - points.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    length = float(np.ptp(centred @ axis)) + voxel
    return length, 2 * math.sqrt(1000 * region.volume_ml / (math.pi * length)), extent_s


def _hollow(region: Region, suv: Volume) -> bool:
    """True for a ring or shell: the middle third around its centroid takes up clearly less than the region."""
    middle = suv.grid.nearest_kji(region.centroid_lps_mm)
    if middle is None or min(region.mask.shape) < 3:
        return False
    k, j, i = (slice(max(m - 1, 0), m + 2) for m in middle)
    return bool(suv.values[k, j, i].mean() < CAVITY_SHARE * region.values_of(suv).mean())


def _cut(region: Region) -> bool:
    """True where the region reaches the first or last slice along the body."""
    axis = int(np.argmax(np.abs(region.grid.affine_lps[2, :3])))
    return bool(region.box[axis].start == 0 or region.box[axis].stop == region.grid.shape_kji[axis])


def _mirror(m: int, n: int, regions: Sequence[Region], places: Sequence[Place], peaks: Sequence[float], heights: Sequence[float]) -> bool:
    a, b = places[m], places[n]
    apart = (a.left_mm + b.left_mm, a.anterior_mm - b.anterior_mm, heights[m] - heights[n])
    close = bool(max(abs(distance) for distance in apart) < MIRROR_MM)
    sizes, suvs = sorted((regions[m].volume_ml, regions[n].volume_ml)), sorted((peaks[m], peaks[n]))
    alike = sizes[1] <= MIRROR_VOLUME * sizes[0] and suvs[1] <= MIRROR_SUV * suvs[0]
    return close and alike and bool(a.left_mm * b.left_mm < 0)
