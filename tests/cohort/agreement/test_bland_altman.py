"""Truth: Bland & Altman 1986, table 1 (peak flow by two meters), and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from carpet.cohort.agreement.bland_altman import bland_altman
from carpet.core.errors import NotMeasurable

WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_the_published_example() -> None:
    found = bland_altman(WRIGHT, MINI)
    assert (round(found.bias.value, 1), round(found.sd, 1), found.bias.n) == (-2.1, 38.8, 17)
    assert found.bias.low is not None
    assert found.bias.high is not None
    assert (round(found.bias.low, 1), round(found.bias.high, 1)) == (-22.0, 17.8)
    # the paper rounds 1.96 to 2: limits -79.7 and 75.5, each ± 34.6
    assert (found.lower.value, found.upper.value) == pytest.approx((-79.7 + 0.04 * 38.8, 75.5 - 0.04 * 38.8), abs=0.1)
    for limit in (found.lower, found.upper):
        assert limit.high is not None
        assert limit.high - limit.value == pytest.approx(34.6, abs=0.1)


def test_ratios_of_volumes() -> None:
    # ln ratios are ln 2, -ln 2, ln 2, -ln 2: mean 0, SD ln 2 · √(4/3)
    first, second = [20.0, 5.0, 200.0, 50.0], [10.0, 10.0, 100.0, 100.0]
    found = bland_altman(first, second, scale="log")
    sd = math.log(2) * math.sqrt(4 / 3)
    assert (found.bias.value, found.sd) == pytest.approx((1.0, sd))
    assert (found.lower.value, found.upper.value) == pytest.approx((math.exp(-1.959964 * sd), math.exp(1.959964 * sd)), rel=1e-6)
    assert found.upper.high == pytest.approx(math.exp(1.959964 * sd + t.ppf(0.975, 3) * sd * math.sqrt(3 / 4)), rel=1e-6)


def test_percent_of_the_mean() -> None:
    found = bland_altman([11.0, 33.0], [9.0, 27.0], scale="percent")
    assert (found.bias.value, found.lower.value, found.upper.value, found.sd) == pytest.approx((20.0, 20.0, 20.0, 0.0))


def test_changing_places_changes_the_sign() -> None:
    one, other = bland_altman(WRIGHT, MINI), bland_altman(MINI, WRIGHT)
    assert (other.bias.value, other.lower.value) == pytest.approx((-one.bias.value, -one.upper.value))


def test_what_has_no_logarithm_or_percentage() -> None:
    for scale, first in (("log", [0.0, 1.0]), ("percent", [0.0, 0.0])):
        with pytest.raises(NotMeasurable, match="NOT_POSITIVE"):
            bland_altman(first, np.zeros(2), scale=scale)  # type: ignore[arg-type]
    with pytest.raises(NotMeasurable, match="TOO_FEW_CASES"):
        bland_altman([1.0], [2.0])
