"""Toxicity and markers: odds ratios of any grade, of grade 3 or more, and of a higher grade. Associations, never predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.terms import Term, term
from carpet.cohort.logistic import OddsRatio, logistic
from carpet.cohort.logistic_firth import logistic_firth
from carpet.cohort.proportional_odds import proportional_odds
from carpet.cohort.survival import FloatArray, IntArray
from carpet.cohort.table import PATIENT, Cohort
from carpet.core.errors import ProtocolError, Refused

Model = Literal["logistic", "Firth logistic", "proportional odds"]
Interval = Literal["profile", "Firth profile", ""]
GRADES = ("crs_grade", "icans_grade")  # both by ASTCT 2019; grades of other scales stand in no such column (METHODS F.2)
THRESHOLDS = (1, 3)  # any; severe
EVENTS_WANTED = 10.0  # patients a coefficient, with the outcome or without, whichever are fewer; METHODS G.5
EVENTS_LEAST = 5.0  # a coefficient, below which the penalised likelihood is taken; Vittinghoff & McCulloch 2007 Am J Epidemiol 165:710
EVENTS_FEWEST = 2.0  # [P] a coefficient, below which nothing is estimated
NOT_PROPORTIONAL = 0.05  # P of the score test


@dataclass(frozen=True, slots=True)
class Association:
    """One odds ratio. outcome: "crs_grade >= 3", or "crs_grade, a grade higher" of the ordered model; marker: the column; per: what for.

    events: patients with the outcome (of the ordered model: with grade 1 or more). missing: patients without grade or marker. p: of the
    (penalised) likelihood ratio, which the interval goes with. proportional_p: score test that one ratio holds at every grade.
    A limit is None where the interval is open on that side. ratio None: reason_missing is the code of why.
    """

    outcome: str
    marker: str
    model: Model
    per: str
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    interval: Interval
    proportional_p: float | None
    patients: int
    events: int
    missing: int
    reason_missing: str
    flags: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Graded:
    """What one marker's models are fitted to: grades (m,) and the marker's covariates, and what every row of it carries."""

    grade: FloatArray
    term: Term
    blank: Association


def associations(cohort: Cohort, markers: Sequence[str], *, grades: Sequence[str] = GRADES) -> tuple[Association, ...]:
    """Each grade column with each marker, one marker a model: any grade, grade 3 or more, a grade higher.

    Firth's likelihood where a covariate separates or fewer than 5 patients a coefficient have (or lack) the outcome, said in flags; below 2
    nothing. Of the ordered model the patients outside the largest grade count, and below 5 nothing: it has no penalised likelihood here.
    What can't be estimated is a row with its reason. Source: METHODS F; the models' own files.
    """
    if not markers:
        raise ProtocolError("an association needs a marker")
    return tuple(row for grade in grades for marker in markers for row in _of_pair(cohort, grade, marker))


def _of_pair(cohort: Cohort, grade: str, marker: str) -> Iterator[Association]:
    rows, flags = _usable(cohort, grade, marker)
    missing = len(cohort.rows) - rows.size
    blank = Association("", marker, "logistic", "", None, None, None, None, "", None, rows.size, 0, missing, "", flags)
    values = cohort.values(grade)
    found = np.array([float(values[n] or 0) for n in rows], dtype=np.float64)
    made = term(cohort, marker, rows) if rows.size else Term(marker, {}, {})
    graded = Graded(found, made, blank)
    for threshold in THRESHOLDS:
        yield from _by_threshold(graded, f"{grade} >= {threshold}", threshold)
    yield from _ordered(graded, f"{grade}, a grade higher")


def _usable(cohort: Cohort, grade: str, marker: str) -> tuple[IntArray, tuple[str, ...]]:
    """Patients with both, a doubling only of positive values; the codes of what must be known with the values."""
    known = cohort.known([grade, marker])
    values, doubling = cohort.values(marker), cohort.column(marker).doubling
    kept = np.array([n for n in known if not doubling or float(values[n] or 0) > 0.0], dtype=np.int64)
    told = {code for n in kept for name in (grade, marker) for code in cohort.flags.get((str(cohort.rows[n][PATIENT]), name), ())}
    if kept.size < known.size:
        told.add(notices.NOT_POSITIVE.code)
    return kept, tuple(sorted(told))


def _by_threshold(graded: Graded, outcome: str, threshold: int) -> Iterator[Association]:
    happened = (graded.grade >= threshold).astype(np.float64)
    events = int(happened.sum())
    blank = replace(graded.blank, outcome=outcome, events=events)
    if not graded.term.covariates:
        yield _without(blank)
        return
    fewer = min(events, happened.size - events) / len(graded.term.covariates)
    flags = {notices.FEW_EVENTS.code} if fewer < EVENTS_WANTED else set()
    try:
        if 0 < fewer < EVENTS_FEWEST:
            raise Refused(notices.EVENTS_TOO_FEW.at(outcome, f"{events} of {happened.size} patients"))
        estimates, firth = _estimated(happened, graded.term, few=fewer < EVENTS_LEAST)
    except Refused as refused:
        yield from _refused(blank, graded.term, refused)
        return
    if firth:
        flags |= {notices.PENALISED.code}
        blank = replace(blank, model="Firth logistic", interval="Firth profile")
    else:
        blank = replace(blank, interval="profile")
    yield from _rows(_flagged(blank, flags), graded.term, estimates)


def _estimated(happened: FloatArray, marker: Term, *, few: bool) -> tuple[tuple[OddsRatio, ...], bool]:
    """The odds ratios, and whether they are Firth's."""
    if not few:
        try:
            return logistic(happened, marker.covariates), False
        except Refused as refused:
            if refused.codes[0] != notices.SEPARATION.code:
                raise
    return logistic_firth(happened, marker.covariates), True


