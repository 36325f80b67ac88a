"""DecayFactor as a witness: what the scanner multiplied the counts by says to which moment it corrected them (docs/decisions/0008)."""

from __future__ import annotations

import datetime as dt
import math

from carpet.core.errors import Notice
from carpet.core.study import PetFacts
from carpet.suv import notices
from carpet.suv.clock import mean_count_offset_s

DISAGREE = 0.05  # of SUV; the mean-count time is the maker's own, within 1 %
UNTOUCHED = 1.0  # written also where nobody wrote a factor
MOST = 64.0  # six half-lives; beyond, it is not a decay factor


def decay_factor_check(facts: PetFacts, reference_at: dt.datetime, half_life_s: float) -> tuple[Notice, ...]:
    """A flag where the first bed's DecayFactor does not lead from its mean count to `reference_at`; () where it tells nothing.

    Only the slice with the smallest factor is asked: some scanners write one acquisition time for all beds.
    """
    if facts.decay_correction is None or facts.decay_correction.value not in ("START", "ADMIN"):
        return ()
    told = [(one.decay_factor, one) for one in facts.slices if one.decay_factor is not None]
    if len(told) != len(facts.slices) or not told:
        return ()
    factor, first = min(told, key=lambda pair: pair[0])
    if not UNTOUCHED < factor < MOST or first.acquired_at is None or not first.frame_duration_ms or first.frame_duration_ms < 0:
        return ()
    applied_s = math.log2(factor) * half_life_s
    expected_s = (first.acquired_at - reference_at).total_seconds() + mean_count_offset_s(first.frame_duration_ms / 1000.0, half_life_s)
    change = math.exp2(min(abs(applied_s - expected_s) / half_life_s, math.log2(MOST))) - 1.0
    if change <= DISAGREE:
        return ()
    return (notices.DECAY_FACTOR_DISAGREE.at("(0054,1321)", f"{factor:g}, which changes SUV by {100 * change:.0f} %"),)
