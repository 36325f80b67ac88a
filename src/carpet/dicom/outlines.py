"""The outlines of a region on one slice: closed polygons along the voxels' edges, with holes opened to the outside by keyholes.

Along the edges, because the polygons' area is then exactly the voxels' area, and no voxel centre lies nearer than half a voxel to
a contour: whoever takes the voxels whose centres lie inside gets the same voxels back. With keyholes (PS3.3 §C.8.8.6.3), because
no two polygons of a slice overlap: readers that unite contours, that combine them by exclusive or (dcmrtstruct2nii from 3,
platipy), and that fill by winding number or by even and odd (Plastimatch, 3D Slicer) all see the same region. A hole as a
contour of its own is filled up by those that unite; CLOSEDPLANAR_XOR, which says what is meant, is unknown to older readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from carpet.core.space import BoolArray

Corner = tuple[float, float]  # row and column in voxels; the corner (0, 0) is half a voxel before the centre of voxel (0, 0)
Edge = tuple[Corner, Corner]
Polygon = NDArray[np.float64]  # (points, 2): row and column in voxels, a voxel's centre at whole numbers; not closed by a last point
KEYHOLE = 0.75  # of a voxel, from its edge: the channel passes beside the row of voxel centres
# The four edges of a voxel as (neighbour beyond it, first corner, last corner), each with the voxel at its right hand.
EDGES = (((-1, 0), (0, 0), (0, 1)), ((0, 1), (0, 1), (1, 1)), ((1, 0), (1, 1), (1, 0)), ((0, -1), (1, 0), (0, 0)))


def outlines(inside: BoolArray) -> list[Polygon]:
    """A polygon for each part of `inside` (rows, columns) that hangs together by the voxels' faces; [] where nothing is inside.

    Parts that touch at a corner are polygons that touch there. A hole is reached through a channel of no width, walked twice.
    """
    loops = list(_loops(inside))
    holes = dict(_keyhole(inside, loop) for loop in loops if _area(loop) < 0)
    return [np.array(_corners_only(list(_walk(loop, holes)))) - 0.5 for loop in loops if _area(loop) > 0]


def _loops(inside: BoolArray) -> Iterator[list[Corner]]:
    """The closed paths along all edges between inside and outside, the inside at the right hand, a point a corner of a voxel."""
    leaving: dict[Corner, list[tuple[Corner, tuple[int, int]]]] = {}
    padded = np.pad(inside, 1)
    rows, columns = inside.shape
    for (down, right), first, last in EDGES:
        beyond = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        for j, i in np.argwhere(inside & ~beyond).tolist():
            leaving.setdefault((j + first[0], i + first[1]), []).append(((j + last[0], i + last[1]), (j, i)))
    for start in sorted(leaving):
        while leaving[start]:
            loop, (at, voxel) = [start], leaving[start].pop()
            while at != start or any(one[1] == voxel for one in leaving[at]):
                loop.append(at)
                ways = leaving[at]
                # where two voxels touch at a corner the path stays with its own
                at, voxel = ways.pop(next((n for n, one in enumerate(ways) if one[1] == voxel), 0))
            yield loop


def _area(loop: list[Corner]) -> float:
    """Area within the loop in voxels, negative where the inside lies around it."""
    j, i = np.array(loop).T
    return float(np.dot(np.roll(j, -1), i) - np.dot(j, np.roll(i, -1))) / 2


def _keyhole(inside: BoolArray, hole: list[Corner]) -> tuple[Edge, list[Corner]]:
    """The edge at which a path turns off to the hole, the first one to the left of the hole's leftmost voxel, and the detour."""
    column = min(i for _, i in hole)
    enter = next(n for n, (j, i) in enumerate(hole) if i == column and hole[(n + 1) % len(hole)] == (j + 1, i))
    row, start = int(hole[enter][0]), int(column) - 1
    while start > 0 and inside[row, start - 1]:
        start -= 1
    return ((row + 1, start), (row, start)), [*hole[enter + 1 :], *hole[: enter + 1]]


def _walk(loop: list[Corner], holes: Mapping[Edge, list[Corner]]) -> Iterator[Corner]:
    """The loop's corners with a detour to each hole: along the row, around it, and back the same way. Holes lead to further holes."""
    for edge in zip(loop, [*loop[1:], loop[0]], strict=True):
        yield edge[0]
        if edge in holes:
            hole, row = holes[edge], edge[1][0] + KEYHOLE
            gate, door = (row, edge[1][1]), (row, hole[0][1])
            yield from (gate, door, *_walk(hole, holes), door, gate)


def _corners_only(loop: list[Corner]) -> list[Corner]:
    """The points where the path turns."""
    before, after = [loop[-1], *loop[:-1]], [*loop[1:], loop[0]]
    return [b for a, b, c in zip(before, loop, after, strict=True) if (b[0] - a[0]) * (c[1] - b[1]) != (b[1] - a[1]) * (c[0] - b[0])]