def _ordered(graded: Graded, outcome: str) -> Iterator[Association]:
    blank = replace(graded.blank, outcome=outcome, model="proportional odds", events=int((graded.grade >= 1).sum()))
    if not graded.term.covariates:
        yield _without(blank)
        return
    outside = graded.grade.size - int(np.unique(graded.grade, return_counts=True)[1].max())
    fewer = outside / len(graded.term.covariates)
    try:
        if 0 < fewer < EVENTS_LEAST:
            raise Refused(notices.EVENTS_TOO_FEW.at(outcome, f"{outside} patients outside the largest grade"))
        found = proportional_odds(graded.grade, graded.term.covariates)
    except Refused as refused:
        yield from _refused(blank, graded.term, refused)
        return
    p = found.proportional.p
    flags = {notices.ODDS_NOT_PROPORTIONAL.code} if p < NOT_PROPORTIONAL else set()
    if fewer < EVENTS_WANTED:
        flags.add(notices.FEW_EVENTS.code)
    yield from _rows(replace(_flagged(blank, flags), interval="profile", proportional_p=p), graded.term, found.odds_ratios)


def _rows(blank: Association, marker: Term, estimates: tuple[OddsRatio, ...]) -> Iterator[Association]:
    for one in estimates:
        yield replace(blank, per=marker.per[one.name], ratio=one.ratio, low=one.low, high=one.high, p=one.p)


def _flagged(blank: Association, flags: set[str]) -> Association:
    return replace(blank, flags=tuple(sorted({*blank.flags, *flags})))


def _without(blank: Association) -> Association:
    """The marker has one value only, or one patient or none has it and the grade."""
    reason = {0: notices.NO_PATIENTS, 1: notices.ONE_PATIENT}.get(blank.patients, notices.COVARIATE_CONSTANT)
    return replace(blank, reason_missing=reason.code)


def _refused(blank: Association, marker: Term, refused: Refused) -> Iterator[Association]:
    for label in marker.covariates:
        yield replace(blank, per=marker.per[label], reason_missing=refused.codes[0])
