"""How many patients a model with so many coefficients needs, and how far this cohort is from it: the criteria of Riley and colleagues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from carpet.cohort import notices
from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.penalised_cox import no_penalty, penalised
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.preparing import prepared
from carpet.cohort.models.samples import samples
from carpet.core.errors import ProtocolError, Refused

SHRINKAGE = 0.9  # criterion 1: the least
R2_EXCESS = 0.05  # criterion 2: the most, of Nagelkerke's R²
MARGIN = 0.05  # criterion 3: the most, of the risk by the day
MODEST = 0.15  # Nagelkerke's R² where no earlier model says more; Riley 2020 BMJ 368:m441
Z = 1.96  # as the papers have it
LARGEST = 10**9  # patients: more is no plan


@dataclass(frozen=True, slots=True)
class Needed:
    """Patients for criterion 1 (shrinkage), 2 (R²), 3 (risk by the day), and for all; the largest Cox–Snell R² there can be."""

    for_shrinkage: int
    for_r2: int
    for_risk: int
    largest_r2: float

    @property
    def patients(self) -> int:
        return max(self.for_shrinkage, self.for_r2, self.for_risk)


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What one assumption about R² asks for. r2: Cox–Snell, corrected for optimism; needed None: reason_missing says why.

    shrinkage: expected with the patients there are; below 0.9 predictions are too extreme. events_each: events a coefficient now.
    """

    model: str
    assumption: str
    coefficients: int
    patients: int
    events: int
    events_each: float
    r2: float | None
    shrinkage: float | None
    needed: Needed | None
    reason_missing: str


def needed(*, r2: float, coefficients: int, rate: float, mean_follow_up: float, day: float) -> Needed:
    """r2: Cox–Snell, as the model will have it in others; rate: events a unit of time, mean_follow_up and day in that unit.

    Raises ProtocolError. Source: Riley 2019 Stat Med 38:1276, part II (printed example: 5,143 patients); Riley 2020 BMJ 368:m441.
    """
    if not 0.0 < r2 < 1.0 or coefficients < 1 or min(rate, mean_follow_up, day) <= 0.0:
        raise ProtocolError("0 < R² < 1, one coefficient or more, and rate, follow-up and day above 0")
    largest = largest_r2(rate * mean_follow_up)
    return Needed(
        _for_shrinkage(r2, coefficients, SHRINKAGE),
        _for_shrinkage(r2, coefficients, r2 / (r2 + R2_EXCESS * largest)),
        _for_risk(rate, mean_follow_up, day),
        largest,
    )


def largest_r2(events_each: float) -> float:
    """The Cox–Snell R² of a model that explains everything, by events a patient: 1 − exp(2 e (ln e − 1)). Source: as `needed`."""
    return 1.0 - math.exp(2.0 * events_each * (math.log(events_each) - 1.0))


def expected_shrinkage(r2: float, coefficients: int, patients: int) -> float:
    """S of n = p / ((S − 1) ln(1 − R²/S)), criterion 1 read the other way round."""

    def excess(shrinkage: float) -> float:
        return patients * (shrinkage - 1.0) * math.log1p(-r2 / shrinkage) - coefficients

    return float(brentq(excess, r2 * (1.0 + 1e-12), 1.0))


def _for_shrinkage(r2: float, coefficients: int, shrinkage: float) -> int:
    left = 1.0 - r2 / shrinkage
    return coefficients + 1 if left <= 0.0 else min(LARGEST, math.ceil(coefficients / ((shrinkage - 1.0) * math.log(left))))


def _for_risk(rate: float, mean_follow_up: float, day: float) -> int:
    """The fewest patients at whom the interval of the risk by the day, of a constant hazard, reaches 0.05 at most to either side."""

    def reach(patients: int) -> float:
        error = Z * math.sqrt(rate / (patients * mean_follow_up))
        free = math.exp(-rate * day)
        return max(free - math.exp(-(rate + error) * day), math.exp(-max(0.0, rate - error) * day) - free)

    low, high = 0, 1
    while reach(high) > MARGIN:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reach(middle) <= MARGIN else (middle, high)
    return high


def sample_sizes(pipeline: Pipeline, table: Candidates, *, day: int, seed: int) -> tuple[SampleSize, ...]:
    """Two answers: with a modest R² (0.15 of the largest), as if nothing were known; and with what these patients show, less its optimism.

    The second is that of the unpenalised model with all columns: R² = S (1 − exp(−LR/n)), S = 1 − p/LR (van Houwelingen & le Cessie 1990);
    where the model explains no more than chance would, reason_missing is NOTHING_LEARNT. Raises Refused: MEASURE_UNDEFINED (no follow-up).
    """
    if not table.survival.days.any():
        raise Refused(notices.MEASURE_UNDEFINED.at("follow-up"))
    chosen = table.only(pipeline.terms)
    count, days = len(chosen.columns), chosen.survival.days / day
    gain = _likelihood_ratio(pipeline, chosen, seed)
    modest = MODEST * largest_r2(chosen.events / chosen.patients)
    shown = (1.0 - count / gain) * (1.0 - math.exp(-gain / chosen.patients)) if gain > count else None
    found = []
    for assumption, r2 in (("Nagelkerke R² 0.15", modest), ("R² of these patients", shown)):
        asked, shrinkage = None, None
        if r2 is not None:
            rate, mean = chosen.events / float(days.sum()), float(days.mean())
            asked = needed(r2=r2, coefficients=count, rate=rate, mean_follow_up=mean, day=1.0)
            shrinkage = expected_shrinkage(r2, count, chosen.patients)
        reason = "" if asked else notices.NOTHING_LEARNT.code
        there = (chosen.patients, chosen.events, chosen.events / count)
        found.append(SampleSize(pipeline.name, assumption, count, *there, r2, shrinkage, asked, reason))
    return tuple(found)


def _likelihood_ratio(pipeline: Pipeline, table: Candidates, seed: int) -> float:
    """Twice what the unpenalised model gains; the mean over completed tables."""
    made = prepared(pipeline, table, np.ones((1, table.patients), dtype=np.int64), seed=(seed,))
    whole = samples(table.survival, made.weight, ties=pipeline.ties)
    rows = whole.take(made.fit)
    none = no_penalty(*made.flat.shape, excluded=made.flat)
    null = likelihood(rows, np.zeros(made.flat.shape)).value
    return float(2.0 * (penalised(rows, whole.size, none).value - null).mean())
