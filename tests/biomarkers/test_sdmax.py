"""Truth: closed form; METHODS EX05."""

from __future__ import annotations

import math

import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.sdmax import sdmax
from carpet.core.body import Body, Sex, SurfaceArea
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("sdmax",))


def test_contract() -> None:
    check_biomarker(sdmax)


A, B = ((2, 3, 4), (2, 3, 5), 8.0), ((20, 30, 10), (1, 2, 2), 5.0)  # 30 and 4 voxels of 0.04 mL

PATIENT = Body(78.0, 1.72, Sex.MALE)


def test_metres_over_square_metres(scene) -> None:
    (value,) = measure(*scene(A, B), ONLY, body=PATIENT)
    assert isinstance(value, Measurement)
    metres = math.sqrt(87.5**2 + 106**2 + 9**2) / 1000
    assert value.value == pytest.approx(metres / math.sqrt(172.0 * 78.0 / 3600.0), rel=1e-12)
    assert value.unit == "/m"


@pytest.mark.parametrize(("body", "reason"), [(None, "BODY_UNKNOWN"), (Body(78.0, None, Sex.MALE), "HEIGHT_MISSING")])
def test_without_height_there_is_no_number(scene, body, reason) -> None:
    (value,) = measure(*scene(A, B), ONLY, body=body)
    assert isinstance(value, Missing)
    assert value.reason == reason


def test_one_lesion_is_zero_and_flagged(scene) -> None:
    (value,) = measure(*scene(A), ONLY, body=PATIENT)
    assert isinstance(value, Measurement)
    assert (value.value, value.flags) == (0.0, ("single_lesion",))


@pytest.mark.shared
@pytest.mark.parametrize(("formula", "key"), [(SurfaceArea.MOSTELLER, "SDmax_per_m"), (SurfaceArea.DU_BOIS, "SDmax_DuBois_per_m")])
def test_worked_example_five(example_five, formula, key) -> None:
    scene, example = example_five
    body = Body(example["inputs"]["PatientWeight_kg"], example["inputs"]["PatientHeight_cm"] / 100.0, None)
    (value,) = measure(*scene, BiomarkerProtocol(names=("sdmax",), surface_area=formula), body=body)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(example["expected"][key], rel=1e-5)
