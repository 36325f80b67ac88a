"""Truth: closed form."""

from __future__ import annotations

import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.lesion_count import lesion_count
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("lesion_count",))


def test_contract() -> None:
    check_biomarker(lesion_count)


A, B = ((2, 3, 4), (2, 3, 5), 8.0), ((20, 30, 10), (1, 2, 2), 5.0)  # 30 and 4 voxels of 0.04 mL


def test_two_boxes(scene) -> None:
    (value,) = measure(*scene(A, B), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(2, rel=1e-12)
    assert value.unit == "{count}"


def test_no_lesion_is_zero(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Measurement)
    assert value.value == 0.0
