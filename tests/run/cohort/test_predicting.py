"""Contract: every pipeline says what it can of patients it was not fitted on: a risk each from 0 to 1, or the reason for none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.table import Cohort
from carpet.run.cohort.frame import cohort_from
from carpet.run.cohort.predicting import THRESHOLDS, predicted

IPI = Pipeline("IPI alone", ("ipi",))


def test_risks_are_probabilities_and_are_judged(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(24)), "OS", pipelines=[IPI], day=300, seed=1)
    assert (one.model, one.endpoint, one.day, one.validation, one.patients) == ("IPI alone", "OS", 300, "nested", 24)
    assert one.events == 8
    assert len(one.risks) == 24
    assert all(0.0 <= risk <= 1.0 for risk in one.risks)
    assert one.reason_missing == ""
    assert one.calibration is not None
    assert one.benefit is not None
    assert len(one.benefit.model) == len(THRESHOLDS)


def test_all_models_are_judged_on_the_same_patients(several: Callable[..., Any]) -> None:
    found = cohort_from(several(24))
    kept = [name for name in ("tmtv", "suv_max") if found.known([name]).size > 12]
    name = next(name for name in kept if found.column(name).doubling)
    rows = tuple(dict(row) | ({name: 0.0} if n < 4 else {name: 10.0 + n}) for n, row in enumerate(found.rows))
    pipelines = [Pipeline("volume", (name,)), IPI]
    judged = list(predicted(Cohort(found.columns, rows), "OS", pipelines=pipelines, day=300, seed=1))
    assert [one.patients for one in judged] == [20, 20]
    assert judged[0].benefit is not None
    assert judged[1].benefit is not None
    assert judged[0].benefit.treat_all.tolist() == judged[1].benefit.treat_all.tolist()


def test_a_day_beyond_follow_up_leaves_risks_without_judgement(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(24)), "OS", pipelines=[IPI], day=3_000, seed=1)
    assert (one.calibration, one.benefit, one.reason_missing) == (None, None, "DAY_TOO_LATE")


def test_without_events_there_is_a_reason(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(8, died=lambda n: False)), "OS", pipelines=[IPI], day=300, seed=1)
    assert (one.risks, one.calibration) == ((), None)
    assert one.reason_missing
