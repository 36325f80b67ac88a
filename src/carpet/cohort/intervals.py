"""Confidence intervals of a probability between 0 and 1, from its standard error, on the scale asked for."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtri

from carpet.cohort.survival import FloatArray
from carpet.core.errors import ProtocolError

Scale = Literal["log-log", "log", "plain"]


def normal_quantile(level: float) -> float:
    """z of a two-sided interval: 1.96 for 0.95. ProtocolError unless 0 < level < 1."""
    if not 0.0 < level < 1.0:
        raise ProtocolError(f"level {level}: an interval's level lies between 0 and 1, as 0.95")
    return float(ndtri(0.5 + level / 2.0))


def interval(estimate: FloatArray, std_error: FloatArray, *, level: float, scale: Scale) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits (as `estimate`), kept within 0 … 1; the estimate itself where its error is 0; NaN where it is NaN.

    log-log: log(−log p), as Kalbfleisch & Prentice; log: log p (R's default); plain: p ± z·se. Source: survival 3.5, survfit.
    """
    z = normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log-log":
            loglog = np.log(-np.log(estimate))
            width = z * std_error / (estimate * np.abs(np.log(estimate)))
            low, high = np.exp(-np.exp(loglog + width)), np.exp(-np.exp(loglog - width))
        elif scale == "log":
            width = z * std_error / estimate
            low, high = estimate * np.exp(-width), estimate * np.exp(width)
        elif scale == "plain":
            low, high = estimate - z * std_error, estimate + z * std_error
        else:
            raise ProtocolError(f"no interval is called {scale!r}. There are: log-log, log, plain.")
    exact = std_error == 0.0
    return np.where(exact, estimate, np.clip(low, 0.0, 1.0)), np.where(exact, estimate, np.clip(high, 0.0, 1.0))
