"""Truth: closed form."""

from __future__ import annotations

import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.blood_pool_suv_mean import blood_pool_suv_mean
from carpet.core.anatomy import Anatomy
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import block_scene, check_biomarker

ONLY = BiomarkerProtocol(names=("blood_pool_suv_mean",))


def test_contract() -> None:
    check_biomarker(blood_pool_suv_mean)


def test_planted_references() -> None:
    scene = block_scene()  # liver 2.2, blood pool 1.6, spleen 2.0, marrow 1.4
    (value,) = measure(scene.lesions, scene.suv, ONLY, anatomy=scene.anatomy)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(1.6, rel=1e-6)


def test_no_lesion_changes_nothing() -> None:
    scene = block_scene()
    (value,) = measure((), scene.suv, ONLY, anatomy=scene.anatomy)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(1.6, rel=1e-6)


def test_an_organ_not_found_is_missing_with_its_reason() -> None:
    scene = block_scene()
    (value,) = measure((), scene.suv, ONLY, anatomy=Anatomy(absent={"blood_pool": "OUTSIDE_SCAN"}))
    assert isinstance(value, Missing)
    assert value.reason == "OUTSIDE_SCAN"
