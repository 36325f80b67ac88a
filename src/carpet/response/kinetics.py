"""How a biomarker changes between two scans: absolutely, in percent, per day, and as growth of its logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass

from carpet.core.errors import NotMeasurable


@dataclass(frozen=True, slots=True)
class Kinetics:
    """One biomarker between two days. Percent, growth and doubling are None, with the reason, where they do not exist.

    change: in the biomarker's unit; per_day: the same over days; log_growth_per_day: ln(now/before)/days; doubling_days: ln 2 over
    it, negative for a halving time.
    """

    days: int
    change: float
    per_day: float
    percent: float | None
    log_growth_per_day: float | None
    doubling_days: float | None
    reason: str = ""


def kinetics(before: float, now: float, *, days: int) -> Kinetics:
    """From one scan to a later one. Raises NotMeasurable("SAME_DAY") unless days > 0, and "NEGATIVE" for a value below 0."""
    if days <= 0:
        raise NotMeasurable("SAME_DAY")
    if before < 0 or now < 0:
        raise NotMeasurable("NEGATIVE")
    change = now - before
    if before == 0:
        return Kinetics(days, change, change / days, None, None, None, "ZERO_BEFORE")
    percent = 100.0 * change / before
    if now == 0:
        return Kinetics(days, change, change / days, percent, None, None, "ZERO_NOW")
    growth = math.log(now / before) / days
    if growth == 0:
        return Kinetics(days, change, change / days, percent, 0.0, None, "NO_CHANGE")
    return Kinetics(days, change, change / days, percent, growth, math.log(2.0) / growth)
