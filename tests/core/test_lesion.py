"""Contract: a lesion has at least one voxel and a positive label."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.errors import CarpetError
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Region

GRID = Grid((2, 2, 2), np.eye(4), "1.2")
ONE = Region(GRID, (0, 0, 0), np.ones((1, 1, 1), dtype=bool))
NONE = Region.of_mask(GRID, np.zeros((2, 2, 2), dtype=bool))


def test_a_lesion() -> None:
    lesion = Lesion("L1", 1, ONE, Status.UNDECIDED, "rule", "because")
    assert (lesion.site, lesion.kind, lesion.reviewed) == (None, None, False)


def test_a_lesion_without_voxels_is_refused() -> None:
    with pytest.raises(CarpetError, match="L1 has no voxel"):
        Lesion("L1", 1, NONE, Status.DISEASE, "rule", "because")


@pytest.mark.parametrize("label", [0, -1])
def test_a_lesion_without_a_label_is_refused(label: int) -> None:
    with pytest.raises(CarpetError, match="positive label"):
        Lesion("L1", label, ONE, Status.DISEASE, "rule", "because")
