"""Truth: shapes by hand; area and point-in-polygon by their definitions, combined in four ways; matplotlib's point-in-polygon."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray

from carpet.dicom.outlines import outlines

Mask = NDArray[np.bool_]


def drawn(text: str) -> Mask:
    """Rows of `#` and `.`."""
    return np.array([[c == "#" for c in row] for row in text.split()])


RING = drawn("..... .###. .#.#. .###. .....")
SHAPES = {
    "nothing": drawn("... ..."),
    "one voxel": drawn("... .#. ..."),
    "whole image": drawn("### ###"),
    "two that touch at a corner": drawn("#. .#"),
    "the other diagonal": drawn(".# #."),
    "ring": RING,
    "ring at the edge": drawn("### #.# ###"),
    "island in a hole": drawn("####### #.....# #.###.# #.#.#.# #.###.# #.....# #######"),
    "two holes in one row": drawn("####### #.#.#.# #######"),
    "hole behind a hole, lower": drawn("####### #.##### ##.##.# ####### #######"),
    "hole that meets the outside at a corner": drawn(".### #.## ####"),
    "two holes that meet at a corner": drawn("##### #.### ##.## #####"),
    "chessboard": np.indices((6, 7)).sum(axis=0) % 2 == 0,
    "inverse chessboard in a frame": np.pad(np.indices((5, 6)).sum(axis=0) % 2 == 0, 1, constant_values=True),
}


def crossings(polygon: NDArray[np.float64], j: float, i: float) -> tuple[int, int]:
    """How often a ray from (j, i) towards lower columns meets the polygon, and the winding number, edge by edge as in a textbook."""
    met, wound = 0, 0
    for (j0, i0), (j1, i1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if (j0 > j) != (j1 > j) and i0 + (j - j0) / (j1 - j0) * (i1 - i0) < i:
            met += 1
            wound += 1 if j1 > j0 else -1
    return met, wound


def area(polygon: NDArray[np.float64]) -> float:
    j, i = polygon.T
    return abs(float(np.dot(np.roll(j, -1), i) - np.dot(j, np.roll(i, -1)))) / 2


def random_mask(seed: int) -> Mask:
    rng = np.random.default_rng(seed)
    return rng.random((int(rng.integers(1, 15)), int(rng.integers(1, 15)))) < rng.uniform(0.2, 0.9)


MASKS = [*SHAPES.values(), *(random_mask(seed) for seed in range(60))]


@pytest.mark.parametrize("inside", MASKS, ids=[*SHAPES, *map(str, range(60))])
def test_every_way_of_filling_gives_the_voxels_back(inside: Mask) -> None:
    """Even and odd over all polygons, the union of even and odd, the union by winding number, matplotlib: one answer."""
    polygons = outlines(inside)
    j, i = np.indices(inside.shape)
    centres = np.column_stack([j.ravel(), i.ravel()]).astype(float)
    met = np.array([[crossings(polygon, *at) for polygon in polygons] for at in centres], dtype=int).reshape(len(centres), -1, 2)
    for filled in (met[:, :, 0].sum(axis=1) % 2 == 1, (met[:, :, 0] % 2 == 1).any(axis=1), (met[:, :, 1] != 0).any(axis=1)):
        np.testing.assert_array_equal(filled.reshape(inside.shape), inside)
    others = [Polygon(polygon, closed=False).contains_points(centres) for polygon in polygons]
    np.testing.assert_array_equal(np.any(others, axis=0).reshape(inside.shape) if others else inside, inside)
    assert sum(area(polygon) for polygon in polygons) == pytest.approx(inside.sum())


@pytest.mark.parametrize("inside", MASKS[1:20])
def test_no_centre_lies_near_an_outline_but_beside_a_channel(inside: Mask) -> None:
    """Half a voxel from every edge; beside a channel, which lies inside anyway, a quarter."""
    j, i = np.indices(inside.shape)
    for polygon in outlines(inside):
        for (j0, i0), (j1, i1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            assert j0 == j1 or i0 == i1
            off = np.maximum(np.maximum(min(j0, j1) - j, j - max(j0, j1)), np.maximum(min(i0, i1) - i, i - max(i0, i1)))
            assert off.min() >= 0.25
            assert off[~inside].size == 0 or off[~inside].min() >= 0.5


def test_points_only_where_the_outline_turns() -> None:
    assert outlines(drawn("... .#. ..."))[0].tolist() == [[0.5, 0.5], [0.5, 1.5], [1.5, 1.5], [1.5, 0.5]]
    assert len(outlines(np.ones((30, 40), dtype=bool))[0]) == 4


def test_touching_corners_are_polygons_of_their_own_and_a_hole_is_none() -> None:
    assert len(outlines(SHAPES["two that touch at a corner"])) == 2
    assert len(outlines(RING)) == 1
    assert len(outlines(SHAPES["island in a hole"])) == 2
    assert outlines(SHAPES["nothing"]) == []


def test_a_large_sponge_keeps_its_area() -> None:
    rng = np.random.default_rng(5)
    inside = rng.random((200, 200)) < 0.9
    polygons = outlines(inside)
    assert sum(area(polygon) for polygon in polygons) == pytest.approx(inside.sum())
