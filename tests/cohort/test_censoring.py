"""Truth: closed form: by hand, events before censorings of the same day."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.censoring import still_followed
from carpet.cohort.survival import Survival


def test_by_hand() -> None:
    survival = Survival.of([2, 4, 4, 4, 7], [0, 1, 0, 0, 1])
    assert still_followed(survival, [1, 2, 3, 4, 9]) == pytest.approx([1, 4 / 5, 4 / 5, 4 / 5 / 3, 4 / 5 / 3])
    assert still_followed(survival, [2, 4, 7], strictly=True) == pytest.approx([1, 4 / 5, 4 / 15])


def test_without_censoring_everybody_is() -> None:
    assert still_followed(Survival.of([1, 2, 3], [1, 1, 1]), [1, 3, 9]).tolist() == [1.0, 1.0, 1.0]


def test_weights_give_back_everybody(survival: Survival) -> None:
    """The inverse weights of the events up to a day and of who is free then add up to the number of patients."""
    day = 400
    case, free = (survival.event > 0) & (survival.days <= day), survival.days > day
    before = still_followed(survival, survival.days, strictly=True)
    then = still_followed(survival, [day])[0]
    assert np.sum(1 / before[case]) + free.sum() / then == pytest.approx(survival.rows)
