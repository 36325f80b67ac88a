"""Organs of the phantom with their uptake: which parts lie where, painted one over the other from the skin inwards."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from carpet.testing.frame import BodyFrame, Part
from carpet.testing.head import head_parts
from carpet.testing.shapes import Above, Capsule, Common, Loft, Point, Shape, Union, Without, as_point, turned
from carpet.testing.skeleton import BoneUptake, pelvis, ribs, spine

HU_AIR, HU_LUNG, HU_FAT, HU_WATER, HU_BLOOD, HU_MUSCLE = -1000.0, -800.0, -100.0, 5.0, 42.0, 55.0

LUNG_ROWS = {  # reference mm; side −1 right, +1 left
    -1: (
        (-598.0, -95.0, 72.0, 30.0, 8.0),
        (-560.0, -88.0, 42.0, 52.0, 44.0),
        (-520.0, -84.0, 8.0, 60.0, 76.0),
        (-450.0, -80.0, 2.0, 60.0, 78.0),
        (-380.0, -70.0, 6.0, 50.0, 68.0),
        (-330.0, -52.0, 14.0, 33.0, 46.0),
        (-300.0, -42.0, 20.0, 14.0, 18.0),
    ),
    1: (
        (-602.0, 95.0, 72.0, 30.0, 8.0),
        (-560.0, 88.0, 46.0, 52.0, 40.0),
        (-520.0, 84.0, 12.0, 60.0, 72.0),
        (-450.0, 80.0, 2.0, 60.0, 78.0),
        (-380.0, 70.0, 6.0, 50.0, 68.0),
        (-330.0, 52.0, 14.0, 33.0, 46.0),
        (-300.0, 42.0, 20.0, 14.0, 18.0),
    ),
}


@dataclass(frozen=True)
class Uptake:
    """SUVbw (g/mL) of each organ of one patient; drawn by `drawn_uptake` from ranges seen in FDG PET."""

    brain: float = 9.0
    salivary: float = 4.0
    tonsil: float = 2.8
    myocardium: float = 6.0
    blood: float = 1.6
    liver: float = 2.3
    spleen: float = 2.0
    stomach: float = 2.2
    kidney: float = 3.0
    renal_pelvis: float = 15.0
    ureter: float = 9.0
    bladder: float = 25.0
    small_bowel: float = 1.9
    colon: float = 1.8
    marrow: float = 1.5
    brown_fat: float | None = None


def drawn_uptake(rng: np.random.Generator) -> Uptake:
    """A patient's uptake: cold or hot heart (half each), a quarter with hot bowel, one in eight with brown fat."""
    u = rng.uniform
    return Uptake(
        brain=u(6, 12),
        salivary=u(3, 6),
        tonsil=u(2.2, 3.6),
        myocardium=u(4, 15) if rng.random() < 0.5 else u(1.7, 3),
        blood=u(1.4, 1.8),
        liver=u(2.0, 2.6),
        spleen=u(1.8, 2.3),
        stomach=u(1.6, 3.4),
        kidney=u(2.4, 3.8),
        renal_pelvis=u(8, 30),
        ureter=u(5, 15),
        bladder=u(10, 60),
        small_bowel=u(1.5, 2.6),
        colon=u(4.2, 6) if rng.random() < 0.25 else u(1.5, 3.2),
        marrow=u(1.2, 1.8),
        brown_fat=u(4, 9) if rng.random() < 0.125 else None,
    )


def body_parts(frame: BodyFrame, uptake: Uptake, *, arms: str, with_head: bool, rng: np.random.Generator) -> tuple[Part, ...]:
    """All parts in the order of painting. `arms`: up, down or none. The same generator state gives the same body."""
    bone = BoneUptake(uptake.marrow, 0.8)
    return (
        *_outline(frame, arms, with_head),
        *_thorax(frame),
        *ribs(frame, bone),
        *_psoas(frame),
        *spine(frame, bone),
        *_abdomen(frame, uptake, rng),
        *pelvis(frame, bone),
        *_urinary(frame, uptake, rng),
        *_heart_and_vessels(frame, uptake, rng),
        *(head_parts(frame, uptake.brain, uptake.salivary, uptake.tonsil) if with_head else ()),
        *_airways(frame),
        *_brown_fat(frame, uptake),
    )


