"""Where one region lies: its level, its distance from the midline, the organs it covers, and the site that follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from carpet.anatomy.body import axes_of
from carpet.anatomy.coarse import STEP_MM, in_cells
from carpet.anatomy.levels import Levels, levels_of
from carpet.anatomy.sites import SITES, Site
from carpet.core.anatomy import Anatomy
from carpet.core.geometry import sampled
from carpet.core.lesion import Place
from carpet.core.space import BoolArray, Labels, Region, Volume

OUTSIDE_HU = -1024.0
INSIDE_SHARE = 0.5  # [P] a region is in the organ that holds more than half of its voxels
BONE_SHARE = 0.4  # [P] bone is thin beside 4.5 mm voxels and disease dissolves it
MOSTLY_BONE = 0.7  # [P]
BONY_HU = 100.0  # [P] a node beside bone averages less
MOST_POINTS = 20000  # a region is located from at most so many of its voxels


@dataclass(frozen=True, eq=False)
class _Map:
    """The organ labels of one survey as an array, with midline, half depth, the lungs' outer edges and the spine at every slice."""

    values: NDArray[np.uint16]
    midline_i: NDArray[np.float64]
    middle_j: NDArray[np.float64]
    lung: BoolArray
    spine: BoolArray


@lru_cache(maxsize=4)
def _map_of(labels: Labels) -> _Map:
    values = labels.to_values()
    midline, middle = axes_of(values > 0)
    return _Map(values, midline, middle, (values == 2) | (values == 3), values == 5)


def place(region: Region, suv: Volume, anatomy: Anatomy, ct: Volume | None = None) -> Place:
    """The place of a region of the PET grid; `level` is `unknown` and the site None where the survey found no landmark."""
    points = _points(region)
    hu_mean = None if ct is None else _hu_mean(region, suv, ct)
    if anatomy.organs is None:
        return Place(None, None, "unknown", 0.0, 0.0, {}, hu_mean)
    chart, grid = _map_of(anatomy.organs), anatomy.organs.grid
    values = in_cells(chart.values, grid, points)
    share = np.bincount(values, minlength=1) / values.size
    fraction = {name: float(share[value]) for value, name in anatomy.organ_names.items() if value < share.size and share[value] > 0}
    k, j, i = grid.to_kji(points.mean(axis=0))
    row = int(np.clip(round(k), 0, grid.shape_kji[0] - 1))
    left, anterior = (i - chart.midline_i[row]) * STEP_MM, (chart.middle_j[row] - j) * STEP_MM
    levels, s_mm = levels_of(anatomy.landmarks_mm), float(points[:, 2].mean())
    level = levels.level(s_mm, behind=anterior < 0)
    spot = Spot(level, float(left), float(anterior), s_mm, levels, fraction, hu_mean, *_surroundings(chart, row, j, i))
    site = site_at(spot)
    code, kind = (None, None) if site is None else (site.code, site.kind)
    return Place(code, kind, level, float(left), float(anterior), fraction, hu_mean)


