"""Truth: METHODS EX07."""

from __future__ import annotations

import pytest

from carpet.segment.majority import votes


@pytest.mark.shared
def test_votes_of_worked_example_seven(example_seven) -> None:
    roi, expected = example_seven
    assert votes(roi)[0, 0].tolist() == expected["votes"]


def test_votes_in_a_ball_and_beside_it(ball) -> None:
    assert set(votes(ball)[ball.seed].tolist()) == {4}
    assert set(votes(ball)[~ball.seed].tolist()) == {0}
