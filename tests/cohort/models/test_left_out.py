"""Truth: closed form: models of the other patients fitted one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from carpet.cohort.concordance_harrell import concordance_harrell
from carpet.cohort.cox import cox
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.left_out import areas_over_time, by_site, nested, performances
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.samples import drawn_weights
from carpet.core.errors import Refused

DAY = 365


def test_each_site_by_the_model_of_the_others(table: Callable[..., Candidates]) -> None:
    made = table(60, effects=(0.7, 0.3), sites=3)
    found = by_site(Pipeline("m", made.terms), made, day=DAY, seed=1)
    agree = pairs = 0.0
    for site in range(3):
        there = made.site == site
        model = cox(made.survival.take(~there), {name: values[~there] for name, values in zip(made.columns, made.values.T, strict=True)})
        risk = model.linear_predictor({name: values[there] for name, values in zip(made.columns, made.values.T, strict=True)})
        assert found.risk[0, there] == pytest.approx(risk, abs=1e-6)
        own = concordance_harrell(made.survival.take(there), risk)
        agree, pairs = agree + own.value * own.pairs, pairs + own.pairs
    assert performances(made, found)[0] == pytest.approx(agree / pairs, abs=1e-12)
    assert found.risks.shape == (60,)
    assert ((found.risks >= 0) & (found.risks <= 1)).all()


def test_folds_are_dealt_anew_in_each_repeat(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7, 0.3))
    found = nested(Pipeline("m", made.terms), made, day=DAY, seed=1, folds=4, repeats=2)
    assert found.block.shape == (2, 40)
    assert (found.block[0] != found.block[1]).any()
    for repeat in range(2):
        for fold in range(4):
            there = found.block[repeat] == fold
            model = cox(
                made.survival.take(~there), {name: values[~there] for name, values in zip(made.columns, made.values.T, strict=True)}
            )
            risk = model.linear_predictor({name: values[there] for name, values in zip(made.columns, made.values.T, strict=True)})
            assert found.risk[repeat, there] == pytest.approx(risk, abs=1e-6)


def test_the_area_over_time_is_that_of_the_measures_on_their_day(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7, 0.3))
    found = nested(Pipeline("m", made.terms), made, day=DAY, seed=1, folds=4, repeats=2)
    drawn = drawn_weights(40, 5, seed=3)
    assert areas_over_time(made, found, (200, DAY))[1] == pytest.approx(performances(made, found)[2], abs=1e-12)
    several = areas_over_time(made, found, (200, DAY), drawn)
    assert several.shape == (5, 2)
    assert several[:, 1] == pytest.approx(performances(made, found, drawn)[:, 2], abs=1e-12, nan_ok=True)


def test_a_patients_own_outcome_does_not_move_her_prediction(table: Callable[..., Candidates]) -> None:
    """Of a penalty chosen and gaps filled on the others alone: nothing of the patients left out may enter."""
    made = table(45, effects=(0.7, 0.3), missing=0.1, sites=3)
    pipeline = Pipeline("m", made.terms, penalty="ridge", imputation="median")
    values = made.values.copy()
    values[made.site == 0] += 5.0
    before, after = (by_site(pipeline, one, day=DAY, seed=1) for one in (made, replace(made, values=values)))
    there = (made.site == 0) & ~np.isnan(made.values).any(axis=1)
    moved = after.risk[0, there] - before.risk[0, there]
    assert moved == pytest.approx(np.full(moved.size, moved[0]), abs=1e-9)  # her own columns move her, the model stays


def test_patients_drawn_again_give_the_spread(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.7, 0.3))
    found = nested(Pipeline("m", made.terms), made, day=DAY, seed=1, repeats=2)
    spread = performances(made, found, drawn_weights(40, 50, seed=2))
    assert spread.shape == (50, 5)
    everybody = performances(made, found, np.ones((2, 40), dtype=np.int64))
    assert everybody == pytest.approx(np.stack([performances(made, found)] * 2))
    assert np.ptp(spread[:, 0]) > 0.0


def test_sites_that_cannot_be_left_out(table: Callable[..., Candidates]) -> None:
    for sites in (0, 2):
        with pytest.raises(Refused, match="SITES_TOO_FEW"):
            by_site(Pipeline("m", ("x0",)), table(40, effects=(0.7,), sites=sites), day=DAY, seed=1)
    with pytest.raises(Refused, match="SITE_UNKNOWN"):
        by_site(Pipeline("m", ("x0",), harmonised=("x0",)), table(90, effects=(0.7,), sites=3), day=DAY, seed=1)
