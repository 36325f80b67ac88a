"""Truth: closed form."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.space import Quantity, Volume
from carpet.segment.nestle import nestle
from carpet.segment.roi import Roi


def test_threshold_is_15_percent_of_the_hot_mean_plus_background(ball) -> None:
    # hot mean 10, background 1: threshold 2.5
    values = ball.volume.values.copy()
    values[20, 20, 27] = 2.49  # 14 mm from the centre: outside the ball
    values[20, 27, 20] = 2.51
    changed = nestle(Roi(Volume(ball.volume.grid, values, Quantity.SUV_BW), ball.region, (), 20.0))
    start = [part.start for part in ball.box]
    assert not changed[20 - start[0], 20 - start[1], 27 - start[2]]
    assert changed[20 - start[0], 27 - start[1], 20 - start[2]]


def test_only_voxels_above_70_percent_make_the_hot_mean(ball) -> None:
    values = ball.volume.values.copy()
    core = ball.region.mask.copy()
    values[ball.region.box][core] = np.where(np.arange(core.sum()) % 2, 10.0, 4.0)
    rule = nestle(Roi(Volume(ball.volume.grid, values, Quantity.SUV_BW), ball.region, (), 20.0))
    assert rule[ball.seed].all()  # 4.0 ≥ 0.15 · 10 + 1; with all voxels in the mean nothing would change here
    assert pytest.approx(2.5, abs=0.01) == 0.15 * 10 + ball.background


def test_a_uniform_ball_is_found_to_the_voxel(ball) -> None:
    assert (nestle(ball) == ball.seed).all()
