"""Truth: closed form: Harrell's bootstrap as a slow loop over this package's single models; noise, of which nothing must be left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.concordance_harrell import concordance_harrell
from carpet.cohort.cox import cox
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.fitting import fits
from carpet.cohort.models.measures import measured, times
from carpet.cohort.models.optimism import corrected, corrected_slope, optimism
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.samples import drawn_weights

DAY = 365


def test_as_a_slow_loop(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7, 0.3, 0.0))
    rows = np.random.default_rng(5).integers(0, 40, (30, 40))
    weight = np.stack([np.bincount(one, minlength=40) for one in rows])
    everybody = dict(zip(made.columns, made.values.T, strict=True))

    def c(survival: object, risk: np.ndarray) -> float:
        return concordance_harrell(survival, risk).value  # type: ignore[arg-type]

    excess = []
    for some in rows:
        drawn = made.survival.take(some)
        risk = cox(drawn, {name: values[some] for name, values in everybody.items()}).linear_predictor(everybody)
        excess.append(c(drawn, risk[some]) - c(made.survival, risk))
    apparent = c(made.survival, cox(made.survival, everybody).linear_predictor(everybody))

    found = optimism(Pipeline("m", made.terms), made, times(made.survival, day=DAY), weight, seed=1)
    number = corrected(float(found.apparent[0]), found.inside[:, 0], found.outside[:, 0])
    assert number.apparent == pytest.approx(apparent, abs=1e-12)
    assert number.optimism == pytest.approx(float(np.mean(excess)), abs=1e-12)
    assert number.corrected == pytest.approx(apparent - float(np.mean(excess)), abs=1e-12)
    assert number.samples == 30


def test_nothing_is_left_of_noise_if_the_selection_is_resampled_too(table: Callable[..., Candidates]) -> None:
    """The same selection made once, outside, leaves what it found by chance: the leak this room is built against."""
    inside, outside = [], []
    for seed in range(8):
        made = table(60, effects=(0.0,) * 30, seed=seed)
        at, weight = times(made.survival, day=DAY), drawn_weights(60, 60, seed=seed)
        honest = Pipeline("honest", made.terms, selection="univariable", select_below=0.1)
        found = optimism(honest, made, at, weight, seed=1)
        inside.append(corrected(float(found.apparent[0]), found.inside[:, 0], found.outside[:, 0]).corrected)
        chosen = tuple(made.terms[k] for k in np.flatnonzero(found.whole.kept[0]))
        leaky = optimism(Pipeline("leaky", chosen), made, at, weight, seed=1)
        outside.append(corrected(float(leaky.apparent[0]), leaky.inside[:, 0], leaky.outside[:, 0]).corrected)
    honest_c, leaky_c = (
        float(np.mean([one for one in inside if one is not None])),
        float(np.mean([one for one in outside if one is not None])),
    )
    assert len(inside) == len(outside) == 8
    assert abs(honest_c - 0.5) < 0.06
    assert leaky_c > 0.58


def test_the_interval_is_the_spread_moved_to_the_corrected_value() -> None:
    inside = np.array([0.70, 0.72, 0.74, 0.76, 0.78])
    found = corrected(0.71, inside, inside - 0.05, level=0.5)
    assert (found.optimism, found.corrected) == (pytest.approx(0.05), pytest.approx(0.66))
    assert (found.low, found.high) == (pytest.approx(0.64), pytest.approx(0.68))
    lost = corrected(0.71, np.append(inside, np.nan), np.append(inside - 0.05, 0.5))
    assert lost.samples == 5
    assert lost.corrected == pytest.approx(0.66)


def test_a_slope_takes_medians() -> None:
    outside = np.array([0.5, 0.6, 0.7, 0.8, 90.0])
    found = corrected_slope(1.0, np.ones(5), outside, level=0.5)
    assert found.corrected == pytest.approx(0.7)
    assert (found.low, found.high) == (pytest.approx(0.6), pytest.approx(0.8))


def test_without_a_number_there_is_none() -> None:
    nothing = np.full(4, np.nan)
    for by in (corrected, corrected_slope):
        assert by(float("nan"), np.ones(4), np.ones(4)).corrected is None
        found = by(0.6, nothing, nothing)
        assert (found.apparent, found.corrected, found.low, found.samples) == (0.6, None, None, 0)


def test_the_apparent_measures_are_those_of_all_patients(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7, 0.3))
    at, everybody = times(made.survival, day=DAY), np.ones((1, 40), dtype=np.int64)
    pipeline = Pipeline("m", made.terms, penalty="ridge")
    found = optimism(pipeline, made, at, drawn_weights(40, 5, seed=1), seed=1)
    whole = fits(pipeline, made, everybody, day=DAY, seed=1)
    assert found.apparent == pytest.approx(measured(at, everybody, whole.risk, whole.free)[0])
    assert found.inside.shape == found.outside.shape == (5, 5)
