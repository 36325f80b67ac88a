"""Truth: closed form; SUL and SUVbw give the same voxels because the rule is proportional."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import sphere_region
from carpet.core.space import Quantity, Volume
from carpet.segment.percist_liver import percist_liver
from carpet.segment.roi import Roi


@pytest.mark.parametrize("lean_share", [1.0, 0.78])
def test_threshold_from_mean_and_sd(ball, lean_share: float) -> None:
    rng = np.random.default_rng(0)
    liver = sphere_region(ball.volume.grid, np.array([16.0, 16.0, 16.0]), 15.0)
    values = ball.volume.values.copy()
    values[liver.box][liver.mask] = rng.normal(2.0, 0.3, liver.voxels)
    sample = values[liver.box][liver.mask].astype(float)
    threshold = 1.5 * sample.mean() + 2 * sample.std(ddof=1)
    values[ball.region.box][ball.region.mask] = rng.uniform(threshold - 1, threshold + 1, ball.region.voxels)
    scaled = Roi(Volume(ball.volume.grid, values * np.float32(lean_share), Quantity.SUV_BW), ball.region, (), 20.0)
    rule = percist_liver(scaled, anatomy=Anatomy(references={"liver": liver}))
    assert (rule == (values[ball.box] >= threshold)).all()
    assert 0 < rule[ball.seed].mean() < 1


def test_without_a_liver_there_is_no_threshold(ball) -> None:
    with pytest.raises(NotMeasurable, match="LIVER_OUTSIDE"):
        percist_liver(ball, anatomy=Anatomy(absent={"liver": "LIVER_OUTSIDE"}))
