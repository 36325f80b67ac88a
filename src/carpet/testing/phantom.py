"""Whole-body PET/CT phantoms with known answers: a frozen description, and the images and truth made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from carpet.core.body import Body
from carpet.core.lesion import Kind
from carpet.core.space import Grid, Labels, Quantity, Region, Volume
from carpet.testing.frame import Part
from carpet.testing.shapes import Point
from carpet.testing.sites import Lesion
from carpet.testing.voxels import painted

UID_ROOT = "1.2.826.0.1.3680043.8.498."  # pydicom's root, free for generated UIDs
SIGMA_PER_FWHM = 1.0 / 2.3548200450309493  # 1 / (2 √(2 ln 2))
OUTSIDE_SUV, OUTSIDE_HU = 0.0, -1000.0
NOISE_REFERENCE_SUV = 2.2  # a typical liver: `noise` is the relative standard deviation there
HU_NOISE_SD = 8.0


@dataclass(frozen=True)
class Phantom:
    """All that makes one examination. Painting order: parts first to last, then lesions.

    psf_fwhm_mm: width of the Gaussian point spread of the PET, 0 for none. noise: relative standard deviation at SUV 2.2, 0 for
    none; it grows with the square root of SUV and is correlated like the point spread. ct_grid None: no CT.
    """

    name: str
    body: Body
    parts: tuple[Part, ...]
    lesions: tuple[Lesion, ...]
    pet_grid: Grid
    ct_grid: Grid | None
    table: tuple[Part, ...] = ()
    psf_fwhm_mm: float = 0.0
    noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class PlantedFact:
    """What is known of a lesion before any voxel is made, and its label in `truth`. SUVbw g/mL; volume of the analytic shape."""

    id: str
    label: int
    site: str
    kind: Kind
    centre_lps_mm: Point
    suv: float
    volume_ml: float
    disease: bool
    near: str


@dataclass(frozen=True, eq=False)
class PhantomScan:
    """The images and the truth. `suv`: as scanned (point spread and noise); `true_suv`: piecewise constant.

    truth: lesions on the PET grid by voxel centre, label n = planted[n − 1]. organs: every part of the body on the PET grid without
    the lesions' voxels; `organ_names` and `organ_suv` by label value.
    """

    phantom: Phantom
    suv: Volume
    true_suv: Volume
    truth: Labels
    organs: Labels
    organ_names: Mapping[int, str]
    organ_suv: Mapping[int, float]
    ct: Volume | None
    planted: tuple[PlantedFact, ...]

    @property
    def body(self) -> Body:
        return self.phantom.body

    def organ(self, name: str) -> Region:
        """The organ's region on the PET grid; KeyError where the phantom has none of this name."""
        return self.organs.regions[{known: label for label, known in self.organ_names.items()}[name]]


def frame_uid(*words: object) -> str:
    """A Frame of Reference UID derived from words: the same words give the same UID."""
    digits = str(int(hashlib.sha256("|".join(map(str, words)).encode()).hexdigest(), 16))
    return (UID_ROOT + digits)[:64]


def make_phantom(phantom: Phantom) -> PhantomScan:
    """Voxelise a description. The same description gives the same numbers, bit by bit."""
    names, suv_of = _organ_table(phantom.parts)
    hot = [part for part in phantom.parts if part.suv is not None]
    number = painted(phantom.pet_grid, (*(part.shape for part in hot), *(lesion.shape for lesion in phantom.lesions)))
    value_of = np.array([OUTSIDE_SUV, *(suv_of[part.name] for part in hot), *(le.suv for le in phantom.lesions)], dtype=np.float32)
    label_of_name = {name: label for label, name in names.items()}
    organ_of = np.array([0, *(label_of_name[part.name] for part in hot), *(0 for _ in phantom.lesions)], dtype=np.uint16)
    true_values = value_of[number]
    lesion_of = np.concatenate([np.zeros(len(hot) + 1, dtype=np.uint16), np.arange(1, len(phantom.lesions) + 1, dtype=np.uint16)])
    organs = _labels(phantom.pet_grid, organ_of[number])
    true_suv = Volume(phantom.pet_grid, true_values, Quantity.SUV_BW)
    scanned = as_scanned(true_values, phantom.pet_grid, fwhm_mm=phantom.psf_fwhm_mm, noise=phantom.noise, seed=phantom.seed)
    return PhantomScan(
        phantom=phantom,
        suv=true_suv if scanned is true_values else Volume(phantom.pet_grid, scanned, Quantity.SUV_BW),
        true_suv=true_suv,
        truth=_labels(phantom.pet_grid, lesion_of[number]),
        organs=organs,
        organ_names=MappingProxyType({label: names[label] for label in organs.regions}),
        organ_suv=MappingProxyType({label: suv_of[names[label]] for label in organs.regions}),
        ct=_ct(phantom),
        planted=tuple(_fact(label, lesion) for label, lesion in enumerate(phantom.lesions, start=1)),
    )


