"""Truth: closed form."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.biomarkers.surface import mesh
from carpet.core.space import Grid, Region


def test_one_voxel_is_an_octahedron() -> None:
    grid = Grid((3, 3, 3), np.diag([2.0, 3.0, 4.0, 1.0]), "1")
    made = mesh(Region(grid, (1, 1, 1), np.ones((1, 1, 1), dtype=bool)))
    a, b, c = 1.0, 1.5, 2.0  # half axes: half a voxel
    assert made.volume_mm3 == pytest.approx(4.0 / 3.0 * a * b * c, rel=1e-6)
    corner = 0.5 * np.linalg.norm(np.cross([-a, b, 0.0], [-a, 0.0, c]))
    assert made.area_mm2 == pytest.approx(8 * corner, rel=1e-6)


def test_a_region_at_the_edge_of_the_image_is_closed() -> None:
    grid = Grid((4, 4, 4), np.eye(4), "1")
    inside = mesh(Region(grid, (1, 1, 1), np.ones((2, 2, 2), dtype=bool)))
    edge = mesh(Region(grid, (0, 0, 0), np.ones((2, 2, 2), dtype=bool)))
    assert edge == inside
