"""Truth: METHODS EX07; a ball of known voxels."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.segment.mv2 import mv2


@pytest.mark.shared
def test_worked_example_seven(example_seven) -> None:
    roi, expected = example_seven
    assert np.flatnonzero(mv2(roi)[0, 0]).tolist() == expected["MV2"]["indices"]


def test_a_uniform_ball_is_found_to_the_voxel(ball) -> None:
    assert (mv2(ball) == ball.seed).all()
