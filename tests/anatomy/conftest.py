"""Scans that several tests of the anatomy share: a random phantom, and the two real patients beside the checkout."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from carpet.core.space import Grid, Quantity, Volume
from carpet.testing import random_phantom
from carpet.testing.phantom import PhantomScan


@pytest.fixture(scope="session")
def scan() -> PhantomScan:
    """Whole body with the arms up, with CT."""
    return random_phantom(3, vendor="ge")


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
