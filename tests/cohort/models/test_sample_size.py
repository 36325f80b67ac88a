"""Truth: published example: Riley 2020 BMJ 368:m441 and the authors' program (5,143 and 1,039 patients, largest R² 0.555); closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from carpet.cohort.cox import cox
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.sample_size import expected_shrinkage, largest_r2, needed, sample_sizes
from carpet.core.errors import ProtocolError


def test_the_published_example() -> None:
    found = needed(r2=0.051, coefficients=30, rate=0.065, mean_follow_up=2.07, day=2.0)
    assert (found.for_shrinkage, found.for_r2, found.patients) == (5143, 1039, 5143)
    assert found.largest_r2 == pytest.approx(0.555, abs=5e-4)


def test_the_risk_is_known_to_five_points() -> None:
    count = needed(r2=0.2, coefficients=1, rate=0.5, mean_follow_up=1.0, day=1.0).for_risk
    for patients, wide in ((count, False), (count - 1, True)):
        error = 1.96 * math.sqrt(0.5 / patients)
        reach = max(math.exp(-0.5) - math.exp(-0.5 - error), math.exp(-0.5 + error) - math.exp(-0.5))
        assert (reach > 0.05) is wide


def test_shrinkage_read_the_other_way_round() -> None:
    assert expected_shrinkage(0.051, 30, 5143) == pytest.approx(0.9, abs=1e-4)
    assert expected_shrinkage(0.051, 30, 50_000) > 0.98
    assert expected_shrinkage(0.051, 30, 500) < 0.6


def test_what_the_patients_show(table: Callable[..., Candidates]) -> None:
    made = table(60, effects=(0.8, 0.2))
    modest, shown = sample_sizes(Pipeline("m", made.terms, penalty="ridge"), made, day=365, seed=1)
    gain = cox(made.survival, dict(zip(made.columns, made.values.T, strict=True))).likelihood_ratio.chi_square
    assert shown.r2 == pytest.approx((1 - 2 / gain) * (1 - math.exp(-gain / 60)), rel=1e-6)
    assert modest.r2 == pytest.approx(0.15 * largest_r2(made.events / 60))
    assert modest.needed is not None
    assert modest.needed.patients > 60
    assert modest.shrinkage is not None
    assert 0.0 < modest.shrinkage < 0.9
    assert (shown.coefficients, shown.patients, shown.events) == (2, 60, made.events)


def test_patients_who_show_nothing(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.0,) * 4, seed=3)
    gain = cox(made.survival, dict(zip(made.columns, made.values.T, strict=True))).likelihood_ratio.chi_square
    assert gain < 4.0
    _, shown = sample_sizes(Pipeline("m", made.terms), made, day=365, seed=1)
    assert shown.reason_missing == "NOTHING_LEARNT"
    assert shown.needed is shown.r2 is shown.shrinkage is None


@pytest.mark.parametrize("wrong", [{"r2": 0.0}, {"r2": 1.0}, {"coefficients": 0}, {"rate": 0.0}])
def test_what_cannot_be_planned(wrong: dict[str, float]) -> None:
    with pytest.raises(ProtocolError):
        needed(**({"r2": 0.1, "coefficients": 3, "rate": 0.1, "mean_follow_up": 1.0, "day": 1.0} | wrong))  # type: ignore[arg-type]
