"""Bones of the phantom: spine, ribs, shoulder girdle, pelvis, limbs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from carpet.testing.frame import BodyFrame, Part
from carpet.testing.shapes import Above, Common, Cylinder, Ellipsoid, Point, Shape, Union, Without, turned

HU_CORTICAL = 600.0
HU_CANCELLOUS = 180.0
HU_DISC = 80.0
HU_CORD = 30.0

SPINE_ROWS = (  # (S, centre P, radius) of the vertebral bodies, reference mm, from the axis down to L5
    (-170.0, 14.0, 9.0),
    (-270.0, 22.0, 10.0),
    (-330.0, 38.0, 13.0),
    (-450.0, 55.0, 15.0),
    (-560.0, 47.0, 18.0),
    (-640.0, 34.0, 21.0),
    (-700.0, 28.0, 22.0),
    (-755.0, 40.0, 22.0),
)
VERTEBRAE = ("C2 C3 C4 C5 C6 C7 " + " ".join(f"T{n}" for n in range(1, 13)) + " L1 L2 L3 L4 L5").split()
RIBS = 10


@dataclass(frozen=True)
class BoneUptake:
    marrow: float
    cortex: float


def spine_centre(z: float) -> tuple[float, float]:
    """Centre P and radius of the vertebral body at height z, reference mm."""
    heights, centres, radii = np.array(SPINE_ROWS[::-1]).T
    return float(np.interp(z, heights, centres)), float(np.interp(z, heights, radii))


def vertebra_heights() -> dict[str, tuple[float, float]]:
    """Top and bottom (reference mm) of each vertebral body with the disc below it; lumbar bodies are taller than cervical."""
    thickness = np.interp(np.arange(len(VERTEBRAE)), [0, 5, 17, 22], [15.0, 16.0, 27.0, 35.0])
    thickness *= (SPINE_ROWS[0][0] - SPINE_ROWS[-1][0]) / thickness.sum()
    tops = SPINE_ROWS[0][0] - np.concatenate(([0.0], np.cumsum(thickness)))
    return {name: (float(tops[n]), float(tops[n + 1])) for n, name in enumerate(VERTEBRAE)}


def spine(frame: BodyFrame, uptake: BoneUptake) -> list[Part]:
    parts: list[Part] = []
    discs, shells, marrows, cords = [], [], [], []
    arches: list[Shape] = []
    for top, bottom in vertebra_heights().values():
        y, radius = spine_centre((top + bottom) / 2)
        gap = 0.18 * (top - bottom)
        r = radius * frame.size
        discs.append(Cylinder(frame.at(0, y, bottom), frame.at(0, y, top), 0.95 * r))
        shells.append(Cylinder(frame.at(0, y, bottom + gap), frame.at(0, y, top), r))
        marrows.append(Cylinder(frame.at(0, y, bottom + gap + 1.5), frame.at(0, y, top - 1.5), r - 2.0))
        behind = y + radius + 8.0
        cords.append(Cylinder(frame.at(0, behind, bottom), frame.at(0, behind, top), 8.0 * frame.size))
        middle = (top + bottom) / 2
        arches.append(Without(frame.ellipsoid((0, behind, middle), (radius, 12, gap + 5)), cords[-1]))
        arches.append(frame.ellipsoid((0, behind + 16, middle - 8), (3.5, 12, 8)))
        arches.append(frame.ellipsoid((0, y + radius + 4, middle), (2.0 * radius, 5, 5)))
    parts.append(Part("vertebral_arch", Union(tuple(arches)), uptake.cortex, 420.0))
    parts.append(Part("spinal_cord", Union(tuple(cords)), 1.1, HU_CORD))
    parts.append(Part("disc", Union(tuple(discs)), 0.7, HU_DISC))
    parts.append(Part("vertebral_cortex", Union(tuple(shells)), uptake.cortex, HU_CORTICAL))
    parts.append(Part("marrow", Union(tuple(marrows)), uptake.marrow, HU_CANCELLOUS))
    return parts


def ribs(frame: BodyFrame, uptake: BoneUptake) -> list[Part]:
    """Ribs as tubes that slope down from the spine along the chest wall; sternum, clavicles, shoulder blades."""
    wall = frame.trunk().grown(-11.0 * frame.size)
    heights, _, centre, half_width, half_depth = np.array(wall.rows).T
    arcs: list[Shape] = []
    for rib in range(RIBS):
        top = -318.0 - 21.0 * rib
        reach = 165.0 if rib < 7 else 165.0 - 30.0 * (rib - 6)
        for side in (-1.0, 1.0):
            points = []
            for turn in np.linspace(12.0, reach, 13):
                z = (top - 95.0 * (1 - math.cos(math.radians(turn))) / 2) * frame.along
                a, b, cy = (float(np.interp(z, heights, column)) for column in (half_width, half_depth, centre))
                radius = _superellipse_radius(a, b, turn, wall.exponent)
                sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
                points.append((side * radius * sine, cy + radius * cosine, z))
            arcs += [Cylinder(p, q, 4.8 * frame.size) for p, q in itertools.pairwise(points)]
    sternum = frame.ellipsoid((0, -84, -425), (17, 6, 78), None)
    return [
        Part("rib", Union(tuple(arcs)), uptake.cortex, 350.0),
        Part("sternum_cortex", sternum, uptake.cortex, 400.0),
        Part("sternum", sternum.grown(-2.0), uptake.marrow, HU_CANCELLOUS),
        Part("clavicle", _pair(lambda s: frame.capsule((s * 20, -62, -330), (s * 140, -8, -322), 6.0)), uptake.cortex, 450.0),
        Part("scapula", _pair(lambda s: _scapula(frame, s)), uptake.cortex, 350.0),
    ]


def _scapula(frame: BodyFrame, side: float) -> Ellipsoid:
    return frame.ellipsoid((side * 105, 74, -385), (40, 5, 62), turned(about_s_deg=-side * 22.0, about_p_deg=side * 10.0))


def _superellipse_radius(a: float, b: float, degrees_from_back: float, exponent: float) -> float:
    sine, cosine = math.sin(math.radians(degrees_from_back)), math.cos(math.radians(degrees_from_back))
    return float((abs(sine / a) ** exponent + abs(cosine / b) ** exponent) ** (-1.0 / exponent))


def _pair(make: Callable[[float], Shape]) -> Union:
    """The same body on the right (−1) and on the left (+1)."""
    return Union((make(-1.0), make(1.0)))


def pelvis(frame: BodyFrame, uptake: BoneUptake) -> list[Part]:
    """Sacrum, iliac wings, ischia and pubes, with the hip joints' heads and the thigh bones."""

    def wing(side: float, thinner: float) -> Ellipsoid:
        axes = turned(about_s_deg=side * 35.0, about_p_deg=side * 18.0)
        return frame.ellipsoid((side * 88, 28, -765), (9 - thinner, 58 - thinner, 66 - thinner), axes)

    def lower(side: float) -> Union:
        seat = frame.ellipsoid((side * 62, 38, -890), (15, 17, 32))
        ramus = frame.capsule((side * 12, -62, -880), (side * 78, -10, -845), 9.0)
        cup = Without(frame.ellipsoid((side * 86, 8, -848), (31, 31, 31)), frame.ellipsoid((side * 93, 8, -852), (26, 26, 26)))
        return Union((seat, ramus, Common(cup, Above(frame.at(side * 86, 0, -848), (-side, 0.0, 0.6)))))

    sacrum = frame.ellipsoid((0, 66, -810), (44, 17, 55), turned(about_l_deg=18.0))
    return [
        Part("sacrum_cortex", sacrum, uptake.cortex, 450.0),
        Part("sacrum", sacrum.grown(-2.5), uptake.marrow, HU_CANCELLOUS),
        Part("ilium_cortex", _pair(lambda s: wing(s, 0.0)), uptake.cortex, HU_CORTICAL),
        Part("ilium", _pair(lambda s: wing(s, 2.5)), uptake.marrow, HU_CANCELLOUS),
        Part("ischium_pubis", _pair(lower), uptake.cortex, 450.0),
        *_femora(frame, uptake),
    ]


def _femora(frame: BodyFrame, uptake: BoneUptake) -> list[Part]:
    def femur(side: float, thinner: float) -> Union:
        def line(start: Point, end: Point, radius: float) -> Shape:
            return frame.capsule(start, end, radius - thinner)

        head = frame.ellipsoid((side * 92, 8, -852), (23 - thinner, 23 - thinner, 23 - thinner))
        neck = line((side * 96, 8, -856), (side * 128, 14, -884), 13.0)
        return Union((head, neck, line((side * 126, 14, -884), (side * 96, 4, -1180), 14.0)))

    return [
        Part("femur_cortex", _pair(lambda s: femur(s, 0.0)), uptake.cortex, HU_CORTICAL),
        Part("femur", _pair(lambda s: femur(s, 4.0)), 0.7 * uptake.marrow, 60.0),
    ]
