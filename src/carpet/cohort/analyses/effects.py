"""Hazard ratios of the cohort's columns: one at a time, together, cause-specific and Fine–Gray where another event competes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.terms import Term, competing_happened, groups_of, term, usable
from carpet.cohort.covariates import design
from carpet.cohort.cox import Cox, chi_square, cox
from carpet.cohort.cox_firth import cox_firth, firth_p
from carpet.cohort.cox_profile import profile_interval
from carpet.cohort.fine_gray import fine_gray, subdistribution_ratios
from carpet.cohort.proportional_hazards import Proportionality, proportional_hazards
from carpet.cohort.survival import FloatArray, IntArray, Survival
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError, Refused

Model = Literal["univariable", "multivariable", "cause-specific", "Fine–Gray", "time-dependent"]
Interval = Literal["profile", "Firth profile", "Wald", ""]
EVENTS_WANTED = 10  # per coefficient; METHODS G.5
EVENTS_LEAST = 5  # per coefficient, below which the penalised likelihood is taken; Vittinghoff & McCulloch 2007 Am J Epidemiol 165:710
EVENTS_FEWEST = 2  # [P] per coefficient, below which nothing is estimated
NOT_PROPORTIONAL = 0.05  # P of the Schoenfeld residuals
ALL_LEVELS, WHOLE_MODEL = "all levels", "whole model"


@dataclass(frozen=True, slots=True)
class Effect:
    """One ratio. term: the column; per: what the ratio is for ("per doubling", "III–IV vs I–II"), or of a test "all levels", "whole model".

    p: of the (penalised) likelihood ratio, which the profile interval goes with; Wald's for Fine–Gray; a
    test of levels or of the model is penalised where its rows are. ph_p: Schoenfeld residuals. missing:
    patients left out for want of a value. adjusted_for: the other columns in the model. strata: the column with a baseline in each group.
    never_assessed: of a time-dependent effect, the patients whom nobody looked at; they are among `patients`.
    """

    endpoint: str
    rules: str
    model: Model
    term: str
    per: str
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    interval: Interval
    ph_p: float | None
    patients: int
    events: int
    missing: int
    reason_missing: str
    flags: tuple[str, ...]
    adjusted_for: tuple[str, ...] = ()
    strata: str = ""
    never_assessed: int = 0


@dataclass(frozen=True, eq=False)
class Modelled:
    """What a model is fitted to: follow-up, terms, strata (n,) or None, and an effect with all that every row of the model shares."""

    survival: Survival
    terms: tuple[Term, ...]
    strata: IntArray | None
    blank: Effect

    @property
    def columns(self) -> dict[str, FloatArray]:
        return {label: values for one in self.terms for label, values in one.covariates.items()}


@dataclass(frozen=True, eq=False)
class _Fit:
    """columns that are in the model, the reasons of those that are not, Cox's model (None: separated or not fitted), its PH tests;
    penalised: the rows are Firth's, so the tests of several covariates are his too."""

    columns: Mapping[str, FloatArray]
    out: Mapping[str, str]
    model: Cox | None
    tested: Proportionality | None
    blank: Effect
    penalised: bool = False


def effects(
    cohort: Cohort, endpoint: str, *, rules: str, terms: Sequence[str], together: bool = False, strata: str = ""
) -> tuple[Effect, ...]:
    """Cox's hazard ratios of columns, each in its own model, or all in one on complete cases.

    A category has a row for each level against the first, and one for all levels; `together` adds one for the whole model. Where somebody
    had the competing event: rows of the cause-specific and of the Fine–Gray model. What can't be estimated is a row with reason_missing.
    """
    if not terms:
        raise ProtocolError("an effect needs a column")
    sets = [tuple(dict.fromkeys(terms))] if together else [(name,) for name in terms]
    return tuple(effect for names in sets for effect in _of_model(cohort, endpoint, rules, names, strata, together))


