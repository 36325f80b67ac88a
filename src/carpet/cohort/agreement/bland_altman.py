"""Bland–Altman: by how much two readers differ, and between which limits 95 % of their differences lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import t

from carpet.cohort.agreement.estimate import LEVEL, Estimate, FloatArray, columns
from carpet.core.errors import NotMeasurable

Scale = Literal["absolute", "percent", "log"]
NOT_POSITIVE = "NOT_POSITIVE"


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """bias and both limits of agreement, each with its interval; sd: of the differences on their own scale.

    absolute: in the unit of the values; percent: of the mean of both; log: as ratios, first over second (bias: the geometric mean).
    """

    scale: Scale
    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float


def bland_altman(first: ArrayLike, second: ArrayLike, *, scale: Scale = "absolute", level: float = LEVEL) -> BlandAltman:
    """Bias and limits (bias ± 1.96 SD) of first − second (n,). For volumes take log or percent: their error grows with size.

    The error of a limit is SD·√(3/n), of the bias SD/√n. Raises NotMeasurable for fewer than two cases, and where a logarithm or a
    percentage does not exist (NOT_POSITIVE). Source: Bland & Altman 1986 Lancet 1:307; 1999 Stat Methods Med Res 8:135.
    """
    table = columns(np.column_stack([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)]))
    differences = _differences(table, scale)
    n, bias, sd = len(differences), float(differences.mean()), float(differences.std(ddof=1))
    reach, quantile = float(ndtri(0.5 + level / 2.0)) * sd, float(t.ppf(0.5 + level / 2.0, n - 1))
    of_bias, of_limit = (quantile * sd * sqrt(share / n) for share in (1.0, 3.0))
    ratios = scale == "log"
    lower, upper = (_estimate(limit, of_limit, n, ratios=ratios) for limit in (bias - reach, bias + reach))
    return BlandAltman(scale, _estimate(bias, of_bias, n, ratios=ratios), lower, upper, sd)


def _differences(table: FloatArray, scale: Scale) -> FloatArray:
    if scale == "absolute":
        return np.asarray(table[:, 0] - table[:, 1])
    if scale == "log":
        if (table <= 0.0).any():
            raise NotMeasurable(NOT_POSITIVE)
        return np.asarray(np.log(table[:, 0] / table[:, 1]))
    means = table.mean(axis=1)
    if (means <= 0.0).any():
        raise NotMeasurable(NOT_POSITIVE)
    return np.asarray(100.0 * (table[:, 0] - table[:, 1]) / means)


def _estimate(value: float, reach: float, n: int, *, ratios: bool) -> Estimate:
    scaled = exp if ratios else float
    return Estimate(scaled(value), scaled(value - reach), scaled(value + reach), n)