def _organ_table(parts: tuple[Part, ...]) -> tuple[dict[int, str], dict[str, float]]:
    suv_of: dict[str, float] = {}
    for part in parts:
        if part.suv is not None and suv_of.setdefault(part.name, part.suv) != part.suv:
            raise ValueError(f"parts named {part.name!r} have two SUVs")
    return dict(enumerate(suv_of, start=1)), suv_of


def _labels(grid: Grid, values: NDArray[np.uint16]) -> Labels:
    """Like Labels.of_values, but each label is cropped to its box first: one pass instead of one per label."""
    regions = {}
    for label, box in enumerate(ndimage.find_objects(values), start=1):
        if box is not None:
            origin = (box[0].start, box[1].start, box[2].start)
            regions[label] = Region(grid, origin, values[box] == label)
    return Labels(grid, regions)


def _fact(label: int, lesion: Lesion) -> PlantedFact:
    return PlantedFact(
        lesion.id,
        label,
        lesion.site,
        lesion.kind,
        lesion.centre_lps_mm,
        lesion.suv,
        lesion.volume_ml,
        lesion.disease,
        lesion.near,
    )


def as_scanned(values: NDArray[np.float32], grid: Grid, *, fwhm_mm: float, noise: float, seed: int) -> NDArray[np.float32]:
    """`values` after the scanner's point spread and noise, never below zero; the same array where both are 0."""
    if fwhm_mm == 0.0 and noise == 0.0:
        return values
    box = Region.of_mask(grid, values > 0).box_grown(_reach(grid, 2.0 * fwhm_mm))
    out = np.zeros_like(values)
    sigma = [fwhm_mm * SIGMA_PER_FWHM / spacing for spacing in grid.spacing_mm_kji]
    blurred = _blurred(values[box], sigma)
    if noise > 0.0:
        white = np.random.default_rng([seed, 1]).standard_normal(blurred.shape, dtype=np.float32)
        grain = _blurred(white, sigma)
        spread = noise * np.sqrt(NOISE_REFERENCE_SUV * blurred)
        blurred = np.maximum(blurred + grain / grain.std() * spread, 0.0)
    out[box] = blurred
    return out


def _reach(grid: Grid, mm: float) -> tuple[int, int, int]:
    k, j, i = (int(np.ceil(mm / spacing)) for spacing in grid.spacing_mm_kji)
    return k, j, i


def _blurred(values: NDArray[np.float32], sigma: list[float]) -> NDArray[np.float32]:
    if max(sigma) == 0.0:
        return values
    return np.asarray(ndimage.gaussian_filter(values, sigma, mode="nearest", truncate=3.5), dtype=np.float32)


def _ct(phantom: Phantom) -> Volume | None:
    grid = phantom.ct_grid
    if grid is None:
        return None
    solid = (*phantom.table, *phantom.parts)
    number = painted(grid, (*(part.shape for part in solid), *(lesion.shape for lesion in phantom.lesions)))
    hu_of = np.array([OUTSIDE_HU, *(part.hu for part in solid), *(lesion.hu for lesion in phantom.lesions)], dtype=np.float32)
    values = hu_of[number]
    if phantom.noise > 0.0:
        grain = np.random.default_rng([phantom.seed, 2]).standard_normal(values.shape, dtype=np.float32)
        values += np.rint(grain * np.float32(HU_NOISE_SD))
        np.maximum(values, np.float32(-1024.0), out=values)
    return Volume(grid, values, Quantity.HU)
