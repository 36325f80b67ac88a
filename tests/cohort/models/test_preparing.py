"""Truth: closed form: what each sample's own patients say, with the steps done one sample at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from carpet.cohort.harmonisation import combat, harmonised
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.preparing import check, prepared
from carpet.cohort.models.samples import drawn_weights
from carpet.core.errors import ProtocolError, Refused


def test_standardised_by_the_sample(table: Callable[..., Candidates]) -> None:
    made = table(30, effects=(0.5, 0.0))
    weight = drawn_weights(30, 3, seed=1)
    found = prepared(Pipeline("m", made.terms), made, weight, seed=(1,))
    for k in range(3):
        drawn = made.values[np.repeat(np.arange(30), weight[k])]
        assert found.fit[k] == pytest.approx((made.values - drawn.mean(axis=0)) / drawn.std(axis=0))
    assert found.predict.tolist() == found.fit.tolist()
    assert found.usable.all()


def test_a_column_without_spread_is_marked(table: Callable[..., Candidates]) -> None:
    made = table(20, effects=(0.5, 0.0))
    values = made.values.copy()
    values[:10, 1] = 3.0
    weight = np.array([[1] * 10 + [0] * 10])
    found = prepared(Pipeline("m", made.terms), replace(made, values=values), weight, seed=(1,))
    assert found.flat.tolist() == [[False, True]]
    assert (found.fit[0, :, 1] == 0.0).all()


def test_completed_tables_stand_side_by_side(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.5, 0.3), missing=0.2)
    weight = drawn_weights(40, 4, seed=2)
    found = prepared(Pipeline("m", made.terms, imputations=3), made, weight, seed=(1,))
    assert found.weight.tolist() == np.repeat(weight, 3, axis=0).tolist()
    known = ~np.isnan(made.values)
    raw = found.fit * found.scale[:, None, :] + found.mean[:, None, :]
    assert np.abs(raw - made.values)[:, known].max() < 1e-12
    assert np.ptp(raw[:3, ~known], axis=0).max() > 0.0
    assert prepared(Pipeline("m", made.terms, imputation="median"), made, weight, seed=(1,)).fit.shape[0] == 4


def test_the_cut_is_searched_in_each_sample(table: Callable[..., Candidates]) -> None:
    made = table(40, effects=(0.8, 0.0))
    weight = drawn_weights(40, 5, seed=3)
    found = prepared(Pipeline("m", made.terms, cut=("x0",)), made, weight, seed=(1,))
    for k in range(5):
        rows = np.repeat(np.arange(40), weight[k])
        best = maximal_log_rank(made.survival.take(rows), made.values[rows, 0])
        assert found.cut[k, 0] == best.values[best.best]
        assert (found.fit[k, :, 0] > 0.0).tolist() == (made.values[:, 0] > found.cut[k, 0]).tolist()
    assert np.isnan(found.cut[:, 1]).all()
    assert np.ptp(found.cut[:, 0]) > 0.0


def test_sites_are_put_on_one_footing_in_each_sample(table: Callable[..., Candidates]) -> None:
    made = table(60, effects=(0.8, 0.0), sites=2)
    assert made.site is not None
    values = made.values + 4.0 * made.site[:, None]
    weight = drawn_weights(60, 3, seed=4)
    found = prepared(Pipeline("m", made.terms, harmonised=("x1",)), replace(made, values=values), weight, seed=(1,))
    raw = found.fit * found.scale[:, None, :] + found.mean[:, None, :]
    for k in range(3):
        rows = np.repeat(np.arange(60), weight[k])
        model = combat(values[rows, 1:], made.site[rows])
        assert raw[k, :, 1] == pytest.approx(harmonised(model, values[:, 1:], made.site)[:, 0])
        assert raw[k, :, 0] == pytest.approx(values[:, 0])


def test_what_is_not_possible_at_all_is_refused(table: Callable[..., Candidates]) -> None:
    small, none = table(24, effects=(0.5,), sites=3), table(24, effects=(0.5,))
    pipeline = Pipeline("m", ("x0",), harmonised=("x0",))
    with pytest.raises(Refused, match="SITE_TOO_SMALL"):
        check(pipeline, small)
    with pytest.raises(Refused, match="SITE_UNKNOWN"):
        check(pipeline, none)
    levels = replace(table(24, effects=(0.5, 0.0)), terms=("stage",), of=np.array([0, 0]))
    with pytest.raises(ProtocolError, match="has levels"):
        check(Pipeline("m", ("stage",), cut=("stage",)), levels)
