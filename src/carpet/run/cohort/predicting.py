"""What each model says of patients on whom it was not fitted: risks by a day, their calibration and net benefit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from carpet.cohort.calibration import calibration
from carpet.cohort.decision_curve import decision_curve
from carpet.cohort.models.candidates import Candidates, of_all
from carpet.cohort.models.left_out import LeftOut, areas_over_time, nested
from carpet.cohort.models.measures import few_by_day
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.samples import drawn_weights
from carpet.cohort.notices import FEW_BY_DAY, MEASURE_UNDEFINED
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.cohort.table import Cohort
from carpet.core.errors import Refused
from carpet.run.cohort.content_input import AreaOn, Predicted

THRESHOLDS = np.arange(1, 20) * 0.05  # [P] 5 % to 95 %: which of them matter is a clinical question
NESTED = "nested"
PARTS = 8  # [P] of the horizon: the days on which the AUC is given


def predicted(cohort: Cohort, endpoint: str, *, pipelines: Sequence[Pipeline], day: int, samples: int, seed: int) -> Iterator[Predicted]:
    """A result a pipeline, all of the same patients: those who have the terms of every pipeline or can have them imputed.

    Without risks or calibration, the reason. A term that cannot be used refuses its pipeline only. samples: of patients drawn again, for
    the spread of the AUC.
    """
    everybody, reasons = of_all(cohort, endpoint, tuple(dict.fromkeys(name for one in pipelines for name in one.terms)))
    for one in pipelines:
        reason = next((reasons[name] for name in ("", *one.terms) if name in reasons), "")
        if everybody is None or reason:
            yield Predicted(one.name, endpoint, day, NESTED, 0, 0, (), reason_missing=reason)
            continue
        table = everybody.only(one.terms)
        try:
            left_out = nested(one, table, day=day, seed=seed)
        except Refused as refused:
            yield Predicted(one.name, endpoint, day, NESTED, table.patients, table.events, (), reason_missing=refused.codes[0])
            continue
        risks = left_out.risks
        if not np.isfinite(risks).all():
            yield Predicted(one.name, endpoint, day, NESTED, table.patients, table.events, (), reason_missing=MEASURE_UNDEFINED.code)
            continue
        found = Predicted(one.name, endpoint, day, NESTED, table.patients, table.events, tuple(risks.tolist()))
        found = replace(found, areas=tuple(_areas(table, left_out, drawn_weights(table.patients, samples, seed=seed))))
        yield _judged(found, table.survival, risks)


def _areas(table: Candidates, found: LeftOut, drawn: IntArray) -> Iterator[AreaOn]:
    """On days with patients enough on both sides; the limits are those of the measure `AUC at day …` of nested validation."""
    days = [round(found.day * part / PARTS) for part in range(1, PARTS + 1)]
    days = [day for day in days if not few_by_day(table.survival, day)]
    if not days:
        return
    value, spread = areas_over_time(table, found, days), areas_over_time(table, found, days, drawn)
    for n, day in enumerate(days):
        kept = spread[np.isfinite(spread[:, n]), n]
        if np.isfinite(value[n]) and kept.size:
            low, high = np.quantile(kept, [0.025, 0.975])
            yield AreaOn(day, float(value[n]), float(low), float(high))


def _judged(found: Predicted, survival: Survival, risks: FloatArray) -> Predicted:
    made = calibrated = None
    reason = ""
    try:
        calibrated = calibration(survival, risks, day=found.day)
    except Refused as refused:
        reason = refused.codes[0]
    if calibrated is not None and not np.isfinite([calibrated.slope, calibrated.slope_low, calibrated.slope_high, calibrated.ici]).all():
        calibrated, reason = None, MEASURE_UNDEFINED.code
    if few_by_day(survival, found.day):
        return replace(found, reason_missing=reason or FEW_BY_DAY.code)
    try:
        made = decision_curve(survival, risks, day=found.day, thresholds=THRESHOLDS)
    except Refused as refused:
        reason = reason or refused.codes[0]
    return replace(found, calibration=calibrated, benefit=made, reason_missing=reason)
