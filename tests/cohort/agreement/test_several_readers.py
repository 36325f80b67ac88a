"""Truth: Fleiss 1971, table 1 (30 patients, 6 psychiatrists); R irrCAC 1.0's printed examples; and closed forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scipy.stats import t

from carpet.cohort.agreement.estimate import Estimate
from carpet.cohort.agreement.several_readers import fleiss_kappa, gwet_ac1, percent_agreement
from carpet.core.errors import NotMeasurable

FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
RATINGS = [[category for category in range(5) for _ in range(int(counts[category]))] for counts in FLEISS.split()]
# cac.raw4raters: 12 units, 4 raters; None is not rated
FOUR_RATERS: list[list[int | None]] = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
]  # fmt: skip
ABSTRACTORS = [(i, j) for i, row in enumerate([[13, 0, 0], [0, 20, 7], [0, 4, 56]]) for j, count in enumerate(row) for _ in range(count)]


def error(found: Estimate) -> float:
    assert found.low is not None
    return (found.value - found.low) / float(t.ppf(0.975, found.n - 1))


def test_fleiss() -> None:
    found = fleiss_kappa(RATINGS, categories=range(5))
    assert (round(found.value, 3), found.n) == (0.430, 30)
    assert percent_agreement(RATINGS, categories=range(5)).value == pytest.approx(55.56, abs=0.005)


def test_printed_examples_with_ratings_that_are_missing() -> None:
    ac1, kappa = (function(FOUR_RATERS, categories=range(1, 6)) for function in (gwet_ac1, fleiss_kappa))
    assert (ac1.value, error(ac1)) == pytest.approx((0.77544, 0.14295), abs=5e-6)
    assert (kappa.value, error(kappa)) == pytest.approx((0.76117, 0.15302), abs=5e-6)
    assert (ac1.high, ac1.n) == (1.0, 12)


def test_two_readers() -> None:
    found = gwet_ac1(ABSTRACTORS, categories=range(3))
    assert found.value == pytest.approx(0.8493305, abs=5e-8)
    assert error(found) * (99 / 100) ** 0.5 == pytest.approx(0.04321747, abs=5e-8)  # for a table of two it divides by n, not n − 1


def test_ac1_keeps_its_sense_where_one_category_prevails() -> None:
    cases = [("a", "a")] * 95 + [("a", "b")] * 5
    assert fleiss_kappa(cases, categories="ab").value == pytest.approx(-0.05 / 1.95)
    prevalence = 0.975
    chance = 2 * prevalence * (1 - prevalence)
    assert gwet_ac1(cases, categories="ab").value == pytest.approx((0.95 - chance) / (1 - chance))


def test_a_category_that_nobody_used_counts() -> None:
    cases = [("a", "a"), ("b", "b"), ("a", "b")]
    # π = ½, ½: chance ½ of two categories, ¼ of three
    assert gwet_ac1(cases, categories="ab").value == pytest.approx((2 / 3 - 1 / 2) / (1 / 2))
    assert gwet_ac1(cases, categories="abc").value == pytest.approx((2 / 3 - 1 / 4) / (3 / 4))


def test_nothing_to_tell() -> None:
    for function in (fleiss_kappa, gwet_ac1, percent_agreement):
        with pytest.raises(NotMeasurable, match="TOO_FEW_CASES"):
            function([("a", "a"), ("a", None), (None, None)], categories="ab")
    with pytest.raises(NotMeasurable, match="ONE_CATEGORY"):
        fleiss_kappa([("a", "a")] * 3, categories="ab")
    with pytest.raises(NotMeasurable, match="ONE_CATEGORY"):
        gwet_ac1([("a", "a")] * 3, categories="a")
    assert gwet_ac1([("a", "a")] * 3, categories="ab").value == 1.0


@pytest.mark.parametrize("function", [fleiss_kappa, gwet_ac1])
def test_no_interval_below_ten_cases_or_without_spread(function: Callable[..., Estimate]) -> None:
    apart = [("a", "a"), ("b", "b"), ("a", "b")]
    few = function(apart * 3, categories="ab")  # nine cases, of which three differ
    assert (few.low, few.high, few.no_interval) == (None, None, "TOO_FEW_FOR_INTERVAL")
    pairs = function([*apart * 3, ("a", None), (None, "b")], categories="ab")  # eleven cases, but two readers of nine only
    assert pairs.no_interval == "TOO_FEW_FOR_INTERVAL"
    ten = function([*apart * 3, ("a", "a")], categories="ab")
    assert ten.low is not None
    assert ten.low < ten.value
    assert ten.no_interval == ""
    alike = function([("a", "a"), ("b", "b")] * 10, categories="ab")
    assert (alike.value, alike.low, alike.high, alike.no_interval) == (1.0, None, None, "NO_SPREAD")
