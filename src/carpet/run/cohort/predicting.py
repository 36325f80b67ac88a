"""What each model says of patients on whom it was not fitted: risks by a day, their calibration and net benefit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from carpet.cohort.calibration import calibration
from carpet.cohort.decision_curve import decision_curve
from carpet.cohort.models.candidates import of_all
from carpet.cohort.models.left_out import nested
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.notices import MEASURE_UNDEFINED
from carpet.cohort.survival import FloatArray, Survival
from carpet.cohort.table import Cohort
from carpet.core.errors import Refused
from carpet.run.cohort.content_input import Predicted

THRESHOLDS = np.arange(1, 20) * 0.05  # [P] 5 % to 95 %: which of them matter is a clinical question
NESTED = "nested"


def predicted(cohort: Cohort, endpoint: str, *, pipelines: Sequence[Pipeline], day: int, seed: int) -> Iterator[Predicted]:
    """A result a pipeline, all of the same patients: those who have the terms of every pipeline or can have them imputed.

    Without risks or calibration, the reason. A term that cannot be used refuses its pipeline only.
    """
    everybody, reasons = of_all(cohort, endpoint, tuple(dict.fromkeys(name for one in pipelines for name in one.terms)))
    for one in pipelines:
        reason = next((reasons[name] for name in ("", *one.terms) if name in reasons), "")
        if everybody is None or reason:
            yield Predicted(one.name, endpoint, day, NESTED, 0, 0, (), reason_missing=reason)
            continue
        table = everybody.only(one.terms)
        try:
            risks = nested(one, table, day=day, seed=seed).risks
        except Refused as refused:
            yield Predicted(one.name, endpoint, day, NESTED, table.patients, table.events, (), reason_missing=refused.codes[0])
            continue
        if not np.isfinite(risks).all():
            yield Predicted(one.name, endpoint, day, NESTED, table.patients, table.events, (), reason_missing=MEASURE_UNDEFINED.code)
            continue
        yield _judged(
            Predicted(one.name, endpoint, day, NESTED, table.patients, table.events, tuple(risks.tolist())), table.survival, risks
        )


def _judged(found: Predicted, survival: Survival, risks: FloatArray) -> Predicted:
    made = calibrated = None
    reason = ""
    try:
        calibrated = calibration(survival, risks, day=found.day)
    except Refused as refused:
        reason = refused.codes[0]
    if calibrated is not None and not np.isfinite([calibrated.slope, calibrated.slope_low, calibrated.slope_high, calibrated.ici]).all():
        calibrated, reason = None, MEASURE_UNDEFINED.code
    try:
        made = decision_curve(survival, risks, day=found.day, thresholds=THRESHOLDS)
    except Refused as refused:
        reason = reason or refused.codes[0]
    return replace(found, calibration=calibrated, benefit=made, reason_missing=reason)
