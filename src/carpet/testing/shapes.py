"""Analytic bodies in patient space (LPS mm): what a phantom is built of, each with an exact answer to "is this point inside?"."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carpet.core.space import BoolArray

Point = tuple[float, float, float]
Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]
Coordinate = NDArray[np.floating[Any]]

ML_PER_MM3 = 1e-3
EVERYWHERE = (np.full(3, -np.inf), np.full(3, np.inf))


class Shape(Protocol):
    """A body in patient space. `pieces` are parts whose union is the body, each with a tight box (fast to voxelise)."""

    def bounds(self) -> Bounds: ...

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        """Whether each point (left, posterior, superior mm; arrays that broadcast) lies inside or on the surface."""
        ...

    def pieces(self) -> tuple[Shape, ...]: ...


@dataclass(frozen=True)
class Ellipsoid:
    """Semi-axes along `axes` (three orthonormal rows in LPS; None: along L, P, S)."""

    centre: Point
    semi_mm: Point
    axes: tuple[Point, Point, Point] | None = None

    def bounds(self) -> Bounds:
        reach = np.array(self.semi_mm)
        if self.axes is not None:
            reach = np.sqrt(((np.array(self.axes) * reach[:, None]) ** 2).sum(axis=0))
        return np.array(self.centre) - reach, np.array(self.centre) + reach

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        dx, dy, dz = x - self.centre[0], y - self.centre[1], z - self.centre[2]
        a, b, c = self.semi_mm
        if self.axes is None:
            return np.asarray((dx / a) ** 2 + (dy / b) ** 2 + (dz / c) ** 2 <= 1.0)
        total: Any = 0.0
        for axis, semi in zip(self.axes, self.semi_mm, strict=True):
            total = total + ((dx * axis[0] + dy * axis[1] + dz * axis[2]) / semi) ** 2
        return np.asarray(total <= 1.0)

    def pieces(self) -> tuple[Shape, ...]:
        return (self,)

    def grown(self, by_mm: float) -> Ellipsoid:
        a, b, c = self.semi_mm
        return Ellipsoid(self.centre, (a + by_mm, b + by_mm, c + by_mm), self.axes)

    def scaled(self, factor: float) -> Ellipsoid:
        """Larger by `factor` in every direction, about the centre."""
        a, b, c = self.semi_mm
        return Ellipsoid(self.centre, (a * factor, b * factor, c * factor), self.axes)

    @property
    def volume_ml(self) -> float:
        return 4.0 / 3.0 * math.pi * math.prod(self.semi_mm) * ML_PER_MM3


@dataclass(frozen=True)
class Capsule:
    """All points within `radius_mm` of the segment from `start` to `end`."""

    start: Point
    end: Point
    radius_mm: float

    @property
    def centre(self) -> Point:
        return as_point((np.array(self.start) + np.array(self.end)) / 2.0)

    def bounds(self) -> Bounds:
        ends = np.array([self.start, self.end])
        return ends.min(axis=0) - self.radius_mm, ends.max(axis=0) + self.radius_mm

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        along, across2, length = _along_segment(self.start, self.end, x, y, z)
        beyond = along - np.clip(along, 0.0, length)
        return np.asarray(across2 + beyond**2 <= self.radius_mm**2)

    def pieces(self) -> tuple[Shape, ...]:
        return (self,)

    def grown(self, by_mm: float) -> Capsule:
        return Capsule(self.start, self.end, self.radius_mm + by_mm)

    def scaled(self, factor: float) -> Capsule:
        """Larger by `factor` in every direction, about the centre."""
        middle = np.array(self.centre)
        start, end = (as_point(middle + factor * (np.array(point) - middle)) for point in (self.start, self.end))
        return Capsule(start, end, self.radius_mm * factor)

    @property
    def volume_ml(self) -> float:
        length = math.dist(self.start, self.end)
        return math.pi * self.radius_mm**2 * (length + 4.0 / 3.0 * self.radius_mm) * ML_PER_MM3


@dataclass(frozen=True)
class Cylinder:
    """A flat-ended round cylinder from `start` to `end`."""

    start: Point
    end: Point
    radius_mm: float

    def bounds(self) -> Bounds:
        axis = np.subtract(self.end, self.start) / math.dist(self.start, self.end)
        reach = self.radius_mm * np.sqrt(np.maximum(1.0 - axis**2, 0.0))
        ends = np.array([self.start, self.end])
        return ends.min(axis=0) - reach, ends.max(axis=0) + reach

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        along, across2, length = _along_segment(self.start, self.end, x, y, z)
        return np.asarray((across2 <= self.radius_mm**2) & (along >= 0.0) & (along <= length))

    def pieces(self) -> tuple[Shape, ...]:
        return (self,)

    @property
    def volume_ml(self) -> float:
        return math.pi * self.radius_mm**2 * math.dist(self.start, self.end) * ML_PER_MM3


def _along_segment(start: Point, end: Point, x: Coordinate, y: Coordinate, z: Coordinate) -> tuple[Any, Any, float]:
    """Distance along the segment's line, squared distance from that line, and the segment's length."""
    length = math.dist(start, end)
    axis = np.subtract(end, start) / length
    dx, dy, dz = x - start[0], y - start[1], z - start[2]
    along = dx * axis[0] + dy * axis[1] + dz * axis[2]
    across2 = np.maximum(dx**2 + dy**2 + dz**2 - along**2, 0.0)
    return along, across2, length


@dataclass(frozen=True)
class Box:
    """An upright box from corner `low` to corner `high`."""

    low: Point
    high: Point

    def bounds(self) -> Bounds:
        return np.array(self.low), np.array(self.high)

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        inside: Any = True
        for value, low, high in zip((x, y, z), self.low, self.high, strict=True):
            inside = inside & (value >= low) & (value <= high)
        return np.asarray(inside)

    def pieces(self) -> tuple[Shape, ...]:
        return (self,)

    @property
    def volume_ml(self) -> float:
        sides = (high - low for low, high in zip(self.low, self.high, strict=True))
        return math.prod(sides) * ML_PER_MM3


@dataclass(frozen=True)
class Above:
    """The half-space on the side of `normal` of the plane through `point`."""

    point: Point
    normal: Point

    def bounds(self) -> Bounds:
        return EVERYWHERE

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        return np.asarray(
            (x - self.point[0]) * self.normal[0] + (y - self.point[1]) * self.normal[1] + (z - self.point[2]) * self.normal[2] >= 0.0
        )

    def pieces(self) -> tuple[Shape, ...]:
        return (self,)


@dataclass(frozen=True)
class Loft:
    """A stack of superellipses |x/a|ⁿ + |y/b|ⁿ ≤ 1; rows (z, centre x, centre y, a, b) in mm, upwards, linear in between."""

    rows: tuple[tuple[float, float, float, float, float], ...]
    exponent: float = 2.0

    def bounds(self) -> Bounds:
        z, cx, cy, a, b = np.array(self.rows).T
        return np.array([(cx - a).min(), (cy - b).min(), z[0]]), np.array([(cx + a).max(), (cy + b).max(), z[-1]])

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        table = np.array(self.rows).T
        cx, cy, a, b = (np.interp(z, table[0], column) for column in table[1:])
        inside = np.abs((x - cx) / a) ** self.exponent + np.abs((y - cy) / b) ** self.exponent <= 1.0
        return np.asarray(inside & (z >= table[0, 0]) & (z <= table[0, -1]))

    def pieces(self) -> tuple[Shape, ...]:
        return (self,)

    def grown(self, by_mm: float) -> Loft:
        """Every superellipse wider by `by_mm` on each side (negative: narrower, down to 1 mm); same heights."""
        rows = tuple((z, cx, cy, max(a + by_mm, 1.0), max(b + by_mm, 1.0)) for z, cx, cy, a, b in self.rows)
        return Loft(rows, self.exponent)


@dataclass(frozen=True)
class Union:
    """All points of any member."""

    members: tuple[Shape, ...]

    def bounds(self) -> Bounds:
        low, high = (np.array(ends, dtype=np.float64) for ends in zip(*(member.bounds() for member in self.members), strict=True))
        return low.min(axis=0), high.max(axis=0)

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        inside: Any = False
        for member in self.members:
            inside = inside | member.contains(x, y, z)
        return np.asarray(inside)

    def pieces(self) -> tuple[Shape, ...]:
        return tuple(piece for member in self.members for piece in member.pieces())


@dataclass(frozen=True)
class Common:
    """The points of `shape` that also lie inside `within`."""

    shape: Shape
    within: Shape

    def bounds(self) -> Bounds:
        (low, high), (low2, high2) = self.shape.bounds(), self.within.bounds()
        return np.maximum(low, low2), np.minimum(high, high2)

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        return np.asarray(self.shape.contains(x, y, z) & self.within.contains(x, y, z))

    def pieces(self) -> tuple[Shape, ...]:
        whole = self.shape.pieces()
        return (self,) if len(whole) == 1 else tuple(Common(piece, self.within) for piece in whole)


@dataclass(frozen=True)
class Without:
    """The points of `shape` that do not lie inside `hole`: a shell when the hole is inside the shape."""

    shape: Shape
    hole: Shape

    def bounds(self) -> Bounds:
        return self.shape.bounds()

    def contains(self, x: Coordinate, y: Coordinate, z: Coordinate) -> BoolArray:
        return np.asarray(self.shape.contains(x, y, z) & ~self.hole.contains(x, y, z))

    def pieces(self) -> tuple[Shape, ...]:
        whole = self.shape.pieces()
        return (self,) if len(whole) == 1 else tuple(Without(piece, self.hole) for piece in whole)


def tube(points: tuple[Point, ...], radius_mm: float) -> Union:
    """All points within `radius_mm` of a polyline."""
    return Union(tuple(Capsule(a, b, radius_mm) for a, b in itertools.pairwise(points)))


def turned(about_l_deg: float = 0.0, about_p_deg: float = 0.0, about_s_deg: float = 0.0) -> tuple[Point, Point, Point]:
    """The axes L, P, S turned about L, then P, then S: rows for `Ellipsoid.axes`."""
    matrix = np.eye(3)
    for axis, degrees in enumerate((about_l_deg, about_p_deg, about_s_deg)):
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        one, two = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[one, one], step[one, two], step[two, one], step[two, two] = cosine, -sine, sine, cosine
        matrix = step @ matrix
    first, second, third = (as_point(row) for row in matrix.T)
    return first, second, third


def as_point(position: ArrayLike) -> Point:
    """Three numbers as a tuple of floats."""
    x, y, z = (float(value) for value in np.asarray(position))
    return x, y, z
