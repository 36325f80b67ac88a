"""Contract: what is no table of ratings is a wrong call, too few cases have no statistic, and an interval stays where it can be."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.agreement.estimate import Estimate, between, columns, counted
from carpet.core.errors import NotMeasurable, ProtocolError


def test_a_table_of_numbers() -> None:
    assert columns([[1, 2], [3, 4]]).shape == (2, 2)
    for few in ([[1, 2]], [[1], [2]]):
        with pytest.raises(NotMeasurable, match="TOO_FEW_CASES"):
            columns(few)
    for wrong in (np.array([1, 2]), np.array([[1, np.nan], [2, 3]])):
        with pytest.raises(ProtocolError):
            columns(wrong)


def test_cases_by_categories() -> None:
    np.testing.assert_array_equal(counted([["a", "b", "b"], [None, None, None], [None, "a", None]], ["a", "b"]), [[1, 2], [1, 0]])
    with pytest.raises(ProtocolError, match="no category is called c"):
        counted([["a", "c"]], ["a", "b"])


def test_an_interval_stays_within_what_can_be() -> None:
    assert between(0.875, 0.125, 2.0, n=7) == Estimate(0.875, 0.625, 1.0, 7)
    assert between(-0.9, 0.1, 2.0, n=7).low == -1.0


def test_an_interval_has_a_width_or_there_is_none() -> None:
    assert between(1.0, 0.0, 2.0, n=40) == Estimate(1.0, None, None, 40, "NO_SPREAD")
