"""Made-up sets of lesions on made-up PET grids, with the headers of the slices: what T12 writes in every format."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from scipy.ndimage import gaussian_filter

from carpet.core.errors import Notice, Severity
from carpet.core.lesion import Code, Lesion, Status
from carpet.core.record import Measurement, Provenance
from carpet.core.space import Grid, Region

CANARY = "Canary^Grete"  # must be found in nothing that is written
WHEN = dt.datetime(2024, 3, 14, 12, 30, 5)
METHOD = Provenance("suv4.0", "1", "benchmark", {"threshold": "SUVbw ≥ 4.0 g/mL"}, (), "carpet")
SITES = (None, Code("78961009", "SCT", "Spleen"), Code("62683002", "SCT", "Mediastinal lymph node"), Code("89837001", "SCT", "Bladder"))
NAMES = (
    "L{:02d}",
    "L{:02d} linke Achsel, größte",
    "L{:02d} 縦隔リンパ節",
    "L{:02d} забрюшинный",
    "L{:02d} ἄ\u0301 \u200f",
    "L{:02d} a\\b^c=d|e~f",
)
LESION_NUMBERS = {"suv_max": "g/mL", "suv_mean": "g/mL", "suv_peak": "g/mL", "volume": "mL", "tlg": "g"}
PATIENT_NUMBERS = {
    "tmtv": "mL",
    "tlg": "g",
    "dmax": "mm",
    "sdmax": "m-1",
    "lesion_count": "{count}",
    "liver_suv_mean": "g/mL",
    "tts": "mm2",
}
FLAGS = (
    Notice("UNDECIDED_LEFT", Severity.WARNING, "regions that the rules could not decide are in no total", "lesions", "2 of 4 régions"),
)
PET, ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130"


@dataclass(frozen=True, eq=False)
class LesionSet:
    """Lesions on one PET grid, its headers, and numbers to report. straying: the slices lie a little off an even stack."""

    grid: Grid
    headers: list[Dataset]
    lesions: list[Lesion]
    values: list[Measurement]
    straying: bool


def lesion_set(seed: int) -> LesionSet:
    """The set of this seed: every third source is multi-frame, every fourth has slices that stray, as GE's do."""
    rng = np.random.default_rng(seed)
    grid = _grid(rng, upright=seed % 5 == 0)
    straying = seed % 4 == 1
    headers = _headers(grid, seed, strayed=rng if straying else None, frames=seed % 3 == 2)
    lesions = _lesions(grid, rng)
    return LesionSet(grid, headers, lesions, _values(lesions, rng), straying)


def _grid(rng: np.random.Generator, *, upright: bool) -> Grid:
    """Anisotropic; upright, or turned anyhow, with axes in any order and direction."""
    shape = tuple(int(n) for n in rng.integers((3, 8, 9), (16, 34, 31)))
    spacing = rng.uniform((1.5, 1.0, 1.0), (6.0, 6.0, 6.0))
    turn = np.eye(3)[:, ::-1] if upright else np.linalg.qr(rng.normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 0] *= np.sign(np.linalg.det(affine[:3, [2, 1, 0]]))  # slices along the normal of row × column, or against it
    if rng.random() < 0.3:
        affine[:3, 0] *= -1
    affine[:3, 3] = rng.uniform(-900, 900, 3)
    return Grid((shape[0], shape[1], shape[2]), affine, f"1.2.826.0.1.3680043.8.498.{rng.integers(1, 10**9)}")