def _of_model(cohort: Cohort, endpoint: str, rules: str, names: tuple[str, ...], strata: str, together: bool) -> list[Effect]:
    found = usable(cohort, endpoint, [*names, *([strata] if strata else [])])
    model: Model = "multivariable" if together else "univariable"
    counts = found.rows.size, 0, found.missing, ""
    blank = Effect(endpoint, rules, model, "", "", None, None, None, None, "", None, *counts, found.flags, (), strata)
    if not found.rows.size:
        return [replace(blank, term=name, reason_missing=notices.NO_PATIENTS.code) for name in names]
    survival = cohort.survival(endpoint, found.rows)
    made = tuple(term(cohort, name, found.rows) for name in names)
    stratum = groups_of(cohort, strata, found.rows)[1] if strata else None
    data = Modelled(survival, made, stratum, replace(blank, events=int((survival.event == 1).sum())))
    if not competing_happened(survival):
        return modelled_effects(data, whole=together)
    own = replace(data, survival=survival.of_cause(1), blank=replace(data.blank, model="cause-specific"))
    other = replace(data, blank=replace(data.blank, model="Fine–Gray"))
    return [*modelled_effects(own, whole=together), *_of_subdistribution(other)]


def modelled_effects(data: Modelled, *, whole: bool) -> list[Effect]:
    """A row for each covariate, for all levels of a category, and (`whole`) for the model; what has no estimate has its reason.

    A covariate that is the same in everybody, or follows from those before it, is taken out with its reason; the others stay.
    """
    columns, out = _fit_for_a_model(data)
    model, estimates, penalised = None, dict[str, Effect](), False
    blank = _flagged(data, columns)
    try:
        _refuse_too_few(blank, columns)
        model = _cox(data, columns) if columns else None
        if columns and model is None:
            blank = replace(blank, flags=_and(blank.flags, notices.SEPARATION.code))
        penalised = model is None or blank.events < EVENTS_LEAST * len(columns)
        estimates = _penalised(data, columns, blank) if model is None or penalised else _profiled(data, columns, blank, model)
    except (Refused, np.linalg.LinAlgError) as error:
        out |= dict.fromkeys(columns, _reason(error))
        model = None
    tested = None if model is None else _proportional(model)
    if model is not None and tested is None:
        estimates = {label: replace(row, flags=_and(row.flags, notices.PH_NOT_TESTED.code)) for label, row in estimates.items()}
    fit = _Fit(columns, out, model, tested, blank, penalised and bool(estimates))
    rows = [row for one in data.terms for row in _of_term(data, one, estimates, fit)]
    return [*rows, _whole(data, fit)] if whole and model is not None else rows


def _fit_for_a_model(data: Modelled) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """The covariates that vary and say different things, and the reasons of the others."""
    columns, out = dict(data.columns), dict[str, str]()
    while columns:
        try:
            design(columns, data.survival.rows)
        except Refused as refused:
            where = refused.notices[0].where
            out[where] = refused.codes[0]
            del columns[where]
        else:
            break
    return columns, out


def _refuse_too_few(blank: Effect, columns: Mapping[str, FloatArray]) -> None:
    if blank.events < EVENTS_FEWEST * len(columns):
        raise Refused((notices.EVENTS_TOO_FEW if blank.events else notices.NO_EVENTS).at(blank.endpoint, f"{blank.events} events"))


def _cox(data: Modelled, columns: Mapping[str, FloatArray]) -> Cox | None:
    """The model, None where a covariate tells all events apart."""
    try:
        return cox(data.survival, columns, strata=data.strata)
    except Refused as refused:
        if refused.codes[0] == notices.SEPARATION.code:
            return None
        raise


def _reason(error: Refused | np.linalg.LinAlgError) -> str:
    """The covariates differ, as was looked at before: a model without information then had no event in which they could be compared."""
    code = error.codes[0] if isinstance(error, Refused) else notices.NO_CONVERGENCE.code
    return notices.NOTHING_TO_COMPARE.code if code == notices.COVARIATES_COLLINEAR.code else code


def _flagged(data: Modelled, columns: Mapping[str, FloatArray]) -> Effect:
    few = bool(columns) and data.blank.events < EVENTS_WANTED * len(columns)
    return replace(data.blank, flags=_and(data.blank.flags, *([notices.FEW_EVENTS.code] if few else [])))


