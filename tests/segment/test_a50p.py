"""Truth: METHODS EX07; a ball of known voxels."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.segment.a50p import a50p


@pytest.mark.shared
def test_worked_example_seven(example_seven) -> None:
    roi, expected = example_seven
    assert np.flatnonzero(a50p(roi)[0, 0]).tolist() == expected["per_method"]["A50P"]["indices"]


def test_a_uniform_ball_is_found_to_the_voxel(ball) -> None:
    assert (a50p(ball) == ball.seed).all()
