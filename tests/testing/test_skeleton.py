"""Truth: anatomy (order and number of vertebrae, left–right symmetry, marrow inside its cortex)."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.testing.frame import BodyFrame
from carpet.testing.skeleton import SPINE_ROWS, VERTEBRAE, BoneUptake, pelvis, ribs, spine, spine_centre, vertebra_heights

FRAME = BodyFrame.of(78.0, 1.75)
BONE = BoneUptake(1.5, 0.8)
PARTS = {part.name: part for part in (*spine(FRAME, BONE), *ribs(FRAME, BONE), *pelvis(FRAME, BONE))}


def test_vertebrae_stand_on_each_other_from_c2_to_l5() -> None:
    heights = vertebra_heights()
    assert list(heights) == list(VERTEBRAE)
    assert len(heights) == 6 + 12 + 5
    assert [bottom for _, bottom in heights.values()][:-1] == pytest.approx([top for top, _ in heights.values()][1:])
    assert heights["C2"][0] == SPINE_ROWS[0][0]
    assert heights["L5"][1] == pytest.approx(SPINE_ROWS[-1][0])
    assert heights["L3"][0] - heights["L3"][1] > 1.5 * (heights["C4"][0] - heights["C4"][1])


def test_spine_centre_follows_its_table() -> None:
    for z, y, radius in SPINE_ROWS:
        assert spine_centre(z) == (y, radius)


@pytest.mark.parametrize("name", ["marrow", "rib", "scapula", "clavicle", "ilium", "sacrum", "femur", "ischium_pubis"])
def test_bones_are_symmetric(name: str) -> None:
    shape = PARTS[name].shape
    low, high = shape.bounds()
    assert high[0] == pytest.approx(-low[0], abs=1e-6)
    x, y, z = np.random.default_rng(4).uniform(low, high, (20_000, 3)).T
    inside = shape.contains(x, y, z)
    assert inside.any()
    assert (inside == shape.contains(-x, y, z)).mean() > 0.999  # points within rounding of a surface may differ


@pytest.mark.parametrize(
    ("inner", "outer"),
    [("marrow", "vertebral_cortex"), ("ilium", "ilium_cortex"), ("femur", "femur_cortex"), ("sternum", "sternum_cortex")],
)
def test_marrow_lies_inside_cortex(inner: str, outer: str) -> None:
    marrow, cortex = PARTS[inner].shape, PARTS[outer].shape
    low, high = marrow.bounds()
    x, y, z = np.random.default_rng(5).uniform(low, high, (20_000, 3)).T
    inside = marrow.contains(x, y, z)
    assert inside.any()
    assert cortex.contains(x[inside], y[inside], z[inside]).all()
    assert PARTS[inner].hu < PARTS[outer].hu


def test_ribs_lie_between_skin_and_chest() -> None:
    low, high = PARTS["rib"].shape.bounds()
    x, y, z = np.random.default_rng(6).uniform(low, high, (40_000, 3)).T
    inside = PARTS["rib"].shape.contains(x, y, z)
    assert FRAME.trunk().grown(FRAME.fat_mm).contains(x[inside], y[inside], z[inside]).all()
