"""Uno's C: concordance up to a stated day whose pairs are weighted so that it does not depend on who was censored when."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from carpet.cohort import notices
from carpet.cohort.censoring import still_followed
from carpet.cohort.concordance_harrell import Concordance, concordance
from carpet.cohort.survival import Survival, numbers
from carpet.core.errors import Refused


def concordance_uno(survival: Survival, risk: ArrayLike, *, before: int, level: float = 0.95) -> Concordance:
    """Pairs whose earlier event is on a day < `before`, each weighted 1/G(t−)²; risk (n,), higher is worse, ties half.

    Raises Refused(DAY_TOO_LATE) where nobody is followed up to `before`, NO_EVENTS where no pair is left. The error takes G as known.
    Source: Uno 2011 Stat Med 30:1105; R's survival, concordance(timewt = "n/G2").
    """
    score = numbers(risk, survival.rows, "risk")
    last = int(survival.days.max())
    if before > last:
        raise Refused(notices.DAY_TOO_LATE.at(f"before {before}", f"followed up to day {last}"))
    staying = still_followed(survival, survival.days, strictly=True)
    inside = (survival.days < before) & (survival.event > 0)
    weight = np.where(inside, 1.0 / np.where(inside, staying, 1.0) ** 2, 0.0)
    return concordance(survival, score, weight, level=level, before=before)