def skin(frame: BodyFrame, arms: str, with_head: bool) -> Union:
    """The body's outline as one shape."""
    fat = frame.fat_mm
    outline: list[Shape] = [frame.trunk().grown(fat), *_legs(frame, fat), *_arms(frame, arms, 5.0)]
    if with_head:
        outline.append(frame.head().grown(3.0))
    return Union(tuple(outline))


def _outline(frame: BodyFrame, arms: str, with_head: bool) -> list[Part]:
    flesh: list[Shape] = [frame.trunk(), *_legs(frame, 0.0), *_arms(frame, arms, 0.0)]
    if with_head:
        flesh.append(frame.head())
    bones = Union(tuple(_arms(frame, arms, -32.0)))
    parts = [
        Part("fat", skin(frame, arms, with_head), 0.35, HU_FAT),
        Part("muscle", Union(tuple(flesh)), 0.65, HU_MUSCLE),
        Part("visceral_fat", _abdominal_cavity(frame), 0.45, -95.0),
    ]
    return [*parts, Part("humerus", bones, 0.8, 450.0)] if arms != "none" else parts


def _abdominal_cavity(frame: BodyFrame) -> Loft:
    rows = tuple(row for row in frame.cavity().grown(-3.0).rows if row[0] <= -490.0 * frame.along)
    return Loft(rows, frame.cavity().exponent)


def _legs(frame: BodyFrame, wider: float) -> list[Shape]:
    rows = ((-1200.0, 70.0, 62.0), (-1050.0, 82.0, 74.0), (-930.0, 86.0, 88.0), (-880.0, 84.0, 90.0))
    return [
        frame.loft(tuple((z, side * (88.0 if z > -1000 else 86.0), 2.0, a, b) for z, a, b in rows), 2.0).grown(wider)
        for side in (-1.0, 1.0)
    ]


def _arms(frame: BodyFrame, arms: str, wider: float) -> list[Shape]:
    up = ((150.0, 14.0, -338.0), (196.0, 0.0, -80.0), (120.0, -30.0, 140.0))
    down = ((162.0, 14.0, -345.0), (205.0, 22.0, -640.0), (200.0, -20.0, -900.0))
    lines = {"up": up, "down": down, "none": ()}[arms]
    if not lines:
        return []
    wide = frame.fat_mm / 2 if arms == "down" else 0.0
    shapes: list[Shape] = []
    for side in (-1.0, 1.0):
        shoulder, elbow, hand = (frame.at(side * x + side * wide * 2, y, z) for x, y, z in lines)
        for start, end, radius in ((shoulder, elbow, 43.0), (elbow, hand, 36.0)):
            shapes.append(Capsule(start, end, radius * frame.size + wider))
    return shapes


def _thorax(frame: BodyFrame) -> list[Part]:
    lungs = [frame.loft(LUNG_ROWS[side], 2.3) for side in (-1, 1)]
    chest = Loft(tuple(row for row in frame.cavity().rows if row[0] >= -600.0 * frame.along), frame.cavity().exponent)
    between = frame.loft(((-560.0, 0.0, -5.0, 30.0, 80.0), (-420.0, 0.0, 0.0, 32.0, 82.0), (-310.0, 0.0, 6.0, 34.0, 55.0)), 2.5)
    return [
        Part("mediastinum", Common(between, chest), 0.9, 10.0),
        Part("lung_right", Common(lungs[0], chest), 0.4, HU_LUNG),
        Part("lung_left", Common(lungs[1], chest), 0.4, HU_LUNG),
    ]


def _psoas(frame: BodyFrame) -> list[Part]:
    sides = (frame.ellipsoid((s * 40, 34, -710), (16, 20, 85)) for s in (-1.0, 1.0))
    return [Part("psoas", Union(tuple(sides)), 0.65, HU_MUSCLE)]


