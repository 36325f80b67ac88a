"""Truth: closed form."""

from __future__ import annotations

import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.suv_mean import suv_mean
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("suv_mean",))


def test_contract() -> None:
    check_biomarker(suv_mean)


A, B = ((2, 3, 4), (2, 3, 5), 8.0), ((20, 30, 10), (1, 2, 2), 5.0)  # 30 and 4 voxels of 0.04 mL


def test_two_boxes(scene) -> None:
    (value,) = measure(*scene(A, B), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx((30 * 8 + 4 * 5) / 34, rel=1e-12)
    assert value.unit == "g/mL"


def test_no_lesion_is_missing_with_a_reason(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "NO_LESION"