def _and(flags: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(sorted({*flags, *more}))


def _profiled(data: Modelled, columns: Mapping[str, FloatArray], blank: Effect, model: Cox) -> dict[str, Effect]:
    found = {}
    for label, beta in zip(model.names, model.coefficients, strict=True):
        low, high = profile_interval(model, label)
        p = _p_without(data, columns, model, [label])
        found[label] = replace(blank, ratio=float(np.exp(beta)), low=low, high=high, p=p, interval="profile")
    return found


def _p_without(data: Modelled, columns: Mapping[str, FloatArray], model: Cox, labels: Sequence[str]) -> float:
    """P of the likelihood ratio of the model to the one without these covariates."""
    rest = {label: values for label, values in columns.items() if label not in labels}
    without = cox(data.survival, rest, strata=data.strata).log_likelihood if rest else model.log_likelihood_null
    return chi_square(2.0 * max(0.0, model.log_likelihood - without), len(labels)).p


def _penalised(data: Modelled, columns: Mapping[str, FloatArray], blank: Effect) -> dict[str, Effect]:
    if not columns:
        return {}
    told = replace(blank, interval="Firth profile", flags=_and(blank.flags, notices.PENALISED.code))
    found = cox_firth(data.survival, columns, strata=data.strata)
    return {one.name: replace(told, ratio=one.ratio, low=one.low, high=one.high, p=one.p) for one in found}


def _proportional(model: Cox) -> Proportionality | None:
    """The tests, None with events on too few days for them."""
    days = np.unique(model.fitted.survival.days[model.fitted.survival.event > 0])
    if days.size <= len(model.names) + 1:
        return None
    try:
        return proportional_hazards(model)
    except np.linalg.LinAlgError:
        return None


def _of_term(data: Modelled, one: Term, estimates: Mapping[str, Effect], fit: _Fit) -> list[Effect]:
    """The rows of a column: its covariates, and where it is a category of three levels or more, all of them."""
    base = replace(fit.blank, term=one.name, adjusted_for=tuple(other.name for other in data.terms if other is not one))
    if not one.covariates:
        return [replace(base, reason_missing=(notices.COVARIATE_CONSTANT if base.patients > 1 else notices.ONE_PATIENT).code)]
    rows = []
    for label, per in one.per.items():
        row = estimates.get(label, replace(base, reason_missing=fit.out.get(label, "")))
        rows.append(_with_ph(replace(row, term=one.name, adjusted_for=base.adjusted_for, per=per), _p_of(fit.tested, label)))
    labels = [label for label in one.covariates if label in fit.columns]
    if len(one.covariates) > 1 and (fit.model is not None or fit.penalised) and labels:
        together = fit.tested.together.p if fit.tested is not None and len(labels) == len(fit.columns) else None
        row = _several(data, fit, replace(base, per=ALL_LEVELS, reason_missing=notices.TEST_OF_LEVELS.code), labels)
        rows.append(_with_ph(row, together))
    return rows


def _several(data: Modelled, fit: _Fit, row: Effect, labels: Sequence[str]) -> Effect:
    """The test of several covariates by the likelihood that their own rows have: Firth's beside Firth's."""
    if not fit.penalised:
        assert fit.model is not None
        return replace(row, p=_p_without(data, fit.columns, fit.model, labels))
    told = replace(row, flags=_and(row.flags, notices.PENALISED.code))
    try:
        return replace(told, p=firth_p(data.survival, fit.columns, labels, strata=data.strata))
    except (Refused, np.linalg.LinAlgError) as error:
        return replace(told, reason_missing=_reason(error))


def _whole(data: Modelled, fit: _Fit) -> Effect:
    row = _several(data, fit, replace(fit.blank, per=WHOLE_MODEL, reason_missing=notices.TEST_OF_MODEL.code), list(fit.columns))
    return _with_ph(row, None if fit.tested is None else fit.tested.together.p)


def _p_of(tested: Proportionality | None, label: str) -> float | None:
    return tested.tests[tested.names.index(label)].p if tested and label in tested.names else None


def _with_ph(row: Effect, p: float | None) -> Effect:
    if p is None:
        return row
    flags = _and(row.flags, notices.HAZARDS_NOT_PROPORTIONAL.code) if p < NOT_PROPORTIONAL else row.flags
    return replace(row, ph_p=p, flags=flags)


def _of_subdistribution(data: Modelled) -> list[Effect]:
    if data.strata is not None:
        return [replace(data.blank, term=one.name, reason_missing=notices.FINE_GRAY_STRATA.code) for one in data.terms]
    columns, out = _fit_for_a_model(data)
    blank = _flagged(data, columns)
    estimates = dict[str, Effect]()
    try:
        _refuse_too_few(blank, columns)
        found = subdistribution_ratios(fine_gray(data.survival, columns)) if columns else ()
        estimates = {one.name: replace(blank, ratio=one.ratio, low=one.low, high=one.high, p=one.p, interval="Wald") for one in found}
    except (Refused, np.linalg.LinAlgError) as error:
        out |= dict.fromkeys(columns, _reason(error))
    fit = _Fit(columns, out, None, None, blank)
    return [row for one in data.terms for row in _of_term(data, one, estimates, fit)]
