"""Truth: METHODS, global conventions: 2.09/2.2 is 0.9499999… in binary and counts as 0.95."""

from __future__ import annotations

from carpet.clinical.limits import exceeds, reaches


def test_equality_is_that_of_a_calculator() -> None:
    assert 2.09 / 2.2 < 0.95
    assert reaches(2.09 / 2.2, 0.95)
    assert not exceeds(0.1 + 0.2, 0.3)
    assert exceeds(0.3 + 1e-8, 0.3)
    assert not reaches(0.3 - 1e-8, 0.3)