def _abdomen(frame: BodyFrame, uptake: Uptake, rng: np.random.Generator) -> list[Part]:
    """Liver, spleen, stomach, pancreas, kidneys, bowel; the upper organs push domes into the lungs."""
    wall = frame.cavity()
    jitter = rng.uniform(-4, 4, size=(4, 3))
    right = frame.ellipsoid(as_point(np.add((-76, -6, -577), jitter[0])), (72, 84, 73))
    left = frame.ellipsoid((-12.0, -48.0, -548.0), (74, 38, 34), turned(about_p_deg=-12.0))
    spleen = frame.ellipsoid(as_point(np.add((104, 46, -572), jitter[1])), (27, 44, 50), turned(about_p_deg=-12.0))
    stomach = Union(
        (
            frame.ellipsoid((62.0, -18.0, -552.0), (36, 42, 38)),
            frame.capsule((62, -40, -575), (12, -55, -635), 22.0),
        )
    )
    bubble = frame.ellipsoid((62.0, -40.0, -545.0), (22, 14, 20))
    pancreas = frame.tube(((-28, -22, -650), (0, -18, -632), (45, -4, -612), (80, 10, -600)), 10.0)
    small, colon, gas = _bowel(frame, rng)
    return [
        Part("stomach", Common(stomach, wall), uptake.stomach, 35.0),
        Part("stomach_gas", Common(bubble, wall), None, HU_AIR),
        Part("liver", Common(Union((right, left)), wall), uptake.liver, 55.0),
        Part("spleen", Common(spleen, wall), uptake.spleen, 50.0),
        Part("pancreas", pancreas, 1.5, 40.0),
        Part("small_bowel", Common(small, wall), uptake.small_bowel, 35.0),
        Part("colon", Common(colon, wall), uptake.colon, 30.0),
        Part("bowel_gas", Common(gas, wall), None, -900.0),
    ]


def _bowel(frame: BodyFrame, rng: np.random.Generator) -> tuple[Union, Union, Union]:
    """Small bowel as a winding tube, colon as a frame around it, and gas inside the colon's front."""
    rows = np.linspace(-672.0, -808.0, 7)
    small: list[Point] = []
    for n, z in enumerate(rows):
        sweep = np.linspace(-78, 78, 6) * (1 if n % 2 else -1)
        small += [(float(x), float(-38 + rng.uniform(-22, 22)), float(z + rng.uniform(-6, 6))) for x in sweep]
    sag = float(rng.uniform(-25, 10))
    colon = (
        (-106.0, 5.0, -790.0), (-112.0, 12.0, -720.0), (-108.0, 8.0, -668.0), (-60.0, -66.0, -668.0 + sag),
        (0.0, -74.0, -676.0 + sag), (60.0, -66.0, -660.0 + sag), (108.0, 10.0, -640.0), (116.0, 22.0, -720.0),
        (108.0, 8.0, -790.0), (62.0, 8.0, -828.0), (14.0, 30.0, -826.0), (0.0, 42.0, -860.0), (0.0, 44.0, -905.0),
    )  # fmt: skip
    gas = tuple((x, y - 5.0, z) for x, y, z in colon[3:7])
    return frame.tube(tuple(small), 11.0), frame.tube(colon, 18.0), frame.tube(gas, 11.0)


def _urinary(frame: BodyFrame, uptake: Uptake, rng: np.random.Generator) -> list[Part]:
    kidneys, pelves, ureters = [], [], []
    for side, z in ((-1.0, -640.0), (1.0, -625.0)):
        z += float(rng.uniform(-6, 6))
        tilt = turned(about_p_deg=-side * 12.0)
        kidneys.append(frame.ellipsoid((side * 66, 44, z), (28, 25, 54), tilt))
        pelves.append(frame.ellipsoid((side * 54, 40, z - 4), (9, 9, 17), tilt))
        track = ((side * 46, 30, z - 22), (side * 40, 14, -700), (side * 38, 14, -770), (side * 50, 26, -820), (side * 22, 8, -858))
        ureters += _broken(frame, track, rng)
    return [
        Part("kidney", Union(tuple(kidneys)), uptake.kidney, 35.0),
        Part("renal_pelvis", Union(tuple(pelves)), uptake.renal_pelvis, 15.0),
        Part("ureter", Union(tuple(ureters)), uptake.ureter, 20.0),
        Part("bladder", frame.ellipsoid((0.0, -26.0, -866.0), (36, 30, 29)), uptake.bladder, HU_WATER),
    ]


