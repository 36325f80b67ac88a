"""Truth: closed form: a marker with a true step, and one that says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.cohort.cut_bootstrap import cut_bootstrap, shrunken
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused


def made(effect: float, number: int = 160) -> tuple[Survival, np.ndarray]:
    """Markers 0 … 100; above 60 the hazard is exp(effect) times higher."""
    rng = np.random.default_rng(19)
    marker = rng.uniform(0, 100, number)
    days, leaves = np.ceil(rng.exponential(300.0 / np.exp(effect * (marker > 60)))), np.ceil(rng.uniform(200, 900, number))
    return Survival.of(np.minimum(days, leaves), days <= leaves), marker


def test_a_true_step_is_found_again_and_again() -> None:
    survival, marker = made(1.5)
    found = cut_bootstrap(survival, marker, samples=60, seed=1)
    assert found.low < 60
    assert found.high > 55
    assert found.high - found.low < 25
    assert 1.0 < found.ratio_corrected < found.ratio
    assert found.ratio_low < np.exp(1.5) < found.ratio_high
    assert found.left_out == 0


def test_where_nothing_is_the_ratio_shrinks_to_one() -> None:
    survival, marker = made(0.0)
    found = cut_bootstrap(survival, marker, samples=60, seed=1)
    assert abs(np.log(found.ratio_corrected)) < 0.6 * abs(np.log(found.ratio))
    assert found.ratio_low < 1.0 < found.ratio_high
    assert found.high - found.low > 40


def test_the_same_seed_gives_the_same(survival: Survival) -> None:
    some, marker = made(0.7, 60)
    first, again = (cut_bootstrap(some, marker, samples=10, seed=3) for _ in range(2))
    assert first.cuts.tobytes() == again.cuts.tobytes()
    assert first.ratio_low == again.ratio_low


def test_turning_the_marker_round_turns_the_ratio() -> None:
    survival, marker = made(1.5)
    found, turned = (cut_bootstrap(survival, one, samples=30, seed=1) for one in (marker, -marker))
    assert turned.ratio * found.ratio == pytest.approx(1.0, rel=1e-6)
    assert turned.ratio_corrected > turned.ratio


def test_what_is_taken_off_stops_at_no_effect() -> None:
    assert shrunken([0.5, -0.5, 0.2, -0.2, 0.0], 0.3) == pytest.approx([0.2, -0.2, 0.0, 0.0, 0.0])
    assert shrunken(-0.5, -0.1) == pytest.approx(-0.6)


def test_refused_where_there_is_no_cut() -> None:
    with pytest.raises(Refused, match="NO_CUT"):
        cut_bootstrap(Survival.of([1, 2, 3], [1, 1, 0]), [4, 4, 4], samples=5, seed=1)
