"""Truth: closed form; METHODS EX05."""

from __future__ import annotations

import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.dmax_manhattan import dmax_manhattan
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("dmax_manhattan",))


def test_contract() -> None:
    check_biomarker(dmax_manhattan)


A, B = ((2, 3, 4), (2, 3, 5), 8.0), ((20, 30, 10), (1, 2, 2), 5.0)  # 30 and 4 voxels of 0.04 mL


def test_two_boxes(scene) -> None:
    (value,) = measure(*scene(A, B), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(87.5 + 106 + 9, rel=1e-12)
    assert value.unit == "mm"


def test_one_lesion_is_zero_and_flagged(scene) -> None:
    (value,) = measure(*scene(A), ONLY)
    assert isinstance(value, Measurement)
    assert (value.value, value.flags) == (0.0, ("single_lesion",))


def test_no_lesion_is_missing_with_a_reason(scene) -> None:
    (value,) = measure((), scene()[1], ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "NO_LESION"


@pytest.mark.shared
def test_worked_example_five(example_five) -> None:
    scene, example = example_five
    (value,) = measure(*scene, ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(example["expected"]["Dmax_manhattan_mm"], rel=1e-5)
