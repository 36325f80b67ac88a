"""Landmark analysis: what a finding on a day says of what follows, among those still at risk on that day."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort import notices
from carpet.cohort.survival import IntArray, Survival
from carpet.core.errors import ProtocolError, Refused


@dataclass(frozen=True, eq=False)
class Landmark:
    """Follow-up restarted at the landmark (day 0), the rows kept (k,), and how many patients left before: with the event, or censored."""

    day: int
    survival: Survival
    kept: IntArray
    had_event: int
    censored: int


def landmark(survival: Survival, day: int) -> Landmark:
    """Patients followed beyond the day (days > day) without event; the others are counted, not analysed.

    Comparing them from time zero would credit responders with the time they had to live to respond.

    Raises Refused(LANDMARK_WITHOUT_PATIENTS). Source: Anderson, Cain & Gelber 1983 J Clin Oncol 1:710; METHODS G.2.
    """
    if day < 0:
        raise ProtocolError(f"landmark on day {day}: 0 or later")
    if not survival.one_row_each:
        raise ProtocolError("a landmark is set on one row a patient; cut changing covariates after it")
    stays = survival.days > day
    kept = np.flatnonzero(stays).astype(np.int64)
    had_event = int((~stays & (survival.event > 0)).sum())
    censored = int((~stays & (survival.event == 0)).sum())
    if not kept.size:
        found = f"{had_event} with the event, {censored} censored before"
        raise Refused(notices.LANDMARK_WITHOUT_PATIENTS.at(f"landmark day {day}", found))
    rest = survival.take(kept)
    entry = None if rest.entry is None else np.maximum(rest.entry - day, 0)
    return Landmark(day, replace(rest, days=rest.days - day, entry=entry), kept, had_event, censored)
