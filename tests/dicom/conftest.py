"""What the tests of this room share: small grids, lesions on them, valid PET headers for them, and a validator."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from carpet.core.body import Body, Sex
from carpet.core.lesion import Code, Kind, Lesion, Status
from carpet.core.record import Provenance
from carpet.core.space import Grid, Labels, Quantity, Region, Volume
from carpet.testing import Phantom, PhantomScan
from carpet.testing.voxels import upright_grid

WHEN = dt.datetime(2024, 3, 5, 9, 30, 15)
METHOD = Provenance("suv4.0", "1", "benchmark", {"threshold": "SUVbw ≥ 4.0 g/mL"}, (), "carpet 0.1.0")
SPLEEN, BLADDER = Code("78961009", "SCT", "Spleen"), Code("89837001", "SCT", "Bladder")


def make_grid(
    *, k: tuple[float, float, float], j: tuple[float, float, float], i: tuple[float, float, float], shape: tuple[int, int, int]
) -> Grid:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = k, j, i, (-50.5, 30.25, -812.125)
    return Grid(shape, affine, "1.2.826.0.1.3680043.8.498.77")


def _tilted() -> Grid:
    """Anisotropic, rotated by 20° about L and 10° about S: oblique, but its axes are orthogonal."""
    a, b = np.deg2rad(20.0), np.deg2rad(10.0)
    about_l = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_s = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    turn = about_s @ about_l
    return make_grid(k=tuple(turn[:, 2] * 3.27), j=tuple(turn[:, 1] * 5.5), i=tuple(turn[:, 0] * 4.25), shape=(7, 9, 11))


GRIDS = {
    "usual": make_grid(k=(0, 0, 3.27), j=(0, 4.6875, 0), i=(4.6875, 0, 0), shape=(7, 9, 11)),
    "head first": make_grid(k=(0, 0, -3.27), j=(0, 4.6875, 0), i=(4.6875, 0, 0), shape=(7, 9, 11)),
    "anisotropic": make_grid(k=(0, 0, 2.0), j=(0, 5.5, 0), i=(4.25, 0, 0), shape=(7, 9, 11)),
    "both in-plane axes flipped": make_grid(k=(0, 0, 3.0), j=(0, -5.5, 0), i=(-4.25, 0, 0), shape=(7, 9, 11)),
    "coronal": make_grid(k=(0, 3.0, 0), j=(0, 0, -5.5), i=(4.25, 0, 0), shape=(7, 9, 11)),
    "oblique": _tilted(),
}


@pytest.fixture(params=sorted(GRIDS))
def grid(request: pytest.FixtureRequest) -> Grid:
    """One grid after the other; none is cubic, so that swapped axes cannot hide."""
    return GRIDS[request.param]


@pytest.fixture
def usual_grid() -> Grid:
    return GRIDS["usual"]


def region(grid: Grid, *voxels: tuple[int, int, int]) -> Region:
    mask = np.zeros(grid.shape_kji, dtype=bool)
    for voxel in voxels:
        mask[voxel] = True
    return Region.of_mask(grid, mask)


@pytest.fixture
def make_lesions() -> Callable[[Grid], list[Lesion]]:
    """Four regions without any symmetry: disease (one with a gap in k), physiologic, undecided."""

    def make(grid: Grid) -> list[Lesion]:
        parts = [
            region(grid, (1, 2, 3), (1, 2, 4), (1, 3, 3), (2, 2, 3), (5, 8, 10)),
            region(grid, (0, 0, 0), (0, 0, 1)),
            region(grid, (6, 1, 9), (6, 1, 8), (5, 1, 9)),
            region(grid, (2, 2, 4), (2, 7, 1)),
        ]
        status = [Status.DISEASE, Status.DISEASE, Status.PHYSIOLOGIC, Status.UNDECIDED]
        sites = [SPLEEN, None, BLADDER, None]
        return [
            Lesion(f"L{n}", n, part, state, "rule:test", "because of the test", site, Kind.SPLEEN if site is SPLEEN else None)
            for n, (part, state, site) in enumerate(zip(parts, status, sites, strict=True), start=1)
        ]

    return make


@pytest.fixture
def pet_headers() -> Callable[[Grid], list[Dataset]]:
    """Valid PET headers without pixels, in k order, with a name and a record number that must not leave."""
    return make_pet_headers


def make_pet_headers(grid: Grid) -> list[Dataset]:
    headers = []
    for k in range(grid.shape_kji[0]):
        d = Dataset()
        d.SOPClassUID, d.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.128", f"1.2.826.0.1.3680043.8.498.5.{k + 1}"
        d.StudyInstanceUID, d.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.3", "1.2.826.0.1.3680043.8.498.4"
        d.FrameOfReferenceUID, d.PositionReferenceIndicator = grid.frame_uid, ""
        d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = "Canary^Name", "CANARY-ID", "19510203", "F"
        d.OtherPatientNames, d.PatientComments, d.ReferringPhysicianName = "Canary^Other", "CANARY-COMMENT", "Canary^Doctor"
        d.AccessionNumber, d.StudyID, d.InstitutionName, d.StationName = "CANARY-ACC", "CANARY-STUDY", "CANARY-INST", "CANARY-ST"
        d.StudyDate, d.StudyTime, d.Modality, d.Manufacturer = "20240305", "080000", "PT", "CANARY-MAKER"
        d.SeriesNumber, d.InstanceNumber, d.SpecificCharacterSet = 3, k + 1, "ISO_IR 100"
        d.ImagePositionPatient = [f"{x:.9g}" for x in grid.to_lps_mm((k, 0, 0))]
        cosines = grid.affine_lps[:3, [2, 1]] / np.array(grid.spacing_mm_kji)[[2, 1]]
        d.ImageOrientationPatient = [f"{x:.12g}"[:16] for x in cosines.T.ravel()]
        d.PixelSpacing = [f"{grid.spacing_mm_kji[1]:.9g}", f"{grid.spacing_mm_kji[2]:.9g}"]
        d.SliceThickness = f"{grid.spacing_mm_kji[0]:.9g}"
        d.Rows, d.Columns = grid.shape_kji[1], grid.shape_kji[2]
        headers.append(d)
    return headers


@pytest.fixture
def frame_headers() -> Callable[[Grid], list[Dataset]]:
    """The same slices as frames of one Enhanced PET image: one header a frame, which names its frame."""

    def make(grid: Grid) -> list[Dataset]:
        headers = make_pet_headers(grid)
        for number, header in enumerate(headers, start=1):
            header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.130", "1.2.826.0.1.3680043.8.498.6"
            header.ReferencedFrameNumber = number
        return headers

    return make


@pytest.fixture
def provenance() -> Provenance:
    return METHOD


@pytest.fixture
def when() -> dt.datetime:
    return WHEN


@pytest.fixture
def validator_errors() -> Callable[[Path], list[str]]:
    """The lines of dciodvfy that begin with Error."""

    def errors(path: Path) -> list[str]:
        ran = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        said = ran.stdout + ran.stderr
        assert "Segmentation" in said or "SR" in said or "RTStructureSet" in said, said
        return [line for line in said.splitlines() if line.startswith("Error")]

    return errors


@pytest.fixture
def grid_of_series() -> Callable[[Path], Grid]:
    """The grid of a folder of single-frame images, straight from their positions with pydicom."""

    def grid_of(folder: Path) -> Grid:
        headers = [dcmread(path, stop_before_pixels=True) for path in sorted(folder.iterdir())]
        headers.sort(key=lambda d: float(d.ImagePositionPatient[2]))
        first, last = headers[0], headers[-1]
        across, down = np.array(first.ImageOrientationPatient, dtype=float).reshape(2, 3)
        affine = np.eye(4)
        affine[:3, 3] = first.ImagePositionPatient
        affine[:3, 0] = (np.array(last.ImagePositionPatient, dtype=float) - affine[:3, 3]) / (len(headers) - 1)
        affine[:3, 1], affine[:3, 2] = down * float(first.PixelSpacing[0]), across * float(first.PixelSpacing[1])
        return Grid((len(headers), int(first.Rows), int(first.Columns)), affine, str(first.FrameOfReferenceUID))

    return grid_of


SMALL_SHAPE, SMALL_SPACING = (6, 8, 10), (3.27, 4.0, 2.5)  # no two alike


@pytest.fixture
def small_scan() -> PhantomScan:
    """A PET of uneven noise with three hot voxels, not on one line, and a CT of the same field on a finer grid."""
    rng = np.random.default_rng(11)
    pet = upright_grid(SMALL_SHAPE, SMALL_SPACING, first_centre_lps_mm=(-12.5, 30.25, -410.0), frame_uid="1.2.826.0.1.3680043.8.498.88")
    ct = upright_grid((9, 12, 16), (2.1, 2.7, 1.6), first_centre_lps_mm=(-12.0, 30.0, -410.5), frame_uid=pet.frame_uid)
    values = (rng.random(SMALL_SHAPE) * 2.0).astype(np.float32)
    for voxel, suv in (((1, 2, 7), 20.0), ((4, 6, 1), 15.0), ((3, 0, 4), 10.0)):
        values[voxel] = suv
    suv = Volume(pet, values, Quantity.SUV_BW)
    hu = Volume(ct, np.rint(rng.normal(0.0, 300.0, ct.shape_kji)).astype(np.float32), Quantity.HU)
    phantom = Phantom("small", Body(70.0, 1.75, Sex.MALE), (), (), pet, ct)
    return PhantomScan(phantom, suv, suv, Labels(pet, {}), Labels(pet, {}), {}, {}, hu, ())