def _points(region: Region) -> NDArray[np.float64]:
    index = region.indices_kji
    return region.grid.to_lps_mm(index[:: max(1, len(index) // MOST_POINTS)])


def _hu_mean(region: Region, suv: Volume, ct: Volume) -> float:
    """Mean CT number over the region, the CT interpolated at the PET's voxel centres."""
    index = ct.grid.to_kji(region.grid.to_lps_mm(_corners(region)))
    start = np.clip(np.floor(index.min(axis=0)).astype(int) - 1, 0, np.array(ct.grid.shape_kji) - 1)
    stop = np.clip(np.ceil(index.max(axis=0)).astype(int) + 2, start + 1, ct.grid.shape_kji)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    values = sampled(ct.cropped((k, j, i)), suv.grid.cropped(region.box), outside=OUTSIDE_HU)
    return float(values[region.mask].mean())


def _corners(region: Region) -> NDArray[np.float64]:
    ends = [(part.start, part.stop - 1) for part in region.box]
    return np.array(np.meshgrid(*ends, indexing="ij"), dtype=np.float64).reshape(3, -1).T


def _surroundings(chart: _Map, row: int, j: float, i: float) -> tuple[float | None, float | None]:
    """How far inside the lungs' outer edge (mm, negative outside) and how far before the spine's centre (mm); None where not seen."""
    columns = np.flatnonzero(chart.lung[row].any(axis=0))
    inside = None if columns.size == 0 else float(min(i - columns[0], columns[-1] - i) * STEP_MM)
    spine = np.argwhere(chart.spine[row])
    before = None if spine.size == 0 else float((spine[:, 0].mean() - j) * STEP_MM)
    return inside, before


@dataclass(frozen=True, slots=True)
class Spot:
    """What decides the site of a region."""

    level: str
    left_mm: float
    anterior_mm: float
    s_mm: float
    levels: Levels
    fraction: dict[str, float]
    hu_mean: float | None
    inside_lungs_mm: float | None
    before_spine_mm: float | None


# Organs that decide the site when they hold more than half of the region.
ORGAN_SITES = {
    "brain": "brain",
    "liver": "liver",
    "spleen": "spleen",
    "kidney_right": "kidney",
    "kidney_left": "kidney",
    "bladder": "bladder",
    "heart": "heart",
    "lung_right": "lung",
    "lung_left": "lung",
}


def site_at(spot: Spot) -> Site | None:
    """The organ that holds the region, else bone, else the lymph-node region of its level and side, else None."""
    for organ, site in ORGAN_SITES.items():
        if spot.fraction.get(organ, 0.0) > INSIDE_SHARE:
            return SITES[site]
    if spot.fraction.get("spine", 0.0) > INSIDE_SHARE:
        return SITES["marrow"]
    if _is_bone(spot):
        return SITES["bone"]
    name_of = {"head": _in_head, "neck": _in_neck, "thorax": _in_thorax, "abdomen": _in_abdomen, "pelvis": _in_pelvis, "leg": _in_leg}
    name = name_of[spot.level](spot) if spot.level in name_of else None
    return SITES[name] if name else None


def _is_bone(spot: Spot) -> bool:
    """Mostly in bone; where bone only borders it, the CT number decides."""
    share = spot.fraction.get("bone", 0.0) + spot.fraction.get("spine", 0.0)
    return share > MOSTLY_BONE or (share > BONE_SHARE and (spot.hu_mean is None or spot.hu_mean > BONY_HU))


def _in_head(spot: Spot) -> str:
    if abs(spot.left_mm) < 22:
        return "waldeyer_ring"
    return "parotid" if abs(spot.left_mm) > 40 else "cervical"


def _in_neck(spot: Spot) -> str:
    apex = spot.levels.lung_apex
    low = apex is not None and spot.s_mm < apex + 40
    return "supraclavicular" if low and abs(spot.left_mm) > 15 else "cervical"


def _in_thorax(spot: Spot) -> str | None:
    """Between the lungs mediastinal or hilar; outside them axillary when high and lateral; else chest wall, which has no code here."""
    side = abs(spot.left_mm)
    if spot.inside_lungs_mm is None:
        return "mediastinal" if side < 60 else "axillary" if side > 110 else None
    dome = spot.levels.dome
    if spot.inside_lungs_mm < 0 or side > 120:
        return "axillary" if dome is not None and spot.s_mm > dome + 60 else None
    if spot.anterior_mm < -70 and side > 40:
        return None
    return "mediastinal" if side <= 32 else "hilar" if side <= 65 else "lung"


def _in_abdomen(spot: Spot) -> str | None:
    before = spot.before_spine_mm if spot.before_spine_mm is not None else spot.anterior_mm + 35
    if before < -20:
        return None
    if before < 70 and abs(spot.left_mm) < 60:
        return "retroperitoneal"
    return "mesentery" if before >= 40 else None


def _in_pelvis(spot: Spot) -> str:
    floor = spot.levels.pelvis_floor
    if floor is not None and spot.s_mm < floor + 90 and spot.anterior_mm > 20 and abs(spot.left_mm) > 25:
        return "inguinal"
    crest = spot.levels.iliac_crest
    if crest is not None and spot.s_mm > crest - 70 and spot.anterior_mm > 15 and abs(spot.left_mm) < 60:
        return "mesentery"
    return "iliac" if abs(spot.left_mm) > 25 else "pelvic"


def _in_leg(spot: Spot) -> str | None:
    floor = spot.levels.pelvis_floor
    near = floor is not None and spot.s_mm > floor - 60
    return "inguinal" if near and spot.anterior_mm > 0 and abs(spot.left_mm) > 20 else None
