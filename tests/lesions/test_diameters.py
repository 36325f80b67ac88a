"""Truth: closed form: boxes, ellipses and discs in transverse slices, turned and stretched."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.errors import NotMeasurable
from carpet.core.space import BoolArray, Grid, Region
from carpet.lesions.diameters import diameters


def grid(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (3.0, 0.8, 0.8), *, coronal: bool = False) -> Grid:
    affine = np.eye(4)
    dk, dj, di = spacing
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = ((0, dk, 0), (0, 0, -dj), (di, 0, 0)) if coronal else ((0, 0, dk), (0, dj, 0), (di, 0, 0))
    affine[:3, 3] = (-40.0, -30.0, 100.0)
    return Grid(shape, affine, "1.2.3")


def ellipse(half_long: float, half_short: float, turn_deg: float, spacing: tuple[float, float] = (0.8, 0.8)) -> BoolArray:
    """A slice with one ellipse, its half axes in mm."""
    j, i = np.meshgrid(*((np.arange(120) - 59.3) * step for step in spacing), indexing="ij")
    turn = np.deg2rad(turn_deg)
    along, across = i * np.cos(turn) + j * np.sin(turn), -i * np.sin(turn) + j * np.cos(turn)
    return (along / half_long) ** 2 + (across / half_short) ** 2 <= 1.0


@pytest.mark.parametrize("turn", [0.0, 17.0, 45.0, 90.0, 133.0])
@pytest.mark.parametrize("spacing", [(0.8, 0.8), (0.7, 1.1)])
def test_an_ellipse_has_its_two_axes(turn: float, spacing: tuple[float, float]) -> None:
    mask = np.stack([ellipse(10.0, 6.0, turn, spacing), ellipse(20.0, 11.0, turn, spacing), ellipse(9.0, 9.0, 0.0, spacing)])
    found = diameters(Region.of_mask(grid(mask.shape, (3.0, *spacing)), mask))
    assert found.ldi_mm == pytest.approx(40.0, abs=max(spacing))  # one voxel: what the outline of a mask can know
    assert found.sdi_mm == pytest.approx(22.0, abs=1.5 * max(spacing))
    assert found.slice_k == 1
    assert found.ppd_mm2 == found.ldi_mm * found.sdi_mm


def test_a_row_of_voxels_is_as_long_as_they_are() -> None:
    mask = np.zeros((3, 9, 11), dtype=bool)
    mask[1, 4, 2:9] = True
    found = diameters(Region.of_mask(grid(mask.shape, (3.0, 2.0, 1.5)), mask))
    assert found.ldi_mm == pytest.approx(7 * 1.5)
    assert found.sdi_mm == pytest.approx(2.0)


def test_one_voxel() -> None:
    mask = np.zeros((1, 3, 3), dtype=bool)
    mask[0, 1, 1] = True
    found = diameters(Region.of_mask(grid(mask.shape, (3.0, 2.0, 1.5)), mask))
    assert (found.ldi_mm, found.sdi_mm) == (pytest.approx(2.0), pytest.approx(1.5))


def test_the_ends_lie_where_the_diameters_say() -> None:
    mask = np.stack([ellipse(20.0, 11.0, 30.0)] * 2)
    found = diameters(Region.of_mask(grid(mask.shape), mask))
    long, short = (np.diff(ends, axis=0)[0] for ends in (found.ldi_ends_lps_mm, found.sdi_ends_lps_mm))
    assert np.linalg.norm(long) == pytest.approx(found.ldi_mm)
    assert np.linalg.norm(short) == pytest.approx(found.sdi_mm)
    assert abs(long @ short) < 1e-6 * found.ppd_mm2
    assert found.ldi_ends_lps_mm[:, 2] == pytest.approx([100.0, 100.0])
    centre = np.array([-40.0, -30.0]) + 59.3 * 0.8
    assert found.ldi_ends_lps_mm.mean(axis=0)[:2] == pytest.approx(centre, abs=1.0)


def test_stretching_the_body_stretches_the_diameters() -> None:
    mask = np.stack([ellipse(20.0, 11.0, 30.0)])
    one, two = (diameters(Region.of_mask(grid(mask.shape, (3.0 * by, 0.8 * by, 0.8 * by)), mask)) for by in (1.0, 2.5))
    assert two.ldi_mm == pytest.approx(2.5 * one.ldi_mm)
    assert two.sdi_mm == pytest.approx(2.5 * one.sdi_mm)


def test_what_cannot_be_measured() -> None:
    mask = np.zeros((2, 4, 4), dtype=bool)
    with pytest.raises(NotMeasurable, match="EMPTY"):
        diameters(Region.of_mask(grid(mask.shape), mask))
    mask[1, 1:3, 1:3] = True
    with pytest.raises(NotMeasurable, match="NOT_TRANSVERSE"):
        diameters(Region.of_mask(grid(mask.shape, coronal=True), mask))
