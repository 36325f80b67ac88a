"""Truth: closed form; planted regions of a phantom."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.protocol import SegmentProtocol
from carpet.core.space import Grid, Quantity, SpaceError, Volume
from carpet.segment import candidates

GRID = Grid((20, 20, 20), np.diag([10.0, 10.0, 10.0, 1.0]), "1.2")  # voxels of 1 mL


def volume_with(*boxes: tuple[tuple[slice, slice, slice], float]) -> Volume:
    values = np.full(GRID.shape_kji, 3.99, dtype=np.float32)
    for box, suv in boxes:
        values[box] = suv
    return Volume(GRID, values, Quantity.SUV_BW)


def test_threshold_and_least_volume_are_inclusive() -> None:
    three = ((slice(0, 1), slice(0, 1), slice(0, 3)), 4.0)
    two = ((slice(10, 11), slice(0, 1), slice(0, 2)), 50.0)
    found = candidates(volume_with(three, two), SegmentProtocol())
    assert [region.volume_ml for region in found.labels.regions.values()] == pytest.approx([3.0])
    assert (found.small_count, found.small_ml) == (1, pytest.approx(2.0))


def test_regions_that_touch_at_a_corner_are_one() -> None:
    one, other = ((slice(0, 2),) * 3, 5.0), ((slice(2, 4),) * 3, 5.0)
    found = candidates(volume_with(one, other), SegmentProtocol())
    assert [region.voxels for region in found.labels.regions.values()] == [16]


def test_labels_go_by_volume() -> None:
    small, large = ((slice(0, 2),) * 3, 5.0), ((slice(10, 14),) * 3, 5.0)
    found = candidates(volume_with(small, large), SegmentProtocol())
    assert {label: region.voxels for label, region in found.labels.regions.items()} == {1: 64, 2: 8}


def test_no_uptake_gives_no_region() -> None:
    assert candidates(volume_with(), SegmentProtocol()).labels.regions == {}


def test_another_quantity_is_refused() -> None:
    with pytest.raises(SpaceError):
        candidates(Volume(GRID, np.zeros(GRID.shape_kji, dtype=np.float32), Quantity.SUV_LBM_JANMA), SegmentProtocol())
