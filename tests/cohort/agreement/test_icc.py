"""Truth: Shrout & Fleiss 1979, table 2 and 4; their intervals as psych 2 (R) prints them; and closed forms."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from carpet.cohort.agreement.icc import Design, icc
from carpet.core.errors import NotMeasurable

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]  # 6 cases, 4 judges
PRINTED: dict[Design, tuple[float, float, float]] = {
    "1,1": (0.17, -0.133, 0.72),
    "2,1": (0.29, 0.019, 0.76),
    "3,1": (0.71, 0.342, 0.95),
    "1,k": (0.44, -0.884, 0.91),
    "2,k": (0.62, 0.071, 0.93),
    "3,k": (0.91, 0.676, 0.99),
}


@pytest.mark.parametrize(("design", "printed"), PRINTED.items())
def test_the_published_example(design: Design, printed: tuple[float, float, float]) -> None:
    found = icc(SHROUT_FLEISS, design=design)
    assert found.low is not None
    assert found.high is not None
    assert (round(found.value, 2), round(found.low, 3), round(found.high, 2)) == printed
    assert found.n == 6


def test_mean_squares_by_hand() -> None:
    # of the same table (Shrout & Fleiss, table 3): between targets 11.24, within 6.26, judges 32.49, residual 1.02
    assert icc(SHROUT_FLEISS, design="1,1").value == pytest.approx((11.24 - 6.26) / (11.24 + 3 * 6.26), abs=1e-3)
    assert icc(SHROUT_FLEISS, design="2,1").value == pytest.approx((11.24 - 1.02) / (11.24 + 3 * 1.02 + 4 * (32.49 - 1.02) / 6), abs=1e-3)
    assert icc(SHROUT_FLEISS, design="3,k").value == pytest.approx((11.24 - 1.02) / 11.24, abs=1e-3)


@pytest.mark.parametrize("design", get_args(Design))
def test_scale_and_zero_change_nothing_and_order_neither(design: Design) -> None:
    table = np.array(SHROUT_FLEISS, dtype=float)
    one, other = icc(table, design=design), icc(-7.5 * table[::-1, [2, 0, 3, 1]] + 1000.0, design=design)
    assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high), rel=1e-9)


@pytest.mark.parametrize("design", get_args(Design))
def test_readers_who_agree_in_all(design: Design) -> None:
    found = icc([[1, 1, 1], [2, 2, 2], [5, 5, 5]], design=design)
    assert (found.value, found.low, found.high, found.no_interval) == (1.0, None, None, "NO_SPREAD")


def test_a_reader_who_is_always_higher_is_consistent_but_does_not_agree() -> None:
    table = [[1.0, 2.0], [2.0, 3.0], [5.0, 6.0]]
    assert icc(table, design="3,1").value == 1.0
    squares = 2 * np.var([1.5, 2.5, 5.5], ddof=1), 3 * 0.5
    assert icc(table, design="2,1").value == pytest.approx(squares[0] / (squares[0] + 2 * squares[1] / 3))


def test_a_wider_level_holds_a_narrower_one() -> None:
    wide, narrow = icc(SHROUT_FLEISS, level=0.99), icc(SHROUT_FLEISS, level=0.5)
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < narrow.low < narrow.value


def test_nothing_to_tell() -> None:
    with pytest.raises(NotMeasurable, match="SUBJECTS_ALIKE"):
        icc([[1, 2], [2, 1]])
    with pytest.raises(NotMeasurable, match="TOO_FEW_CASES"):
        icc([[1, 2]])
    noisy = [[0.0, 1.0], [1.0, 0.1], [0.1, 1.0], [1.0, 0.0]]
    assert icc(noisy, design="2,1").value < -0.9
    with pytest.raises(NotMeasurable, match="ERROR_PREVAILS"):
        icc(noisy, design="2,k")
