"""A whole pipeline fitted to many samples at once, and what each fit predicts of every patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carpet.cohort.cox_likelihood import likelihood
from carpet.cohort.models.candidates import Candidates
from carpet.cohort.models.penalised_cox import Fit, no_penalty, penalised, tuned
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.preparing import Prepared, check, prepared
from carpet.cohort.models.samples import Samples, dealt_folds, samples
from carpet.cohort.models.selecting import kept_terms, score_p
from carpet.cohort.survival import BoolArray, FloatArray, IntArray

AT_ONCE = 12_000  # patients of all samples in one batch: what stays in a processor's second-level cache
EXTREME = 50.0  # of a logarithm of hazard: survival is 0 long before
MIXING = {"ridge": 0.0, "lasso": 1.0}


@dataclass(frozen=True, eq=False)
class Fits:
    """S samples, averaged over their completed tables.

    risk (S, n): linear predictor of every patient, in the sample or not, 0 at the sample's mean; log_hazard (S, n): logarithm of the
    cumulative hazard at the day, −∞ where no death was seen up to it. beta (S, p): per unit of each column; lam (S,): the penalty;
    kept (S, p): share of the completed tables whose model has the column; cut (S, p): mean cut-point, NaN where none. separated (S,):
    some coefficient was on its way to infinity. usable (S,): False where a step was not possible; then all else is NaN.
    """

    risk: FloatArray
    log_hazard: FloatArray
    beta: FloatArray
    lam: FloatArray
    kept: FloatArray
    cut: FloatArray
    separated: BoolArray
    usable: BoolArray

    @property
    def free(self) -> FloatArray:
        """Probability (S, n) to be free of the event after the day."""
        return np.exp(-np.exp(np.minimum(self.log_hazard, EXTREME)))


def fits(pipeline: Pipeline, table: Candidates, weight: IntArray, *, day: int, seed: int) -> Fits:
    """The pipeline fitted to each sample by weight (S, n). Deals the folds of patients, not of rows, so that nobody is in two.

    Raises Refused as `check`.
    """
    chosen = table.only(pipeline.terms)
    check(pipeline, chosen)
    fold = dealt_folds(chosen.survival.event, pipeline.folds, seed=seed)
    step = max(1, AT_ONCE // max(1, int(weight.sum(axis=1).max())))
    parts = []
    for start in range(0, weight.shape[0], step):
        some = prepared(pipeline, chosen, weight[start : start + step], seed=(seed, start))
        parts.append(_averaged(_fitted(pipeline, chosen, some, fold, day), weight[start : start + step].shape[0]))
    return Fits(*(np.concatenate([getattr(part, name) for part in parts]) for name in Fits.__dataclass_fields__))


def _fitted(pipeline: Pipeline, table: Candidates, some: Prepared, fold: IntArray, day: int) -> Fits:
    """One fit a completed table; a sample without an event is fitted as if everybody were in it, and marked."""
    weight = np.where(some.usable[:, None], some.weight, 1)
    whole = samples(table.survival, weight, ties=pipeline.ties)
    parts: tuple[Samples, ...] = ()
    if pipeline.selection == "lasso" or pipeline.penalty != "none":
        parts = tuple(samples(table.survival, weight * (fold != one), ties=pipeline.ties) for one in range(pipeline.folds))
    excluded = some.flat | ~_kept(pipeline, table, whole, parts, some)
    lam, fit = _penalised(pipeline, whole, parts, some.fit, excluded)
    risk = np.einsum("snp,sp->sn", some.predict, fit.beta)
    log_hazard = risk + _baseline(table, whole, some.fit, fit.beta, day)[:, None]
    beta = fit.beta / some.scale
    gone = ~some.usable
    found = (risk, log_hazard, beta, lam, (fit.beta != 0.0).astype(np.float64), some.cut)
    risk, log_hazard, beta, lam, kept, cut = (np.where(gone[:, None] if each.ndim == 2 else gone, np.nan, each) for each in found)
    return Fits(risk, log_hazard, beta, lam, kept, cut, fit.separated & some.usable, some.usable)


def _kept(pipeline: Pipeline, table: Candidates, whole: Samples, parts: tuple[Samples, ...], some: Prepared) -> BoolArray:
    """Which columns (S, p) the selection leaves in."""
    if pipeline.selection == "none":
        return np.ones(some.flat.shape, dtype=np.bool_)
    if pipeline.selection == "univariable":
        terms = score_p(whole.take(some.fit), table.of) < pipeline.select_below
    else:
        terms = kept_terms(tuned(whole, parts, some.fit, mixing=1.0, excluded=some.flat)[1].beta, table.of)
    return np.asarray(terms[:, table.of], dtype=np.bool_)


def _penalised(
    pipeline: Pipeline, whole: Samples, parts: tuple[Samples, ...], values: FloatArray, excluded: BoolArray
) -> tuple[FloatArray, Fit]:
    if pipeline.penalty == "none":
        none = no_penalty(*excluded.shape, excluded=excluded)
        return np.zeros(excluded.shape[0]), penalised(whole.take(values), whole.size, none)
    return tuned(whole, parts, values, mixing=MIXING.get(pipeline.penalty, pipeline.mixing), excluded=excluded)


def _baseline(table: Candidates, whole: Samples, values: FloatArray, beta: FloatArray, day: int) -> FloatArray:
    """Logarithm of the cumulative hazard (S,) at the day of a patient at the sample's mean, its ties as the model's."""
    rows = whole.take(values)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # coefficients on their way to infinity
        there = likelihood(rows, beta)
    upto = whole.days(table.survival) <= day
    with np.errstate(divide="ignore"):
        return np.log(np.bincount(rows.sample[upto], 1.0 / there.risk[upto], beta.shape[0]))


def _averaged(fit: Fits, number: int) -> Fits:
    """Over the completed tables of a sample: linear predictors and logarithms of hazard, as all else, plainly. Wood 2015 Biom J."""
    copies = fit.usable.size // number
    if copies == 1:
        return fit

    def mean(values: FloatArray) -> FloatArray:
        found: FloatArray = values.reshape(number, copies, *values.shape[1:]).mean(axis=1)
        return found

    separated = np.asarray(fit.separated.reshape(number, copies).any(axis=1), dtype=np.bool_)
    usable = np.asarray(fit.usable.reshape(number, copies).all(axis=1), dtype=np.bool_)
    risk, log_hazard, beta, lam, kept, cut = (mean(each) for each in (fit.risk, fit.log_hazard, fit.beta, fit.lam, fit.kept, fit.cut))
    return Fits(risk, log_hazard, beta, lam, kept, cut, separated, usable)
