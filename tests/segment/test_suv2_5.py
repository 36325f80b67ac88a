"""Truth: METHODS EX07; a ball of known voxels."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.segment.suv2_5 import suv2_5


@pytest.mark.shared
def test_worked_example_seven(example_seven) -> None:
    roi, expected = example_seven
    assert np.flatnonzero(suv2_5(roi)[0, 0]).tolist() == expected["per_method"]["2.5"]["indices"]


def test_a_uniform_ball_is_found_to_the_voxel(ball) -> None:
    assert (suv2_5(ball) == ball.seed).all()
