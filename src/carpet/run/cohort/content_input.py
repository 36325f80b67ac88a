"""What the cohort report is made of: the table, the trial's rows, and the results of every analysis, as plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carpet.clinical import Patient
from carpet.cohort.calibration import Calibration
from carpet.cohort.decision_curve import DecisionCurve
from carpet.cohort.table import Cohort
from carpet.core.protocol import Protocol

if TYPE_CHECKING:
    from carpet.cohort.analyses.associations import Association
    from carpet.cohort.analyses.by_group import ByGroup
    from carpet.cohort.analyses.competing import Incidences
    from carpet.cohort.analyses.cutting import Cut
    from carpet.cohort.analyses.effects import Effect
    from carpet.cohort.analyses.specification import Specification
    from carpet.cohort.models.learning_curve import Learnt
    from carpet.cohort.models.performance import Performance
    from carpet.cohort.models.sample_size import SampleSize

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class AreaOn:
    """The AUC on one day, of patients on whom the model was not fitted, and the spread of it when patients are drawn again."""

    day: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Predicted:
    """One model's risks of the endpoint by a day, of patients it was not fitted on: their calibration and net benefit.

    risks: one a patient, from 0 to 1. validation: how they were kept apart, as `nested`. areas: on rising days up to `day`.
    """

    model: str
    endpoint: str
    day: int
    validation: str
    patients: int
    events: int
    risks: tuple[float, ...]
    calibration: Calibration | None = None
    benefit: DecisionCurve | None = None
    areas: tuple[AreaOn, ...] = ()
    reason_missing: str = ""


@dataclass(frozen=True, slots=True)
class Learning:
    """Whether one model has patients enough. sizes: needed, by each assumption; curve: how well it does, learnt from fewer patients.

    reason_missing: why one of them, or both, are not there.
    """

    model: str
    endpoint: str
    sizes: tuple[SampleSize, ...] = ()
    curve: tuple[Learnt, ...] = ()
    reason_missing: str = ""


@dataclass(frozen=True, eq=False)
class Analysed:
    """All results. rows: the trial's tables as in SCHEMAS. Empty: that analysis gave nothing, and the page says so.

    effects: univariable and multivariable, by the main rules. survival: all, by each group, from each landmark. specifications: the effect
    of the first marker on every endpoint under every set of rules and every delineation. provenance: (what, text) for the last section.
    new_therapy_days: patient → the day after which scans show no response to CAR T-cells (`responses.therapy_day`).
    """

    protocol: Protocol
    cohort: Cohort
    patients: tuple[Patient, ...]
    rows: Rows
    survival: tuple[ByGroup, ...] = ()
    competing: tuple[Incidences, ...] = ()
    effects: tuple[Effect, ...] = ()
    cuts: tuple[Cut, ...] = ()
    associations: tuple[Association, ...] = ()
    performances: tuple[Performance, ...] = ()
    predicted: tuple[Predicted, ...] = ()
    learning: tuple[Learning, ...] = ()
    specifications: tuple[Specification, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    provenance: tuple[tuple[str, str], ...] = ()
    new_therapy_days: Mapping[str, int] = field(default_factory=dict)
