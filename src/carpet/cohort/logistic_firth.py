"""Logistic regression by Firth's penalised likelihood: finite odds ratios where a covariate tells all events apart, less bias in few."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from carpet.cohort.logistic import OddsRatio, Outcome, likelihood, odds_ratios, outcome_table
from carpet.cohort.profiled import Hill
from carpet.cohort.survival import FloatArray


def logistic_firth(happened: ArrayLike, covariates: Mapping[str, ArrayLike], *, level: float = 0.95) -> tuple[OddsRatio, ...]:
    """The maximum of log L + ½ log|I|, with profile penalised intervals and ratio tests; one row a covariate.

    The penalty is that of all coefficients, also where one is held. Raises Refused as `logistic`, but never for separation.
    Source: Firth 1993 Biometrika 80:27; Heinze & Schemper 2002 Stat Med 21:2409.
    """
    table, data = outcome_table(happened, covariates)
    return odds_ratios(table, lambda beta: penalised(data, beta), np.zeros(data.x.shape[1]), level=level)


def penalised(data: Outcome, beta: FloatArray) -> Hill:
    """Value and slope with Firth's penalty: slope Xᵀ(y − π + h(½ − π)), h the leverages; information with h more patients in each row.

    The plain information is too small where few patients share a value: its steps then leap over the maximum for ever.
    """
    plain = likelihood(data, beta)
    sign, logarithm = np.linalg.slogdet(plain.information)
    if sign <= 0.0:
        return Hill(-np.inf, plain.slope, plain.information)
    chance = expit(data.x @ beta)
    weight = chance * (1.0 - chance)
    leverage = weight * np.einsum("ij,ij->i", data.x @ np.linalg.inv(plain.information), data.x)
    slope = plain.slope + data.x.T @ (leverage * (0.5 - chance))
    return Hill(plain.value + 0.5 * float(logarithm), slope, (data.x.T * ((1.0 + leverage) * weight)) @ data.x)
