"""Growth or new lesions early after infusion, and whether they went back without new therapy. No agreed definition of pseudoprogression
exists (Vercellino 2021 Front Oncol 11:664688): this only points at what a person must judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from carpet.response.finding import Finding, When, finding
from carpet.response.finding_notices import EARLY_GROWTH_REGRESSED, GROWTH_NOT_TOLD, PSEUDOPROGRESSION_POSSIBLE
from carpet.response.rule import change_percent, reaches

WITHIN_DAYS = 84  # 12 weeks, day 84 included: the time of LYRIC's IR1 (Cheson 2016)
FIRST_DAYS = 10  # [P] "already in the first days": seen 4 to 5 days after infusion (Wang & Galal 2019), the D7 window ends here
GROWN_PERCENT = 50.0  # of SPD in LYRIC; taken for volumes as well [P]
REGRESSED_PERCENT = 50.0  # [P] as a partial response of SPD
LEAST: Mapping[str, float] = MappingProxyType(
    {"mL": 10.0, "mm2": 0.0}
)  # [P] growth below 10 mL is within readers' difference (Boellaard 2024)


@dataclass(frozen=True, slots=True)
class Followed:
    """One measure from baseline on. before, now: in `unit` (mL, mm2); later: (day, value) of later scans, days rising.

    appeared: new or reappeared since baseline, so that any size is growth.
    """

    what: str
    unit: str
    before: float
    now: float
    later: tuple[tuple[int, float], ...] = ()
    appeared: bool = False

    @property
    def grew(self) -> bool:
        by = self.now - self.before
        enough = by > 0.0 and reaches(by, LEAST[self.unit])
        return self.appeared or (enough and reaches(change_percent(self.before, self.now), GROWN_PERCENT))

    def told(self) -> str:
        sizes = f"{self.before:.1f} to {self.now:.1f} {self.unit}" if not self.appeared else f"{self.now:.1f} {self.unit}"
        return f"{self.what} {sizes}"


def pseudoprogression(
    measures: Sequence[Followed],
    when: When,
    *,
    new_lesions_by: Sequence[str],
    lyric: Sequence[str],
    new_therapy_day: int | None,
    not_told: Sequence[str],
) -> Finding | None:
    """Of one scan of days 1 to 84: what grew or is new and whether it went back; what could not be looked for; None where all was, in vain.

    new_lesions_by: readers who say so; lyric: its indeterminate calls of this scan; not_told: what is not known (no baseline, …).
    """
    if not 1 <= when.day <= WITHIN_DAYS:
        return None
    grown = [one for one in measures if one.grew]
    lacking = f"not known: {', '.join(not_told)}" if not_told else ""
    if not grown and not new_lesions_by and not lyric:
        return finding(GROWTH_NOT_TOLD, lacking, when) if not_told else None
    back, outcome = _afterwards(grown, new_therapy_day)
    said = [
        f"day {when.day} after infusion{', in the first days' if when.day <= FIRST_DAYS else ''}",
        *(one.told() for one in grown),
        *(f"new lesions by {name}" for name in new_lesions_by),
        outcome,
        *lyric,
        lacking,
    ]
    kind = EARLY_GROWTH_REGRESSED if back else PSEUDOPROGRESSION_POSSIBLE
    return finding(kind, "; ".join(part for part in said if part), when, flags=[GROWTH_NOT_TOLD] if not_told else [])


def _afterwards(grown: Sequence[Followed], new_therapy_day: int | None) -> tuple[bool, str]:
    """True where all that grew went back by half or more on scans before new therapy; and what happened in words."""
    if not grown:
        return False, "no measure grew that could be followed"
    kept = [[(on, value) for on, value in one.later if not _after(on, new_therapy_day)] for one in grown]
    if not any(kept):
        since = f" before new therapy on day {new_therapy_day}" if new_therapy_day is not None else ""
        return False, f"no later scan tells{since}"
    back = [next((on for on, value in later if _regressed(one.now, value)), None) for one, later in zip(grown, kept, strict=True)]
    days = [on for on in back if on is not None]
    if len(days) == len(grown):
        return True, f"followed by regression by day {max(days)}, without new therapy"
    last = max(on for later in kept for on, _ in later)
    some = f"{len(days)} of {len(grown)} went back" if days else "not followed by regression"
    return False, f"{some} up to day {last}"


def _after(day: int, new_therapy_day: int | None) -> bool:
    return new_therapy_day is not None and day > new_therapy_day


def _regressed(now: float, later: float) -> bool:
    return reaches(-change_percent(now, later), REGRESSED_PERCENT)
