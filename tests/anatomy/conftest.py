"""Scans that several tests of the anatomy share: random phantoms, a block of tissue to paint organs into, and two real patients."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from carpet.anatomy.body import Body, axes_of, body_of
from carpet.anatomy.coarse import STEP_MM, Coarse, coarse_copy
from carpet.anatomy.organs import Organs, organs_of
from carpet.core.space import BoolArray, Grid, Quantity, Volume
from carpet.testing import random_phantom
from carpet.testing.phantom import PhantomScan


@pytest.fixture(scope="session")
def scan() -> PhantomScan:
    """Whole body with the arms up, with CT."""
    return random_phantom(3, vendor="ge")


@pytest.fixture(scope="session", params=[(1, "siemens", "up"), (2, "philips", "down"), (5, "ge", "up")], ids=lambda case: case[1])
def patient(request: pytest.FixtureRequest) -> PhantomScan:
    """A whole body of each vendor's matrix, with CT; one with the arms down."""
    seed, vendor, arms = request.param
    return random_phantom(seed, vendor=vendor, arms=arms)


@pytest.fixture(scope="session")
def body(patient: PhantomScan) -> Body:
    found = body_of(coarse_copy(patient.suv, patient.ct))
    assert found is not None
    return found


@pytest.fixture(scope="session")
def body_without_ct(patient: PhantomScan) -> Body:
    found = body_of(coarse_copy(patient.suv, None))
    assert found is not None
    return found


@pytest.fixture(scope="session")
def organs(body: Body) -> Organs:
    return organs_of(body)


@pytest.fixture(scope="session")
def true(patient: PhantomScan, body: Body) -> Callable[..., BoolArray]:
    """true("liver", …): the coarse voxels whose centres lie in these parts of the phantom; without a name, in any part or lesion."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in body.mask.shape), indexing="ij"), axis=-1)
    pet = patient.suv.grid
    kji = np.floor(pet.to_kji(body.coarse.grid.to_lps_mm(index)) + 0.5).astype(int)
    inside = ((kji >= 0) & (kji < pet.shape_kji)).all(axis=-1)
    k, j, i = np.moveaxis(np.where(inside[..., None], kji, 0), -1, 0)
    part = np.where(inside, patient.organs.to_values()[k, j, i], 0)
    any_part = (part > 0) | (inside & (patient.truth.to_values()[k, j, i] > 0))
    label = {name: value for value, name in patient.organ_names.items()}
    return lambda *names: np.isin(part, [label[name] for name in names]) if names else any_part


TORSO_SHAPE = (110, 56, 86)  # 495 × 252 × 387 mm


@pytest.fixture(scope="session")
def torso_mm() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(left, back, up) in mm from the middle of the torso's grid, broadcastable over (k, j, i): shapes are written as formulas of them."""
    up, back, left = ((np.arange(n) - (n - 1) / 2) * STEP_MM for n in TORSO_SHAPE)
    return left[None, None, :], back[None, :, None], up[:, None, None]


@pytest.fixture(scope="session")
def torso(torso_mm: tuple[NDArray[np.float64], ...]) -> Callable[..., Body]:
    """torso((mask, SUV or None, HU or None), …, with_ct=True): a body of muscle, 300 × 200 mm, with these parts painted in."""
    left, back, up = torso_mm

    def painted(*parts: tuple[BoolArray, float | None, float | None], with_ct: bool = True) -> Body:
        inside = np.asarray((np.abs(left) < 150) & (np.abs(back) < 100) & (up < np.inf))
        suv, hu = np.where(inside, 0.6, 0.0).astype(np.float32), np.where(inside, 50.0, -1000.0).astype(np.float32)
        for mask, uptake, density in parts:
            if uptake is not None:
                suv[np.broadcast_to(mask, suv.shape)] = uptake
            if density is not None:
                hu[np.broadcast_to(mask, hu.shape)] = density
        affine = np.zeros((4, 4))
        affine[[2, 1, 0], [0, 1, 2]] = STEP_MM
        affine[:, 3] = (*(float(axis.min()) for axis in torso_mm), 1.0)
        return Body(Coarse(Grid(TORSO_SHAPE, affine, "1.2"), suv, hu if with_ct else None), inside, *axes_of(inside))

    return painted


@pytest.fixture(scope="session")
def lungs_mm(torso_mm: tuple[NDArray[np.float64], ...]) -> tuple[BoolArray, BoolArray]:
    """(right, left) air boxes of the torso: 40–130 mm from the midline, 140 mm deep, from S 0 to S 225 mm."""
    left, back, up = torso_mm
    deep = (np.abs(back) < 70) & (up > 0) & (up < 225)
    return np.asarray(deep & (left < -40) & (left > -130)), np.asarray(deep & (left > 40) & (left < 130))


@pytest.fixture(scope="session")
def alike() -> Callable[[BoolArray, BoolArray], float]:
    """Dice's coefficient of two masks."""
    return lambda found, known: float(2 * (found & known).sum() / (found.sum() + known.sum()))


def volume_of(sources: list[Any], quantity: Quantity, factor: float = 1.0) -> Volume:
    """A DICOM series as a volume: slope a slice, slices by position along the normal."""
    slices = [pydicom.dcmread(source) for source in sources]
    rows = np.array(slices[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    slices.sort(key=lambda ds: float(np.cross(*rows) @ np.array(ds.ImagePositionPatient, dtype=float)))
    values = np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in slices]) * factor
    first, last = (np.array(ds.ImagePositionPatient, dtype=float) for ds in (slices[0], slices[-1]))
    affine = np.eye(4)
    affine[:3, 0] = (last - first) / (len(slices) - 1)
    affine[:3, 1], affine[:3, 2] = rows[1] * float(slices[0].PixelSpacing[0]), rows[0] * float(slices[0].PixelSpacing[1])
    affine[:3, 3] = first
    return Volume(Grid(values.shape, affine, str(slices[0].FrameOfReferenceUID)), values.astype(np.float32), quantity)


@pytest.fixture(scope="session")
def acrin(shared_data: Path) -> tuple[Volume, Volume]:
    """PET (SUVbw) and CT of a chest: factor and provenance in data/README.md."""
    folder = shared_data / "acrin042_ge"
    pet = volume_of(sorted((folder / "PT_AC_BQML").glob("*.dcm")), Quantity.SUV_BW, 4.21110070e-4)
    with zipfile.ZipFile(folder / "CT_135slices.zip") as archive:
        ct = [io.BytesIO(archive.read(name)) for name in archive.namelist() if name.endswith(".dcm")]
    return pet, volume_of(ct, Quantity.HU)


@pytest.fixture(scope="session")
def sarcoma(shared_data: Path) -> Volume:
    """PET (SUVbw) from the skull base to the thighs, without CT."""
    return volume_of(sorted((shared_data / "sts001_ge" / "PET_raw_BQML").glob("*.dcm")), Quantity.SUV_BW, 2.42902977e-4)
