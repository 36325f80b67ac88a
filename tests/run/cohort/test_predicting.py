"""Contract: every pipeline says what it can of patients it was not fitted on: a risk each from 0 to 1, or the reason for none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.validating import models
from carpet.cohort.table import Cohort
from carpet.run.cohort.frame import cohort_from
from carpet.run.cohort.predicting import THRESHOLDS, predicted

IPI = Pipeline("IPI alone", ("ipi",))


def test_risks_are_probabilities_and_are_judged(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(24)), "OS", pipelines=[IPI], day=450, samples=50, seed=1)
    assert (one.model, one.endpoint, one.day, one.validation, one.patients) == ("IPI alone", "OS", 450, "nested", 24)
    assert one.events == 8
    assert len(one.risks) == 24
    assert all(0.0 <= risk <= 1.0 for risk in one.risks)
    assert one.reason_missing == ""
    assert one.calibration is not None
    assert one.benefit is not None
    assert len(one.benefit.model) == len(THRESHOLDS)


def test_the_area_over_time_is_that_of_the_table_on_its_day(several: Callable[..., Any]) -> None:
    asked: dict[str, Any] = {"pipelines": [IPI], "day": 400, "samples": 50, "seed": 1}
    cohort = cohort_from(several(30))
    (one,) = predicted(cohort, "OS", **asked)
    held = [row for row in models(cohort, "OS", rules="default", **asked) if row.validation == "nested"]
    (area,) = (row for row in held if row.measure == "AUC at day 400")
    last = one.areas[-1]
    assert (last.day, last.auc, last.low, last.high) == (400, *(pytest.approx(v, abs=1e-12) for v in (area.corrected, area.low, area.high)))
    days, died = cohort.values("os_days"), cohort.values("os_event")
    cases = [sum(day <= at.day and event == 1 for day, event in zip(days, died, strict=True)) for at in one.areas]
    assert min(cases) == 5  # the first days have fewer, and no area
    assert [at.day for at in one.areas] == sorted(at.day for at in one.areas)


def test_all_models_are_judged_on_the_same_patients(several: Callable[..., Any]) -> None:
    found = cohort_from(several(24))
    kept = [name for name in ("tmtv", "suv_max") if found.known([name]).size > 12]
    name = next(name for name in kept if found.column(name).doubling)
    rows = tuple(dict(row) | ({name: 0.0} if n < 4 else {name: 10.0 + n}) for n, row in enumerate(found.rows))
    pipelines = [Pipeline("volume", (name,)), IPI]
    judged = list(predicted(Cohort(found.columns, rows), "OS", pipelines=pipelines, day=540, samples=50, seed=1))
    assert [one.patients for one in judged] == [20, 20]
    assert judged[0].benefit is not None
    assert judged[1].benefit is not None
    assert judged[0].benefit.treat_all.tolist() == judged[1].benefit.treat_all.tolist()


def test_where_few_can_be_told_apart_by_the_day_nothing_is_judged_by_it(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(24)), "OS", pipelines=[IPI], day=300, samples=50, seed=1)  # three have died by then
    assert (one.calibration, one.benefit, one.areas, one.reason_missing) == (None, None, (), "FEW_BY_DAY")
    assert len(one.risks) == 24


def test_a_day_beyond_follow_up_leaves_risks_without_judgement(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(24)), "OS", pipelines=[IPI], day=3_000, samples=50, seed=1)
    assert (one.calibration, one.benefit, one.reason_missing) == (None, None, "DAY_TOO_LATE")


def test_without_events_there_is_a_reason(several: Callable[..., Any]) -> None:
    (one,) = predicted(cohort_from(several(8, died=lambda n: False)), "OS", pipelines=[IPI], day=300, samples=50, seed=1)
    assert (one.risks, one.calibration) == ((), None)
    assert one.reason_missing
