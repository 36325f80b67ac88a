"""Truth: closed form: balls of known radius as body, bone and warm organ."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable
from carpet.core.space import Labels, Quantity, Volume
from carpet.lesions.surfaces import BONE, BRAIN, OUTLINE, WARM, surfaces_of
from carpet.testing.voxels import upright_grid

GRID = upright_grid((60, 50, 50), (4.5, 4.5, 4.5), first_centre_lps_mm=(-110.0, -110.0, -132.0), frame_uid="1.2.3")
MIDDLE = np.array([1.0, -2.0, 3.0])
BODY_MM, WARM_MM, BONE_MM = 95.0, 40.0, 60.0
NAMES = {1: "body", 4: "bone", 9: "liver"}


def scene(heights: dict[str, float] | None = None, *, hot: bool = False) -> tuple[Volume, Anatomy]:
    index = np.stack(np.meshgrid(*(np.arange(n) for n in GRID.shape_kji), indexing="ij"), axis=-1)
    away = np.linalg.norm(GRID.to_lps_mm(index) - MIDDLE, axis=-1)
    values = np.where(away < BODY_MM, 1, 0)
    values[(away < BONE_MM) & (away > BONE_MM - 12)] = 4
    values[away < WARM_MM] = 9
    suv = np.where(away < BODY_MM, 0.5, 0.0) + np.where(away < WARM_MM, 1.8 + 8.0 * hot, 0.0)
    anatomy = Anatomy(organs=Labels.of_values(GRID, values), organ_names=NAMES, landmarks_mm=heights or {})
    return Volume(GRID, suv.astype(np.float32), Quantity.SUV_BW), anatomy


@pytest.mark.parametrize(("kind", "radii"), [(OUTLINE, (BODY_MM,)), (WARM, (WARM_MM,)), (BONE, (BONE_MM, BONE_MM - 12))])
def test_points_lie_on_the_surface_and_normals_point_out(kind: int, radii: tuple[float, ...]) -> None:
    found = surfaces_of(*scene()).of((kind,), 100_000)
    away = np.linalg.norm(found.points_lps_mm - MIDDLE, axis=1)
    off = np.abs(away[:, None] - np.array(radii)).min(axis=1)
    assert off.mean() < 1.6  # a third of a voxel; 1.15 lies a little outside the middle of 0.5 and 2.3
    assert off.max() < 4.5
    outer = np.abs(away - radii[0]) < 4.5
    radial = (found.points_lps_mm - MIDDLE) / away[:, None]
    assert (radial * found.normals_lps).sum(axis=1)[outer].min() > 0.8
    assert np.linalg.norm(found.normals_lps, axis=1) == pytest.approx(1.0)


def test_organs_have_their_centres_and_an_absent_one_has_none() -> None:
    found = surfaces_of(*scene())
    assert set(found.centres_lps_mm) == {"liver"}
    assert found.centres_lps_mm["liver"] == pytest.approx(MIDDLE, abs=0.5)
    assert found.of((BRAIN,), 10).points_lps_mm.shape == (0, 3)


def test_what_is_hot_is_no_landmark() -> None:
    assert not surfaces_of(*scene(hot=True)).of((WARM,), 10).points_lps_mm.size


def test_head_and_legs_are_left_out_unless_little_would_be_left() -> None:
    whole = surfaces_of(*scene()).points_lps_mm[:, 2]
    assert (whole.min() < -80, whole.max() > 80) == (True, True)
    short = surfaces_of(*scene({"skull_base": 90.0, "pelvis_floor": -60.0})).points_lps_mm[:, 2]
    assert (short.min(), short.max()) == (whole.min(), whole.max())
    head = surfaces_of(*scene({"skull_base": 90.0})).points_lps_mm[:, 2]
    assert head.max() <= 50.0
    assert head.min() == whole.min()


def test_thinning_is_even_and_never_more_than_there_is() -> None:
    found = surfaces_of(*scene())
    assert len(found.of((OUTLINE, BONE), 500).points_lps_mm) == 500
    assert len(found.of((OUTLINE,), 10**6).points_lps_mm) == np.count_nonzero(found.kinds == OUTLINE)


def test_without_organs_there_is_nothing_to_align() -> None:
    with pytest.raises(NotMeasurable, match="NO_ALIGNMENT"):
        surfaces_of(scene()[0], Anatomy())
