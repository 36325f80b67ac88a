"""Truth: closed form; brute force over all pairs of voxels."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.biomarkers.distances import centroids_mm, flagged_if_single, from_bulk_mm, outermost_mm, widest_mm
from carpet.core.errors import NotMeasurable
from carpet.core.space import Grid, Region


def test_centroids_are_unweighted_means_of_voxel_centres(scene) -> None:
    lesions, _ = scene(((2, 3, 4), (2, 3, 5), 8.0))
    assert centroids_mm(lesions).tolist() == [[12.0, 16.0, 12.5]]
    with pytest.raises(NotMeasurable, match="NO_LESION"):
        centroids_mm(())


def test_bulk_is_the_largest_lesion(scene) -> None:
    lesions, _ = scene(((0, 0, 0), (1, 1, 1), 8.0), ((0, 0, 10), (3, 1, 1), 8.0), ((0, 0, 20), (1, 1, 1), 8.0))
    assert sorted(from_bulk_mm(lesions).tolist()) == pytest.approx([0.0, np.hypot(20, 5), np.hypot(20, 5)])


def test_of_equal_bulks_the_choice_does_not_depend_on_order(scene) -> None:
    lesions, _ = scene(((0, 0, 0), (2, 1, 1), 8.0), ((0, 0, 10), (2, 1, 1), 8.0), ((0, 0, 30), (1, 1, 1), 8.0))
    assert from_bulk_mm(lesions).sum() == pytest.approx(from_bulk_mm(lesions[::-1]).sum())


def test_single() -> None:
    assert flagged_if_single((), 1.0).flags == ()


@pytest.mark.parametrize("seed", range(5))
def test_widest_equals_brute_force(seed: int) -> None:
    mask = np.random.default_rng(seed).random((7, 9, 11)) > 0.6
    region = Region(Grid((7, 9, 11), np.diag([3.0, 2.0, 1.5, 1.0]), "1"), (0, 0, 0), mask)
    points = region.centres_lps_mm()
    brute = np.linalg.norm(points[:, None] - points[None], axis=-1).max()
    assert widest_mm(outermost_mm(region)) == pytest.approx(brute, rel=1e-12)


def test_flat_regions_have_a_length_too() -> None:
    region = Region(Grid((1, 90, 90), np.eye(4), "1"), (0, 0, 0), np.ones((1, 90, 90), dtype=bool))
    assert widest_mm(outermost_mm(region)) == pytest.approx(np.hypot(89, 89))
