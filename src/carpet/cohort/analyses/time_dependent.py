"""A response as a covariate that changes with time: the hazard once it is reached against before, without a landmark."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.effects import Effect, Modelled, modelled_effects
from carpet.cohort.analyses.terms import FROM_RESPONSE, Term, competing_happened, endpoint_columns, term, usable
from carpet.cohort.changing import Change, stretches
from carpet.cohort.survival import IntArray, Survival
from carpet.cohort.table import PATIENT, Cohort

REACHED = "reached vs not yet"


def time_dependent(
    cohort: Cohort,
    endpoint: str,
    *,
    rules: str,
    name: str,
    reached: Mapping[str, int | None],
    beside: Sequence[str] = (),
    never_assessed: Collection[str] = (),
) -> tuple[Effect, ...]:
    """The ratio after `name` (as "CR") was reached to before, and those of the columns beside it in the same model.

    reached: patient → the day from infusion of the scan that first showed it, None for never; who is not in it is not known, left out and
    counted. It counts from the day after: an event never tells itself. A response lost again stays reached. never_assessed: of them, whom
    nobody looked at: "not yet" like the others, for leaving out who died before a scan would know the future; they are counted and
    flagged. The landmark analysis answers the same with other patients; both stand side by side. Source: Andersen & Gill 1982; METHODS G.2.
    """
    blank = Effect(endpoint, rules, "time-dependent", name, REACHED, None, None, None, None, "", None, 0, 0, 0, "", ())
    if endpoint in FROM_RESPONSE:
        return (replace(blank, reason_missing=notices.CLOCK_FROM_RESPONSE.code),)
    found = usable(cohort, endpoint, beside)
    known = np.array([n for n in found.rows if str(cohort.rows[n][PATIENT]) in reached], dtype=np.int64)
    days = cohort.values(endpoint_columns(endpoint)[0])
    followed = np.array([bool(days[n]) for n in known], dtype=np.bool_)  # day 0: no stretch of time to be at risk in
    flags = found.flags if followed.all() else (*found.flags, notices.NOT_FOLLOWED.code)
    known = known[followed]
    unseen = sum(str(cohort.rows[n][PATIENT]) in never_assessed for n in known)
    flags = (*flags, *([notices.NEVER_ASSESSED.code] if unseen else []))
    blank = replace(blank, patients=known.size, missing=len(cohort.rows) - known.size, never_assessed=unseen, flags=tuple(sorted(flags)))
    if not known.size:
        return (replace(blank, reason_missing=notices.NO_PATIENTS.code),)
    survival = cohort.survival(endpoint, known)
    if competing_happened(survival):
        survival, blank = survival.of_cause(1), replace(blank, flags=tuple(sorted({*blank.flags, notices.CAUSE_SPECIFIC.code})))
    return tuple(_modelled(cohort, survival, known, blank, reached, beside))


def _modelled(
    cohort: Cohort, survival: Survival, rows: IntArray, blank: Effect, reached: Mapping[str, int | None], beside: Sequence[str]
) -> list[Effect]:
    days = [reached[str(cohort.rows[n][PATIENT])] for n in rows]
    changes = [Change(row, day, 1.0) for row, day in enumerate(days) if day is not None]
    pieces = stretches(survival, np.zeros(survival.rows), changes)
    own = Term(blank.term, {blank.term: pieces.value}, {blank.term: REACHED})
    others = tuple(term(cohort, name, rows[pieces.source]) for name in beside)
    shared = replace(blank, term="", per="", events=int((survival.event > 0).sum()))
    return modelled_effects(Modelled(pieces.survival, (own, *others), None, shared), whole=False)
