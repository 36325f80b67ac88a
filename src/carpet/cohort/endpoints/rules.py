"""The rules on which trials of CAR T-cells differ, as named sets. Every result carries the name of its set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

EARLY_DAYS = 31  # [P] the first month; a trial's own month 1 ends with its window (METHODS D.9)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One choice for each question that METHODS G.1 leaves to the trial.

    start: what days are counted from. new_therapy: what new therapy against lymphoma does, a transplant for persistent disease included;
    hsct: what a transplant in complete response does. therapy_censored_at: on the day therapy starts, or at the last adequate scan before.
    missed_scans: progression or death after two or more missed scans is censored at the last adequate scan, or counts when it is seen.
    unrelated_death: death of another cause in DOR and TTP. response_by_day: EFS fails without response by this day; None: no such rule.
    """

    name: str
    says: str
    start: Literal["infusion", "enrolment"]
    new_therapy: Literal["censor", "event", "ignore"]
    hsct: Literal["censor", "event", "ignore"]
    therapy_censored_at: Literal["start", "last_scan"]
    missed_scans: Literal["censor", "event"]
    unrelated_death: Literal["event", "censor", "competing"]
    response_by_day: int | None = None
    early_days: int = EARLY_DAYS


DEFAULT = RuleSet(
    name="default",
    says="from infusion; censored at new therapy and at a transplant, after two missed scans at the last adequate one; DOR and TTP:"
    " death of another cause is censored",
    start="infusion",
    new_therapy="censor",
    hsct="censor",
    therapy_censored_at="start",
    missed_scans="censor",
    unrelated_death="censor",
)
_VARIANTS = (
    replace(
        DEFAULT,
        name="scan_before_therapy",
        says="as default, but censored at the last adequate scan before new therapy",
        therapy_censored_at="last_scan",
    ),
    replace(
        DEFAULT,
        name="ema",
        says="new therapy, transplant and missed scans are passed over: progression and death count when they are seen",
        new_therapy="ignore",
        hsct="ignore",
        missed_scans="event",
    ),
    replace(DEFAULT, name="new_therapy_event", says="as default, but new therapy is an event", new_therapy="event"),
    replace(DEFAULT, name="new_therapy_ignored", says="as default, but new therapy is passed over", new_therapy="ignore"),
    replace(DEFAULT, name="hsct_followed", says="as default, but a transplant in complete response is passed over", hsct="ignore"),
    replace(DEFAULT, name="hsct_event", says="as default, but a transplant in complete response is an event", hsct="event"),
    replace(DEFAULT, name="missed_scans_event", says="as default, but missed scans are passed over", missed_scans="event"),
    replace(DEFAULT, name="any_death", says="as default, but every death ends DOR and TTP as an event", unrelated_death="event"),
    replace(
        DEFAULT,
        name="unrelated_competing",
        says="as default, but death of another cause competes in DOR and TTP",
        unrelated_death="competing",
    ),
    replace(DEFAULT, name="enrolment", says="as default, but from enrolment (intention to treat)", start="enrolment"),
)
RULE_SETS: Mapping[str, RuleSet] = MappingProxyType({one.name: one for one in (DEFAULT, *_VARIANTS)})
