"""The measure of one phantom body: reference adult (175 cm, 78 kg) positions scaled to height and weight, with a seeded jitter.

Reference positions are LPS mm with S = 0 at the vertex: chin −225, lung apex −300, diaphragm −505, L1 −605, iliac crest −700,
hip joint −850, crotch −925. Sources of the proportions: anatomy atlases by eye; nothing downstream may depend on their exactness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.testing.shapes import Capsule, Ellipsoid, Loft, Point, Shape, Union, tube

REFERENCE_HEIGHT_M = 1.75
REFERENCE_WEIGHT_KG = 78.0

TRUNK_ROWS = (  # (S, centre L, centre P, half width, half depth) of the muscle's surface, reference mm
    (-930.0, 0.0, 2.0, 162.0, 90.0),
    (-900.0, 0.0, 2.0, 165.0, 92.0),
    (-850.0, 0.0, 2.0, 164.0, 97.0),
    (-760.0, 0.0, 0.0, 152.0, 93.0),
    (-680.0, 0.0, 0.0, 144.0, 92.0),
    (-600.0, 0.0, 0.0, 148.0, 98.0),
    (-500.0, 0.0, 0.0, 158.0, 104.0),
    (-400.0, 0.0, 0.0, 165.0, 103.0),
    (-350.0, 0.0, 4.0, 166.0, 92.0),
    (-322.0, 0.0, 8.0, 146.0, 78.0),
    (-305.0, 0.0, 10.0, 95.0, 64.0),
    (-290.0, 0.0, 10.0, 60.0, 58.0),
)
HEAD_ROWS = (
    (-300.0, 0.0, 8.0, 56.0, 56.0),
    (-245.0, 0.0, 6.0, 54.0, 56.0),
    (-232.0, 0.0, -6.0, 56.0, 72.0),
    (-200.0, 0.0, -8.0, 62.0, 86.0),
    (-150.0, 0.0, -6.0, 68.0, 92.0),
    (-105.0, 0.0, -4.0, 73.0, 94.0),
    (-60.0, 0.0, -2.0, 71.0, 90.0),
    (-30.0, 0.0, 0.0, 56.0, 70.0),
    (-10.0, 0.0, 0.0, 34.0, 44.0),
    (0.0, 0.0, 0.0, 12.0, 16.0),
)
PELVIS_CAVITY_ROWS = (
    (-905.0, 0.0, 0.0, 46.0, 66.0),
    (-860.0, 0.0, -4.0, 62.0, 74.0),
    (-815.0, 0.0, -8.0, 86.0, 72.0),
    (-760.0, 0.0, -6.0, 118.0, 70.0),
    (-720.0, 0.0, -2.0, 126.0, 73.0),
)
TRUNK_EXPONENT = 2.6


@dataclass(frozen=True)
class BodyFrame:
    """Scales from reference mm to this patient's mm: `across` for L and P, `along` for S; `fat_mm` under the skin."""

    across: float
    along: float
    fat_mm: float

    @classmethod
    def of(cls, weight_kg: float, height_m: float) -> BodyFrame:
        """Fat takes most of what weight adds; the inside widens little."""
        along = height_m / REFERENCE_HEIGHT_M
        girth = float(np.sqrt(weight_kg / REFERENCE_WEIGHT_KG / along))
        return cls(across=girth**0.4, along=along, fat_mm=max(5.0, 18.0 + 130.0 * (girth - girth**0.4)))

    @property
    def size(self) -> float:
        """The scale of lengths that have no direction (radii)."""
        return float((self.across**2 * self.along) ** (1.0 / 3.0))

    def at(self, x: float, y: float, z: float) -> Point:
        return x * self.across, y * self.across, z * self.along

    def ellipsoid(self, centre: Point, semi_mm: Point, axes: tuple[Point, Point, Point] | None = None) -> Ellipsoid:
        a, b, c = semi_mm
        if axes is None:
            return Ellipsoid(self.at(*centre), (a * self.across, b * self.across, c * self.along))
        return Ellipsoid(self.at(*centre), (a * self.size, b * self.size, c * self.size), axes)

    def capsule(self, start: Point, end: Point, radius_mm: float) -> Capsule:
        return Capsule(self.at(*start), self.at(*end), radius_mm * self.size)

    def tube(self, points: tuple[Point, ...], radius_mm: float) -> Union:
        return tube(tuple(self.at(*point) for point in points), radius_mm * self.size)

    def loft(self, rows: tuple[tuple[float, float, float, float, float], ...], exponent: float) -> Loft:
        to = self.across
        return Loft(tuple((z * self.along, x * to, y * to, a * to, b * to) for z, x, y, a, b in rows), exponent)

    def trunk(self) -> Loft:
        """The muscle's surface of the trunk; `grown` by fat it is the skin, `grown` by less than zero a cavity."""
        return self.loft(TRUNK_ROWS, TRUNK_EXPONENT)

    def cavity(self) -> Loft:
        """Inside of the chest and abdominal wall, tapering through the pelvis to its floor."""
        inner = self.trunk().grown(-17.0 * self.size)
        low, high = -700.0 * self.along, -300.0 * self.along
        pelvis = self.loft(PELVIS_CAVITY_ROWS, TRUNK_EXPONENT).rows
        return Loft((*pelvis, *(row for row in inner.rows if low <= row[0] <= high)), TRUNK_EXPONENT)

    def head(self) -> Loft:
        return self.loft(HEAD_ROWS, 2.1)


@dataclass(frozen=True)
class Part:
    """A piece of the body: later parts are painted over earlier ones. Parts of one name have one SUV (None: CT only)."""

    name: str
    shape: Shape
    suv: float | None
    hu: float