def _broken(frame: BodyFrame, track: tuple[Point, ...], rng: np.random.Generator) -> list[Shape]:
    """Stretches of a ureter that hold urine: each leg of the track shows a part of its length."""
    pieces: list[Shape] = []
    for start, end in itertools.pairwise(track):
        first = float(rng.uniform(0.0, 0.4))
        last = first + float(rng.uniform(0.3, 0.6))
        a, b = (as_point(np.add(start, np.subtract(end, start) * part)) for part in (first, last))
        pieces.append(frame.capsule(a, b, float(rng.uniform(2.6, 3.4))))
    return pieces


def _heart_and_vessels(frame: BodyFrame, uptake: Uptake, rng: np.random.Generator) -> list[Part]:
    """Heart with a left-ventricular half-shell open to the right and back; aorta with arch; caval and iliac vessels."""
    shift = rng.uniform(-4, 4, size=3)
    axes = turned(about_p_deg=40.0, about_s_deg=-35.0)
    heart = frame.ellipsoid(as_point(np.add((20, -34, -462), shift)), (50, 44, 54))
    ventricle: Point = as_point(np.add((38, -38, -470), shift))
    outer, inner = frame.ellipsoid(ventricle, (29, 29, 42), axes), frame.ellipsoid(ventricle, (18, 18, 31), axes)
    base = Above(as_point(np.add(outer.centre, np.array(axes[2]) * 12.0 * frame.size)), as_point(-np.array(axes[2])))
    aorta = (
        (4.0, -32.0, -440.0), (-14.0, -34.0, -405.0), (-8.0, -26.0, -380.0), (4.0, -6.0, -366.0), (16.0, 16.0, -372.0),
        (22.0, 34.0, -395.0), (23.0, 38.0, -450.0), (20.0, 34.0, -510.0), (14.0, 22.0, -570.0),
    )  # fmt: skip
    lower = ((14.0, 22.0, -570.0), (8.0, 2.0, -640.0), (8.0, -6.0, -712.0))
    cava = ((-20.0, -24.0, -345.0), (-24.0, -22.0, -430.0), (-22.0, -4.0, -520.0), (-18.0, 4.0, -620.0), (-18.0, -2.0, -715.0))
    legs = tuple(
        frame.tube(((s * 9, -2, -715), (s * 44, 14, -780), (s * 60, -10, -840), (s * 68, -62, -890), (s * 74, -50, -1000)), 6.0)
        for s in (-1.0, 1.0)
    )
    blood = (frame.tube(cava, 10.0), *legs)
    return [
        Part("heart", heart, uptake.blood, HU_BLOOD),
        Part("myocardium", Common(Without(outer, inner), base), uptake.myocardium, 60.0),
        Part("vein", Union(blood), uptake.blood, HU_BLOOD),
        Part("aorta", Union((frame.tube(aorta, 13.5), frame.tube(lower, 10.0))), uptake.blood, HU_BLOOD),
    ]


def _airways(frame: BodyFrame) -> list[Part]:
    trachea = frame.tube(((0, -14, -205), (0, -16, -260), (0, -4, -330), (0, 4, -392)), 8.0)
    bronchi = tuple(frame.tube(((0, 4, -390), (s * 30, 8, -420)), 6.0) for s in (-1.0, 1.0))
    oesophagus = frame.tube(((0, 8, -260), (4, 18, -330), (8, 24, -450), (14, 8, -520)), 6.0)
    return [Part("oesophagus", oesophagus, 1.5, 35.0), Part("airway", Union((trachea, *bronchi)), 0.4, HU_AIR)]


def _brown_fat(frame: BodyFrame, uptake: Uptake) -> list[Part]:
    if uptake.brown_fat is None:
        return []
    pair = (frame.capsule((s * 62, 28, -312), (s * 88, 34, -326), 7.0) for s in (-1.0, 1.0))
    return [Part("brown_fat", Union(tuple(pair)), uptake.brown_fat, -80.0)]
