"""Truth: closed form."""

from __future__ import annotations

import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable
from carpet.segment.liver_mean import liver_mean


def test_threshold_is_the_mean_of_the_liver(ball, anatomy_with_liver) -> None:
    rule = liver_mean(ball, anatomy=anatomy_with_liver)  # liver mean 1.0: the background of 1.0 is taken too, the rule is ≥
    assert (rule == (ball.suv.values >= 1.0)).all()


def test_without_a_liver_there_is_no_threshold(ball) -> None:
    with pytest.raises(NotMeasurable, match="LIVER_NOT_FOUND"):
        liver_mean(ball, anatomy=Anatomy())
