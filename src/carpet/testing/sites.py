"""Where lymphoma is planted: nodal stations and extranodal sites of the reference body, and how lesions are drawn there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carpet.core.lesion import Kind
from carpet.core.space import BoolArray
from carpet.testing.frame import BodyFrame, Part
from carpet.testing.shapes import Capsule, Ellipsoid, Point, as_point, turned
from carpet.testing.skeleton import spine_centre

HOT_SUV = 2.9  # organs at or above this count as hot: no lesion is planted into them
GAP_MM = 9.0  # least distance between lesions, and between a lesion and a hot organ: more than two voxels of most grids
NEAR_MM = 22.0  # closer than this counts as beside a hot organ
TRIES = 400
PROBE_MM = 3.0  # spacing of the points that test a lesion's surroundings


BOTH, LEFT, RIGHT = (-1.0, 1.0), (1.0,), (-1.0,)


@dataclass(frozen=True)
class Site:
    """A place for lesions, in reference mm: its centre, how far centres scatter, the range of volumes, and the tissue's HU.

    sides: the sign of L, drawn among these. on_spine: P is counted from the middle of the vertebral bodies at that height.
    within: names of parts that must hold the whole lesion (empty: anywhere inside the body).
    """

    name: str
    kind: Kind
    centre: Point
    scatter_mm: Point
    volume_ml: tuple[float, float]
    hu: float = 40.0
    sides: tuple[float, ...] = BOTH
    on_spine: bool = False
    within: tuple[str, ...] = ()


_N, _E = Kind.NODAL, Kind.EXTRANODAL
SITES = (
    Site("cervical", _N, (42, 14, -250), (6, 14, 16), (1, 8)),
    Site("supraclavicular", _N, (62, 0, -302), (12, 10, 8), (1, 15)),
    Site("axillary", _N, (128, 14, -362), (8, 16, 20), (1, 40)),
    Site("mediastinal", _N, (-4, -40, -368), (14, 12, 24), (2, 150), sides=LEFT),
    Site("hilar", _N, (38, 12, -424), (8, 8, 14), (1, 25)),
    Site("mesenteric", _N, (14, -34, -716), (40, 18, 40), (3, 300)),
    Site("para-aortic", _N, (22, 4, -668), (6, 6, 34), (1, 80)),
    Site("iliac", _N, (54, 2, -810), (14, 18, 36), (1, 60)),
    Site("inguinal", _N, (72, -62, -892), (8, 8, 12), (1, 30)),
    Site("liver", _E, (82, -4, -572), (34, 38, 32), (2, 80), 45.0, RIGHT, within=("liver",)),
    Site("spleen", _E, (104, 46, -572), (10, 18, 22), (2, 30), 45.0, LEFT, within=("spleen",)),
    Site("lung", _E, (84, 10, -440), (28, 44, 60), (1, 30), 30.0, within=("lung_right", "lung_left")),
    Site("vertebra", _E, (0, 0, -620), (4, 4, 110), (1, 8), 220.0, LEFT, on_spine=True),
    Site("ilium", _E, (88, 28, -765), (8, 26, 30), (1, 15), 220.0),
    Site("femur", _E, (102, 8, -960), (4, 4, 40), (2, 20), 120.0),
    Site("bowel", _E, (62, -40, -730), (36, 14, 44), (3, 60)),
    Site("soft tissue", _E, (92, 76, -812), (18, 8, 30), (1, 60), 45.0),
)
SITES_BY_NAME = {site.name: site for site in SITES}


@dataclass(frozen=True)
class Lesion:
    """A planted lesion: SUVbw everywhere inside `shape`, CT number `hu`; `near` names a hot organ within 22 mm, if any."""

    id: str
    site: str
    kind: Kind
    shape: Ellipsoid | Capsule
    suv: float
    hu: float
    disease: bool = True
    near: str = ""

    @property
    def centre_lps_mm(self) -> Point:
        return self.shape.centre

    @property
    def volume_ml(self) -> float:
        return self.shape.volume_ml


class BodyMap:
    """The painted body asked at points: which part is on top there, and what is already taken."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = [part for part in parts if part.suv is not None]
        self._bounds = [[(piece, *piece.bounds()) for piece in part.shape.pieces()] for part in self._parts]
        self._names = [part.name for part in self._parts]
        self._hot = np.array([(part.suv or 0.0) >= HOT_SUV for part in self._parts])

    def tops(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """Index of the part on top at each point (n, 3), −1 outside the body."""
        low, high = points.min(axis=0), points.max(axis=0)
        x, y, z = points.T
        top = np.full(len(points), -1)
        for index, pieces in enumerate(self._bounds):
            for piece, least, most in pieces:
                if (least <= high).all() and (most >= low).all():
                    top[piece.contains(x, y, z)] = index
        return top

    def hot_names(self, tops: NDArray[np.int64]) -> set[str]:
        return {self._names[index] for index in np.unique(tops[tops >= 0]) if self._hot[index]}

    def all_in(self, tops: NDArray[np.int64], names: tuple[str, ...]) -> bool:
        return all(index >= 0 and self._names[index] in names for index in np.unique(tops))


def probe(shape: Ellipsoid | Capsule) -> NDArray[np.float64]:
    """Points (n, 3) that fill `shape`, every 3 mm, and its centre."""
    low, high = shape.bounds()
    axes = [np.arange(a, b + PROBE_MM, PROBE_MM) for a, b in zip(low, high, strict=True)]
    x, y, z = (part.ravel() for part in np.meshgrid(*axes, indexing="ij"))
    inside: BoolArray = shape.contains(x, y, z)
    return np.vstack([np.stack([x, y, z], axis=1)[inside], np.array(shape.centre)])


def plant(
    frame: BodyFrame,
    body: BodyMap,
    sites: Sequence[Site],
    *,
    rng: np.random.Generator,
    suv: tuple[float, float] = (5.0, 30.0),
    already: Sequence[Lesion] = (),
) -> tuple[Lesion, ...]:
    """A lesion per site where one fits: inside the body, clear of hot organs and of each other; none where none fits."""
    planted: list[Lesion] = list(already)
    for site in sites:
        lesion = _fitting(site, frame, body, planted, rng, suv)
        if lesion is not None:
            planted.append(lesion)
    return tuple(planted[len(already) :])


def _fitting(
    site: Site, frame: BodyFrame, body: BodyMap, planted: list[Lesion], rng: np.random.Generator, suv: tuple[float, float]
) -> Lesion | None:
    for attempt in range(TRIES):
        ease = 1.0 - attempt / TRIES  # a lesion that does not fit becomes smaller
        shape = _drawn_shape(site, frame, rng, ease)
        room = shape.grown(GAP_MM)
        if any(_touch(room, other.shape) for other in planted):
            continue
        points = probe(room)
        tops = body.tops(points)
        if (tops < 0).any() or body.hot_names(tops) or not _held(site, body, shape):
            continue
        around = body.hot_names(body.tops(probe(shape.grown(NEAR_MM))))
        number = f"L{len(planted) + 1:02d}"
        return Lesion(number, site.name, site.kind, shape, float(rng.uniform(*suv)), site.hu, True, ", ".join(sorted(around)))
    return None


def _held(site: Site, body: BodyMap, shape: Ellipsoid | Capsule) -> bool:
    return not site.within or body.all_in(body.tops(probe(shape)), site.within)


def _touch(room: Ellipsoid | Capsule, other: Ellipsoid | Capsule) -> bool:
    (low, high), (low2, high2) = room.bounds(), other.bounds()
    if (low > high2).any() or (low2 > high).any():
        return False
    return bool(other.contains(*probe(room).T).any() or room.contains(*probe(other).T).any())


def _drawn_shape(site: Site, frame: BodyFrame, rng: np.random.Generator, ease: float) -> Ellipsoid | Capsule:
    side = float(rng.choice(site.sides))
    x, y, z = np.array(site.centre) + rng.uniform(-1, 1, 3) * site.scatter_mm
    if site.on_spine:
        y += spine_centre(float(z))[0]
    centre = frame.at(side * float(x), float(y), float(z))
    least, most = site.volume_ml
    volume = math.exp(rng.uniform(math.log(least), math.log(least + (most - least) * ease)))
    radius = (3.0 * volume * 1000.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
    if rng.random() < 0.25:
        return _capsule(centre, volume, rng)
    stretch = np.exp(rng.uniform(-0.25, 0.25, 3))
    stretch /= np.prod(stretch) ** (1.0 / 3.0)
    a, b, c = (float(radius * s) for s in stretch)
    return Ellipsoid(centre, (a, b, c), turned(*(float(v) for v in rng.uniform(-40, 40, 3))))


def _capsule(centre: Point, volume_ml: float, rng: np.random.Generator) -> Capsule:
    """A capsule twice as long as wide: π r² (2 r + 4/3 r) = volume."""
    radius = (volume_ml * 1000.0 / (math.pi * (2.0 + 4.0 / 3.0))) ** (1.0 / 3.0)
    direction = rng.normal(size=3) * (0.5, 0.5, 1.0)
    half = direction / np.linalg.norm(direction) * radius
    start, end = (as_point(np.array(centre) + sign * half) for sign in (-1.0, 1.0))
    return Capsule(start, end, radius)
