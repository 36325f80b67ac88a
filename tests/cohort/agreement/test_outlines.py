"""Truth: closed form, boxes moved by whole voxels."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.agreement.outlines import dice, hd95_mm, nsd
from carpet.core.errors import NotMeasurable, ProtocolError
from carpet.core.space import BoolArray, Grid

SHAPE = (20, 20, 20)
EMPTY = np.zeros(SHAPE, dtype=np.bool_)


def grid(*spacing_kji: float, shape: tuple[int, int, int] = SHAPE) -> Grid:
    k, j, i = spacing_kji
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, i], [0, j, 0], [k, 0, 0]]
    return Grid(shape, affine, "1.2.3")


def box(k: int, j: int, i: int, size: int = 6) -> BoolArray:
    mask = EMPTY.copy()
    mask[k : k + size, j : j + size, i : i + size] = True
    return mask


def test_dice() -> None:
    assert dice(box(5, 5, 5), box(5, 5, 5)) == (1.0, ())
    assert dice(box(5, 5, 5), box(5, 5, 8)) == (0.5, ())
    assert dice(box(1, 1, 1), box(10, 10, 10)) == (0.0, ())
    assert dice(EMPTY, EMPTY) == (1.0, ("BOTH_EMPTY",))
    assert dice(EMPTY, box(1, 1, 1)) == dice(box(1, 1, 1), EMPTY) == (0.0, ("ONE_EMPTY",))


@pytest.mark.parametrize(("moved", "mm"), [((0, 0, 0), 0.0), ((3, 0, 0), 9.0), ((0, 3, 0), 12.0), ((0, 0, 3), 6.0)])
def test_a_box_moved_by_three_voxels_in_mm(moved: tuple[int, int, int], mm: float) -> None:
    """A face of 36 of the 152 surface voxels lies at the full distance: well more than 5 %."""
    assert hd95_mm(box(5, 5, 5), box(*(5 + step for step in moved)), grid=grid(3.0, 4.0, 2.0)) == pytest.approx(mm)


def test_the_larger_of_both_directions_is_taken() -> None:
    small = box(5, 5, 5)
    tail = small.copy()
    tail[7, 7, 11:20] = True  # 9 surface voxels more, 1 to 9 voxels away from the box; the one they start at lies inside now
    there = np.concatenate([np.zeros(151), np.arange(1.0, 10.0)])
    expected = np.percentile(there, 95)
    assert expected > 0
    for pair in ((small, tail), (tail, small)):
        assert hd95_mm(*pair, grid=grid(1.0, 1.0, 1.0)) == pytest.approx(expected)


def test_nsd_counts_both_surfaces_within_the_tolerance() -> None:
    one, other, at = box(5, 5, 5), box(5, 5, 8), grid(2.0, 2.0, 2.0)
    # 3 voxels are 6 mm: within 6 mm all, within 5.9 mm all but the far face; a face voxel's neighbours nearer the box lie at 2 and 4 mm
    assert nsd(one, other, grid=at, tolerance_mm=6.0) == (1.0, ())
    assert nsd(one, other, grid=at, tolerance_mm=5.9).value == pytest.approx(1.0 - 2 * 36 / 304)
    assert nsd(one, one, grid=at).value == 1.0
    assert nsd(EMPTY, EMPTY, grid=at) == (1.0, ("BOTH_EMPTY",))
    assert nsd(EMPTY, one, grid=at) == (0.0, ("ONE_EMPTY",))


def test_the_edge_of_the_grid_is_a_surface() -> None:
    full = np.ones((4, 4, 4), dtype=np.bool_)
    inner = full.copy()
    inner[0] = False
    assert hd95_mm(full, inner, grid=grid(3.0, 1.0, 1.0, shape=(4, 4, 4))) == 3.0


def test_storage_order_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    one, other = (rng.random(SHAPE) < 0.05 for _ in range(2))
    at, turned = grid(3.0, 4.0, 2.0), grid(2.0, 4.0, 3.0)
    assert hd95_mm(one, other, grid=at) == pytest.approx(hd95_mm(one.T, other.T, grid=turned))
    assert nsd(one, other, grid=at) == nsd(other[::-1], one[::-1], grid=at)


def test_nothing_to_measure_and_wrong_calls() -> None:
    for pair, reason in (((EMPTY, EMPTY), "BOTH_EMPTY"), ((EMPTY, box(1, 1, 1)), "ONE_EMPTY")):
        with pytest.raises(NotMeasurable, match=reason):
            hd95_mm(*pair, grid=grid(1.0, 1.0, 1.0))
    with pytest.raises(ProtocolError, match="one grid"):
        dice(EMPTY, EMPTY[:5])
    with pytest.raises(ProtocolError, match="on a grid of"):
        hd95_mm(EMPTY, EMPTY, grid=grid(1.0, 1.0, 1.0, shape=(20, 20, 21)))
    skewed = np.eye(4)
    skewed[0, 1] = 0.5
    with pytest.raises(ProtocolError, match="right angles"):
        hd95_mm(box(1, 1, 1), box(2, 1, 1), grid=Grid(SHAPE, skewed, "1.2.3"))
