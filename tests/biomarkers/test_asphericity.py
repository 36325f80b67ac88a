"""Truth: closed form; IBSI-1 consensus values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.asphericity import asphericity
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("asphericity",))


def test_contract() -> None:
    check_biomarker(asphericity)


def ball(radius_mm: float) -> tuple[tuple[Lesion, ...], Volume]:
    """A ball on 1 mm voxels."""
    half = int(radius_mm) + 2
    grid = Grid((2 * half + 1,) * 3, np.eye(4), "1.2")
    far = np.linalg.norm(np.indices(grid.shape_kji).reshape(3, -1).T - half, axis=1).reshape(grid.shape_kji)
    region = Region.of_mask(grid, far <= radius_mm)
    lesion = Lesion("L01", 1, region, Status.DISEASE, "t", "t")
    return (lesion,), Volume(grid, np.full(grid.shape_kji, 5.0, dtype=np.float32), Quantity.SUV_BW)


def test_one_voxel_is_an_octahedron() -> None:
    (value,) = measure(*ball(0.0), ONLY)
    assert isinstance(value, Measurement)
    area, volume = math.sqrt(3.0), 1.0 / 6.0  # octahedron of side 1/√2
    assert value.value == pytest.approx((area**3 / (36 * math.pi * volume**2)) ** (1 / 3) - 1, rel=1e-5)


def test_two_equal_balls_far_apart_have_the_cube_root_of_two() -> None:
    lesions, suv = ball(8.0)
    (one,) = measure(lesions, suv, ONLY)
    (two,) = measure((lesions[0], lesions[0]), suv, ONLY)
    assert isinstance(one, Measurement)
    assert isinstance(two, Measurement)
    assert (two.value + 1) / (one.value + 1) == pytest.approx(2 ** (1 / 3), rel=1e-9)


TAGS = ("morph_asphericity", "morph_area_mesh")


@pytest.mark.shared
def test_ibsi_digital_phantom(shared_data) -> None:
    import nibabel

    folder = shared_data / "ibsi1_digital_phantom" / "nifti"
    image = nibabel.load(folder / "image" / "phantom.nii.gz")
    mask = nibabel.load(folder / "mask" / "mask.nii.gz")
    grid = Grid(mask.shape, np.diag([2.0, 2.0, 2.0, 1.0]), "1.2")
    lesion = Lesion("L01", 1, Region.of_mask(grid, np.asarray(mask.dataobj) > 0), Status.DISEASE, "t", "t")
    suv = Volume(grid, np.asarray(image.dataobj, dtype=np.float32), Quantity.SUV_BW)
    (value,) = measure((lesion,), suv, ONLY)
    (surface,) = measure((lesion,), suv, BiomarkerProtocol(names=("tts",)))
    assert isinstance(value, Measurement)
    assert isinstance(surface, Measurement)
    rows = (line.split(";") for line in (shared_data / "ibsi_reference_values" / "ibsi_1_dig_phantom.csv").read_text().splitlines()[1:])
    consensus = {tag: (float(number), float(tolerance)) for number, tolerance, tag in rows if tag in TAGS}
    for measured, tag in zip((value, surface), TAGS, strict=True):
        number, tolerance = consensus[tag]
        assert measured.value == pytest.approx(number, abs=tolerance)


def test_no_lesion_is_missing_with_a_reason(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "NO_LESION"
