"""Cox's proportional hazards model: hazard ratios with intervals and tests, ties, strata, delayed entry, changing covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import chi2

from carpet.cohort import notices
from carpet.cohort.covariates import Design, design
from carpet.cohort.cox_newton import Found, maximum
from carpet.cohort.cox_rows import Batch, Ordered, Ties, batch, ordered
from carpet.cohort.intervals import normal_quantile
from carpet.cohort.survival import FloatArray, IntArray, Survival, labelled
from carpet.core.errors import Refused

REASONS = {kind.code: kind for kind in (notices.SEPARATION, notices.NO_CONVERGENCE, notices.COVARIATES_COLLINEAR)}


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A chi-square test."""

    chi_square: float
    degrees: int
    p: float


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """One covariate: hazard ratio per unit with its interval, coefficient, standard error, two-sided Wald P."""

    name: str
    ratio: float
    low: float
    high: float
    coefficient: float
    std_error: float
    p: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the parts that work on a model need: the sorted rows, the likelihood at the maximum, in standardised units."""

    design: Design
    data: Ordered
    rows: Batch
    found: Found
    patient: IntArray
    strata: tuple[str, ...]
    survival: Survival


@dataclass(frozen=True, eq=False)
class Cox:
    """A fitted model. coefficients (p,) per unit of each covariate; covariance (p, p); the log partial likelihood at 0 and there."""

    names: tuple[str, ...]
    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood_null: float
    log_likelihood: float
    score_test: ChiSquare
    patients: int
    events: int
    ties: Ties
    fitted: Fitted

    @property
    def likelihood_ratio(self) -> ChiSquare:
        return chi_square(2.0 * (self.log_likelihood - self.log_likelihood_null), len(self.names))

    @property
    def wald(self) -> ChiSquare:
        return chi_square(float(self.coefficients @ np.linalg.solve(self.covariance, self.coefficients)), len(self.names))

    def linear_predictor(self, covariates: Mapping[str, ArrayLike]) -> FloatArray:
        """x β of other patients (n,), the covariates by name, 0 at the mean of those the model was fitted to."""
        columns = np.column_stack([np.asarray(covariates[name], dtype=np.float64) for name in self.names])
        return np.asarray((columns - self.fitted.design.mean) @ self.coefficients, dtype=np.float64)


def cox(survival: Survival, covariates: Mapping[str, ArrayLike], *, strata: ArrayLike | None = None, ties: Ties = "efron") -> Cox:
    """The model of any event on covariates (each (n,), by name); a baseline of its own in each stratum.

    Raises Refused: NO_EVENTS, VALUE_MISSING, COVARIATE_CONSTANT, COVARIATES_COLLINEAR, SEPARATION (the maximum lies at infinity),
    NO_CONVERGENCE. Source: Cox 1972; ties as Efron 1977 or Breslow 1974; equals R's coxph.
    """
    table = design(covariates, survival.rows)
    names, stratum = labelled(np.zeros(survival.rows) if strata is None else strata, survival.rows)
    if not (survival.event > 0).any():
        raise Refused(notices.NO_EVENTS.at("event"))
    data = ordered(survival, table.standard, strata=stratum)
    rows = batch(data, np.arange(survival.rows, dtype=np.int64)[None, :], ties=ties)
    found = maximum(rows)
    if found.reason[0]:
        raise Refused(REASONS[found.reason[0]].at(_extreme(table, found), f"{int((survival.event > 0).sum())} events"))
    covariance = np.linalg.inv(found.there.information[0]) / np.outer(table.scale, table.scale)
    return Cox(
        table.names,
        found.beta[0] / table.scale,
        covariance,
        float(found.null_value[0]),
        float(found.there.value[0]),
        chi_square(float(found.score_test[0]), len(table.names)),
        int(np.unique(survival.patient).size),
        int((survival.event > 0).sum()),
        ties,
        Fitted(table, data, rows, found, survival.patient, names, survival),
    )


def hazard_ratios(model: Cox, *, level: float = 0.95, covariance: FloatArray | None = None) -> tuple[HazardRatio, ...]:
    """Every covariate with its Wald interval and P; `covariance` (p, p) replaces the model's, as the robust one does."""
    z = normal_quantile(level)
    errors = np.sqrt(np.diag(model.covariance if covariance is None else covariance))
    return tuple(
        HazardRatio(
            name,
            float(np.exp(beta)),
            float(np.exp(beta - z * error)),
            float(np.exp(beta + z * error)),
            float(beta),
            float(error),
            float(2.0 * ndtr(-abs(beta / error))),
        )
        for name, beta, error in zip(model.names, model.coefficients, errors, strict=True)
    )


def chi_square(statistic: float, degrees: int) -> ChiSquare:
    """A statistic with its P from the chi-square distribution."""
    return ChiSquare(statistic, degrees, float(chi2.sf(statistic, degrees)))


def _extreme(table: Design, found: Found) -> str:
    """The covariate that went furthest."""
    return table.names[int(np.argmax(np.abs(found.beta[0])))]
