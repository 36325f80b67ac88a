"""The chance to be still in follow-up, which weighs patients in every measure of prediction under censoring."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort.at_risk import counts, step
from carpet.cohort.survival import FloatArray, Survival


def still_followed(survival: Survival, days: ArrayLike, *, strictly: bool = False) -> FloatArray:
    """G(t) (m,): the probability not to be censored up to each day, or before it where `strictly`.

    Kaplan–Meier of censoring in which events of the same day come first, so those patients are no longer at risk of it
    (as METHODS G.2 orders ties; R's prodlim with reverse = TRUE, survival's concordance with timewt = "n/G2").
    """
    table = counts(survival)
    risk = np.maximum(table.at_risk - table.events, 1)
    return step(table.days, np.cumprod(1.0 - table.censored / risk), days, before=1.0, strictly=strictly)
