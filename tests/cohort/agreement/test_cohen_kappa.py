"""Truth: the abstractors' table of Gwet (R irrCAC 1.0, printed by its manual), Cohen's definition, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from carpet.cohort.agreement.cohen_kappa import cohen_kappa, crossed
from carpet.core.errors import NotMeasurable, ProtocolError

ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]  # 100 pregnancies: ectopic, abnormal, normal
DEAUVILLE = ("1", "2", "3", "4", "5")


def pairs(table: list[list[int]]) -> tuple[list[int], list[int]]:
    cells = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return [i for i, _ in cells], [j for _, j in cells]


def test_the_printed_example() -> None:
    found = cohen_kappa(*pairs(ABSTRACTORS), categories=range(3))
    assert found.value == pytest.approx(0.7964094, abs=5e-8)
    assert found.high is not None
    assert (found.high - found.value) / ndtri(0.975) == pytest.approx(0.05891072, abs=5e-8)
    assert found.n == 100


def test_two_categories_by_hand() -> None:
    # 45 + 15 of 100 agree; chance 0.6·0.7 + 0.4·0.3 = 0.54
    found = cohen_kappa(*pairs([[45, 15], [25, 15]]), categories=range(2))
    assert found.value == pytest.approx((0.60 - 0.54) / 0.46)
    weighted = [cohen_kappa(*pairs([[45, 15], [25, 15]]), categories=range(2), weights=kind).value for kind in ("linear", "quadratic")]
    assert weighted == pytest.approx([found.value] * 2)


def test_weights_count_from_end_to_end_of_the_scale() -> None:
    first, second = list("1122334455"), list("1223344555")
    linear, quadratic = (cohen_kappa(first, second, categories=DEAUVILLE, weights=kind).value for kind in ("linear", "quadratic"))
    apart = np.abs(np.subtract.outer(np.array([int(x) for x in first]), np.array([int(x) for x in second])))
    seen = np.diag(apart)
    assert linear == pytest.approx(1 - seen.mean() / apart.mean())
    assert quadratic == pytest.approx(1 - (seen**2).mean() / (apart**2).mean())


def test_the_error_is_the_spread_of_repeated_studies() -> None:
    """Quadratic κ of three categories whose joint probabilities are known, so that its true value is."""
    p = np.array([[0.25, 0.08, 0.02], [0.05, 0.20, 0.08], [0.02, 0.05, 0.25]])
    apart = np.subtract.outer(np.arange(3), np.arange(3)) ** 2
    truth = 1 - (apart * p).sum() / (apart * np.outer(p.sum(1), p.sum(0))).sum()
    studies = np.random.default_rng(5).multinomial(300, p.ravel(), 500)
    found = [cohen_kappa(*pairs(one.reshape(3, 3).tolist()), categories=range(3), weights="quadratic") for one in studies]
    values = np.array([one.value for one in found])
    errors = [(one.high - one.value) / ndtri(0.975) for one in found if one.high is not None]
    assert values.mean() == pytest.approx(truth, abs=0.01)
    assert np.mean(errors) == pytest.approx(values.std(), rel=0.1)  # three standard errors of a spread of 500


def test_perfect_agreement_and_none_to_tell() -> None:
    few = cohen_kappa("121", "121", categories="12")
    assert (few.value, few.low, few.high, few.n, few.no_interval) == (1.0, None, None, 3, "TOO_FEW_FOR_INTERVAL")
    whole = cohen_kappa("12" * 20, "12" * 20, categories="12")  # the large-sample error is 0 here, which is no certainty
    assert (whole.value, whole.low, whole.high, whole.no_interval) == (1.0, None, None, "NO_SPREAD")
    enough = cohen_kappa("12" * 5, "12" * 4 + "11", categories="12")
    assert enough.low is not None
    assert enough.no_interval == ""
    with pytest.raises(NotMeasurable, match="ONE_CATEGORY"):
        cohen_kappa("11", "11", categories="12")
    with pytest.raises(NotMeasurable, match="TOO_FEW_CASES"):
        cohen_kappa("1", "1", categories="12")


def test_a_category_that_is_not_listed_is_a_wrong_call() -> None:
    with pytest.raises(ProtocolError, match="no category is called X"):
        crossed(["X"], ["1"], categories=DEAUVILLE)
    np.testing.assert_array_equal(crossed("12", "22", categories="12"), [[0, 1], [0, 1]])
