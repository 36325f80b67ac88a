"""Truth: closed form (volumes of ellipsoid, capsule, cylinder, shell; the equation of each body at random points)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carpet.core.space import Grid
from carpet.testing.shapes import Above, Box, Capsule, Common, Cylinder, Ellipsoid, Loft, Shape, Union, Without, as_point, tube, turned
from carpet.testing.voxels import upright_grid, voxelised

VOXEL_MM = 0.8


def fine_grid(half_mm: float = 40.0) -> Grid:
    count = round(2 * half_mm / VOXEL_MM)
    first = -half_mm + VOXEL_MM / 2 + 0.137  # off the symmetric position, so that no centre lies exactly on a surface
    return upright_grid((count,) * 3, (VOXEL_MM,) * 3, first_centre_lps_mm=(first, first, first), frame_uid="1.2.3")


def tilted() -> Ellipsoid:
    return Ellipsoid((3.0, -4.0, 5.0), (12.0, 20.0, 28.0), turned(30.0, -20.0, 50.0))


SOLIDS = [
    (Ellipsoid((1.0, 2.0, 3.0), (15.0, 20.0, 25.0)), 4 / 3 * math.pi * 15 * 20 * 25),
    (tilted(), 4 / 3 * math.pi * 12 * 20 * 28),
    (Capsule((-10.0, 5.0, 0.0), (12.0, -6.0, 14.0), 13.0), math.pi * 13**2 * math.sqrt(22**2 + 11**2 + 14**2) + 4 / 3 * math.pi * 13**3),
    (Cylinder((-10.0, 5.0, -8.0), (12.0, -6.0, 14.0), 16.0), math.pi * 16**2 * math.sqrt(22**2 + 11**2 + 22**2)),
    (Box((-20.0, -15.0, -9.0), (11.0, 17.0, 21.0)), 31.0 * 32.0 * 30.0),
]


@pytest.mark.parametrize(("shape", "volume_mm3"), SOLIDS, ids=["ellipsoid", "tilted ellipsoid", "capsule", "cylinder", "box"])
def test_volume_and_voxel_count(shape: Ellipsoid | Capsule | Cylinder | Box, volume_mm3: float) -> None:
    assert shape.volume_ml == pytest.approx(volume_mm3 / 1000.0, rel=1e-12)
    # 3 % : a flat face may miss half a voxel (0.4 mm of some 30 mm) on each side
    assert voxelised(fine_grid(), shape).volume_ml == pytest.approx(volume_mm3 / 1000.0, rel=0.03)


def test_turned_axes_are_orthonormal_and_right_handed() -> None:
    axes = np.array(turned(30.0, -20.0, 50.0))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert np.array(turned(about_s_deg=90.0)) == pytest.approx(np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]), abs=1e-12)


def test_membership_follows_the_equations() -> None:
    points = np.random.default_rng(1).uniform(-35, 35, (5000, 3))
    x, y, z = points.T
    ellipsoid = tilted()
    local = (points - ellipsoid.centre) @ np.array(ellipsoid.axes).T
    assert ((ellipsoid.contains(x, y, z)) == (((local / ellipsoid.semi_mm) ** 2).sum(axis=1) <= 1)).all()
    start, end = np.array((-10.0, 0.0, 0.0)), np.array((10.0, 0.0, 0.0))
    along = np.clip(x, -10, 10)
    distance = np.linalg.norm(points - np.stack([along, 0 * y, 0 * z], axis=1), axis=1)
    assert (Capsule(as_point(start), as_point(end), 9.0).contains(x, y, z) == (distance <= 9.0)).all()
    flat = (np.hypot(y, z) <= 9.0) & (np.abs(x) <= 10)
    assert (Cylinder(as_point(start), as_point(end), 9.0).contains(x, y, z) == flat).all()


def test_bounds_hold_every_point_and_are_tight() -> None:
    axis = np.linspace(-40, 40, 161)
    x, y, z = (part.ravel() for part in np.meshgrid(axis, axis, axis, indexing="ij"))
    rows = ((-20.0, 0.0, 0.0, 10.0, 20.0), (20.0, 5.0, 0.0, 20.0, 10.0))
    shapes: list[Shape] = [tilted(), Capsule((-9.0, 4.0, 0.0), (12.0, -6.0, 14.0), 8.0), Cylinder((-9.0, 4.0, 0.0), (9.0, 7.0, 14.0), 9.0)]
    for shape in [*shapes, Loft(rows, 2.5), tube(((0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (10.0, 15.0, 8.0)), 5.0)]:
        inside = shape.contains(x, y, z)
        points = np.stack([x, y, z], axis=1)[inside]
        low, high = shape.bounds()
        assert (points >= low - 1e-9).all()
        assert (points <= high + 1e-9).all()
        assert points.min(axis=0) == pytest.approx(low, abs=2.0)  # the probe is 0.5 mm wide; a point of contact is narrow
        assert points.max(axis=0) == pytest.approx(high, abs=2.0)


def test_half_shell_is_half_of_the_difference() -> None:
    outer, inner = Ellipsoid((0.0, 0.0, 0.0), (30.0, 30.0, 35.0)), Ellipsoid((0.0, 0.0, 0.0), (20.0, 20.0, 25.0))
    shell = Without(outer, inner)
    grid = fine_grid()
    expected = outer.volume_ml - inner.volume_ml
    assert voxelised(grid, shell).volume_ml == pytest.approx(expected, rel=0.01)
    half = Common(shell, Above((0.0, 0.0, 0.0), (0.0, 0.0, -1.0)))
    assert voxelised(grid, half).volume_ml == pytest.approx(expected / 2, rel=0.03)
    assert voxelised(grid, half).centres_lps_mm()[:, 2].max() <= 0.0


def test_pieces_cover_what_the_whole_covers() -> None:
    whole = Common(Union((tilted(), Capsule((-20.0, 0.0, 0.0), (20.0, 0.0, 0.0), 6.0))), Box((-15.0, -15.0, -15.0), (15.0, 15.0, 15.0)))
    x, y, z = np.random.default_rng(2).uniform(-30, 30, (3, 4000))
    assert len(whole.pieces()) == 2
    assert (whole.contains(x, y, z) == np.any([piece.contains(x, y, z) for piece in whole.pieces()], axis=0)).all()


def test_superellipse_loft_area() -> None:
    exponent, a, b = 2.6, 30.0, 20.0
    area = 4 * a * b * math.gamma(1 + 1 / exponent) ** 2 / math.gamma(1 + 2 / exponent)  # area of |x/a|ⁿ + |y/b|ⁿ ≤ 1
    column = Loft(((-15.0, 0.0, 0.0, a, b), (15.0, 0.0, 0.0, a, b)), exponent)
    assert voxelised(fine_grid(), column).volume_ml == pytest.approx(area * 30.0 / 1000.0, rel=0.03)
    assert column.grown(2.0).rows[0][3:] == (32.0, 22.0)


def test_grown_and_scaled_lesions() -> None:
    ellipsoid, capsule = tilted(), Capsule((-10.0, 0.0, 4.0), (10.0, 0.0, 4.0), 5.0)
    for factor in (0.5, 2.0):
        assert ellipsoid.scaled(factor).volume_ml == pytest.approx(ellipsoid.volume_ml * factor**3)
        assert capsule.scaled(factor).volume_ml == pytest.approx(capsule.volume_ml * factor**3)
        assert capsule.scaled(factor).centre == pytest.approx(capsule.centre)
    assert ellipsoid.grown(3.0).semi_mm == (15.0, 23.0, 31.0)
    assert capsule.grown(3.0).radius_mm == 8.0