def _headers(grid: Grid, seed: int, *, strayed: np.random.Generator | None, frames: bool) -> list[Dataset]:
    made = []
    cosines = (grid.affine_lps[:3, [2, 1]] / np.array(grid.spacing_mm_kji)[[2, 1]]).T.ravel()
    for k in range(grid.shape_kji[0]):
        d = Dataset()
        root = f"1.2.826.0.1.3680043.8.498.{seed + 1}"
        d.SOPClassUID, d.SOPInstanceUID = (ENHANCED_PET, f"{root}.9") if frames else (PET, f"{root}.5.{k + 1}")
        if frames:
            d.ReferencedFrameNumber = k + 1
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = f"{root}.3", f"{root}.4", grid.frame_uid
        d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = CANARY, CANARY, "19510203", ("F", "M", "O")[seed % 3]
        d.AccessionNumber, d.StudyID, d.InstitutionName, d.ReferringPhysicianName = CANARY, CANARY, CANARY, CANARY
        d.StudyDate, d.StudyTime, d.Modality = "20240314", "080000", "PT"
        at = k + (float(strayed.uniform(-0.03, 0.03)) if strayed is not None else 0.0)
        d.ImagePositionPatient = [f"{x:.9g}" for x in grid.to_lps_mm((at, 0, 0))]
        d.ImageOrientationPatient = [f"{x:.12g}"[:16] for x in cosines]
        d.PixelSpacing, d.SliceThickness = [f"{step:.9g}" for step in grid.spacing_mm_kji[1:]], f"{grid.spacing_mm_kji[0]:.9g}"
        d.Rows, d.Columns = grid.shape_kji[1], grid.shape_kji[2]
        made.append(d)
    return made


def _lesions(grid: Grid, rng: np.random.Generator) -> list[Lesion]:
    """Blobs with holes and islands that may touch each other, a chessboard, a hollow ring in a ring, single voxels."""
    values = np.zeros(grid.shape_kji, dtype=int)
    field = gaussian_filter(rng.normal(size=grid.shape_kji), 1.2)
    for n, level in enumerate(np.quantile(field, [0.97, 0.9, 0.1, 0.03]), start=1):
        values[(field > level if n <= 2 else field < level) & (values == 0)] = n
    values = np.where(rng.random(grid.shape_kji) < 0.05, 0, values)  # holes
    k = int(rng.integers(0, grid.shape_kji[0]))
    values[k, :7, :7] = 5
    values[k, 1:6, 1:6] = 0
    values[k, 2:5, 2:5] = 5
    values[k, 3, 3] = 6
    board = np.indices(grid.shape_kji).sum(axis=0) % 2 == 0
    values[-1, -6:, -6:] = np.where(board[-1, -6:, -6:], 7, 0)
    corner = tuple(int(rng.choice((0, n - 1))) for n in grid.shape_kji)
    values[corner] = 8
    values[::2][rng.random(values[::2].shape) < 0.002] = 9  # voxels on every second slice
    present = [int(n) for n in rng.permutation(np.unique(values[values > 0]))][: int(rng.integers(1, 10))]
    return [_lesion(number, Region.of_mask(grid, values == n), rng) for number, n in enumerate(present, start=1)]


def _lesion(number: int, region: Region, rng: np.random.Generator) -> Lesion:
    status = (Status.DISEASE, Status.PHYSIOLOGIC, Status.UNDECIDED)[int(rng.integers(3))]
    name = NAMES[int(rng.integers(len(NAMES)))].format(number)
    site = SITES[int(rng.integers(len(SITES)))]
    return Lesion(name, number, region, status, "rule:T12", "because of the test: größer ≥ 4", site, None, bool(rng.random() < 0.5))


def _values(lesions: list[Lesion], rng: np.random.Generator) -> list[Measurement]:
    """Numbers of every size, with all the digits that a float has."""

    def number() -> float:
        return float(rng.choice((0.0, 1 / 3, 5e-324, 1e-7, 123456789.123456789, rng.random(), rng.lognormal(2, 3))))

    found = [Measurement(name, number(), unit, one.id, "suv4.0") for one in lesions for name, unit in LESION_NUMBERS.items()]
    for segmenter in ("suv4.0", "max41"):
        flags = ("UNDECIDED_LEFT", "single_lesion") if rng.random() < 0.5 else ()
        found += [Measurement(name, number(), unit, "patient", segmenter, flags) for name, unit in PATIENT_NUMBERS.items()]
    return found


def voxels_of(lesion: Lesion) -> set[tuple[int, ...]]:
    return {tuple(at) for at in lesion.region.indices_kji.tolist()}


def voxels_at(grid: Grid, positions_lps_mm: NDArray[np.float64]) -> set[tuple[int, ...]]:
    """The voxels whose centres these positions are; one that is none of them becomes a voxel that no lesion has."""
    kji = grid.to_kji(positions_lps_mm)
    whole = np.rint(kji)
    off = np.abs(kji - whole).max(axis=1) > (0.1 if len(kji) else 0)
    whole[off] = -1
    return {tuple(at) for at in whole.astype(int).tolist()}
