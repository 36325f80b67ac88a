"""Truth: closed form: what sample_sizes and learning_curve say of the same patients; a reason where they can't."""

from __future__ import annotations

from dataclasses import replace

from carpet.cohort.models.candidates import candidates
from carpet.cohort.models.learning_curve import learning_curve
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.sample_size import sample_sizes
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.learning import MEASURE, SPLITS, learning

PIPELINES = (Pipeline("first", ("tmtv", "age_years")), Pipeline("second", ("tmtv",)))


def test_sizes_of_every_model_and_the_curve_of_the_first(analysed: Analysed) -> None:
    first, second = learning(analysed.cohort, "PFS", pipelines=PIPELINES, day=365, seed=1)
    table = candidates(analysed.cohort, "PFS", ("tmtv", "age_years"))
    assert first.sizes == sample_sizes(PIPELINES[0], table, day=365, seed=1)
    whole = learning_curve(PIPELINES[0], table, day=365, seed=1, samples=SPLITS)
    assert first.curve == tuple(one for one in whole if one.measure == MEASURE)
    assert len(first.curve) == 5
    assert (len(second.sizes), second.curve) == (2, ())


def test_nobody_to_learn_from_is_a_reason(analysed: Analysed) -> None:
    nobody = replace(analysed.cohort, rows=())
    found = list(learning(nobody, "PFS", pipelines=PIPELINES, day=365, seed=1))
    assert [(one.sizes, one.curve, one.reason_missing) for one in found] == [((), (), "NO_PATIENTS")] * 2
