"""Truth: closed form; METHODS EX05."""

from __future__ import annotations

import math
from itertools import pairwise, permutations

import numpy as np
import pytest

from carpet.biomarkers import measure
from carpet.biomarkers.tsp import by_integers, by_subsets, shortest_open_path_mm, tsp
from carpet.core.geometry import pairwise_mm
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Measurement, Missing
from carpet.testing import check_biomarker

ONLY = BiomarkerProtocol(names=("tsp",))


def test_contract() -> None:
    check_biomarker(tsp)


A, B = ((2, 3, 4), (2, 3, 5), 8.0), ((20, 30, 10), (1, 2, 2), 5.0)  # 30 and 4 voxels of 0.04 mL


def test_two_boxes(scene) -> None:
    (value,) = measure(*scene(A, B), ONLY)
    assert isinstance(value, Measurement)
    assert value.value == pytest.approx(math.sqrt(87.5**2 + 106**2 + 9**2), rel=1e-12)
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
    assert value.value == pytest.approx(example["expected"]["open_TSP_path_mm"], rel=1e-5)


def test_equals_the_shortest_of_all_orders() -> None:
    points = np.random.default_rng(5).uniform(0, 500, (8, 3))
    apart = pairwise_mm(points)
    every = min(sum(apart[a, b] for a, b in pairwise(order)) for order in permutations(range(8)))
    assert shortest_open_path_mm(apart) == pytest.approx(every, rel=1e-12)
    assert by_integers(apart) == pytest.approx(every, rel=1e-12)


def test_the_two_exact_ways_agree() -> None:
    apart = pairwise_mm(np.random.default_rng(6).uniform(0, 500, (15, 3)))
    assert by_subsets(apart) == pytest.approx(by_integers(apart), rel=1e-12)


def test_a_row_of_lesions_is_walked_from_end_to_end() -> None:
    points = np.zeros((40, 3))
    points[:, 2] = np.random.default_rng(1).permutation(40) * 7.0
    assert shortest_open_path_mm(pairwise_mm(points)) == pytest.approx(39 * 7.0, rel=1e-12)


def test_too_many_lesions_are_refused_not_guessed(scene) -> None:
    boxes = [((2 * (n // 20), 2 * (n % 20), 0), (1, 1, 1), 5.0) for n in range(41)]
    (value,) = measure(*scene(*boxes), ONLY)
    assert isinstance(value, Missing)
    assert value.reason == "TOO_MANY_LESIONS"
