"""Truth: closed form. A volume whose value is a coordinate must give each coarse voxel its own coordinate."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.anatomy.coarse import STEP_MM, coarse_copy, eroded, filled_slices, largest_part, on_pet, opened
from carpet.core.space import Grid, Quantity, SpaceError, Volume


def ramp(axis: int, spacing_kji: tuple[float, float, float], order: tuple[int, int, int] = (2, 1, 0), flip: int = 1) -> Volume:
    """Value = 500 + the world coordinate `axis` (LPS); storage axis n runs along world axis order[n]."""
    shape = (60, 50, 40)
    affine = np.eye(4)
    affine[:3, :3] = 0.0
    for n, (world, step) in enumerate(zip(order, spacing_kji, strict=True)):
        affine[world, n] = step * flip
    affine[:3, 3] = (-70.0, 33.0, -20.0)
    grid = Grid(shape, affine, "1.2.3")
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    return Volume(grid, (500 + grid.to_lps_mm(index)[..., axis]).astype(np.float32), Quantity.SUV_BW)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize("order", [(2, 1, 0), (0, 2, 1)])
@pytest.mark.parametrize("spacing", [(3.0, 4.07, 4.07), (1.6, 2.0, 2.04), (1.0, 1.0, 1.17)])
def test_every_coarse_voxel_holds_its_own_place(
    axis: int, flip: int, order: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    if order[0] != 2 and spacing[0] != spacing[1]:
        spacing = (spacing[1], spacing[0], spacing[2])
    coarse = coarse_copy(ramp(axis, spacing, order, flip), None)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in coarse.grid.shape_kji), indexing="ij"), axis=-1)
    inner = (slice(2, -2),) * 3  # at the edge the field ends within a block
    expected = 500 + coarse.grid.to_lps_mm(index)[..., axis]
    np.testing.assert_allclose(coarse.suv[inner], expected[inner], atol=0.01)  # float32 at 500


def test_axes_run_to_the_head_the_back_and_the_left() -> None:
    coarse = coarse_copy(ramp(0, (3.0, 4.0, 4.0), flip=-1), None)
    assert np.allclose(coarse.grid.affine_lps[:3, :3], STEP_MM * np.eye(3)[:, ::-1])
    assert coarse.slice_of(coarse.s_mm(7)) == 7


def test_a_tilted_scan_is_refused() -> None:
    turn = np.eye(4)
    turn[:3, :3] = 4 * np.array([[1, 0, 0], [0, np.cos(0.6), -np.sin(0.6)], [0, np.sin(0.6), np.cos(0.6)]])
    with pytest.raises(SpaceError):
        coarse_copy(Volume(Grid((9, 9, 9), turn[:, [2, 1, 0, 3]], "1"), np.ones((9, 9, 9), np.float32), Quantity.SUV_BW), None)


def test_shapes() -> None:
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[2:11, 2:11, 2:11] = True
    mask[5, 5, 11:18] = True  # a thread
    mask[15:17, 15:17, 15:17] = True
    assert eroded(mask, STEP_MM).sum() == 7**3
    assert opened(mask, STEP_MM).sum() == 9**3
    assert largest_part(mask).sum() == 9**3 + 7
    ring = mask.copy()
    ring[3:10, 3:10, 3:10] = False
    assert filled_slices(ring)[5, 5, 5]
    assert not filled_slices(np.zeros_like(mask)).any()


def test_a_coarse_mask_keeps_its_volume_on_the_pet_grid() -> None:
    pet = ramp(0, (3.0, 2.0, 2.0))
    coarse = coarse_copy(pet, None)
    mask = np.zeros(coarse.grid.shape_kji, dtype=bool)
    mask[5:15, 4:12, 3:9] = True
    region = on_pet(mask, coarse.grid, pet.grid)
    assert region.volume_ml == pytest.approx(480 * STEP_MM**3 / 1000, rel=0.06)  # whole PET voxels at the mask's faces
    assert np.allclose(region.centroid_lps_mm, coarse.grid.to_lps_mm([9.5, 7.5, 5.5]), atol=1.5)
    assert on_pet(np.zeros_like(mask), coarse.grid, pet.grid).voxels == 0
