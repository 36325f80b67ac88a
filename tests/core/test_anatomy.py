"""Truth: closed form, mean and standard deviation of five voxels."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable
from carpet.core.space import Grid, Quantity, Region, Volume

GRID = Grid((1, 1, 8), np.diag([2.0, 5.0, 10.0, 1.0]), "1.2")  # 0.1 mL
SUV = Volume(GRID, np.array([[[9, 1, 2, 3, 4, 5, 9, 7]]], dtype=np.float32), Quantity.SUV_BW)
LIVER = Region(GRID, (0, 0, 1), np.ones((1, 1, 5), dtype=bool))
ONE = Region(GRID, (0, 0, 7), np.ones((1, 1, 1), dtype=bool))


def test_uptake_of_a_reference() -> None:
    uptake = Anatomy(references={"liver": LIVER}).uptake("liver", SUV)
    assert (uptake.mean, uptake.sd, uptake.volume_ml) == pytest.approx((3.0, 2.5**0.5, 0.5))


def test_one_voxel_has_no_spread() -> None:
    uptake = Anatomy(references={"spleen": ONE}).uptake("spleen", SUV)
    assert (uptake.mean, uptake.sd) == (7.0, 0.0)


def test_what_was_not_found_says_why() -> None:
    anatomy = Anatomy(references={"liver": LIVER}, absent={"spleen": "OUTSIDE_SCAN"})
    with pytest.raises(NotMeasurable, match=r"^OUTSIDE_SCAN$"):
        anatomy.uptake("spleen", SUV)
    with pytest.raises(NotMeasurable, match=r"^BLOOD_POOL_NOT_FOUND$"):
        anatomy.uptake("blood_pool", SUV)
