"""Which cases a third person must see: where two readers of one scan, or of one patient, differ by more than readers may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from carpet.cohort.agreement.benchmark import WITHIN_ML, WITHIN_PERCENT

PROGRESSION_DAYS = 7  # [P] METHODS J: a date of progression that differs by more
RESPONDED = ("1", "2", "3")
RESIDUAL = ("4", "5")


class Trigger(StrEnum):
    """Why (METHODS J)."""

    CATEGORY = "CATEGORY_DIFFERS"
    DEAUVILLE = "DEAUVILLE_ACROSS_3_4"
    TMTV = "TMTV_DIFFERS"
    PROGRESSION = "PROGRESSION_DATE_DIFFERS"


@dataclass(frozen=True, slots=True)
class Read:
    """What one reader says of one time point; None: did not say. timepoint empty: of the whole course, of which progression is asked.

    category: the response by Lugano. progression_day: of the whole course; with `no_progression` where the reader saw none.
    """

    patient_id: str
    timepoint: str
    reader: str
    category: str | None = None
    deauville: str | None = None
    tmtv_ml: float | None = None
    progression_day: int | None = None
    no_progression: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One case for the adjudicator: who differs, why, and on what."""

    patient_id: str
    timepoint: str
    readers: tuple[str, str]
    trigger: Trigger
    because: str


def to_adjudicate(reads: Iterable[Read]) -> tuple[Case, ...]:
    """Every pair of readers of one time point that a trigger holds for, by patient, time point and readers; () where all agree.

    What a reader did not say differs from nothing. Triggers of METHODS J: another response, Deauville 1–3 against 4–5, TMTV apart by more
    than 10 % (of the mean of both) and 10 mL, progression apart by more than 7 days or seen by one alone.
    """
    by: dict[tuple[str, str], list[Read]] = {}
    for one in sorted(reads, key=lambda read: (read.patient_id, read.timepoint, read.reader)):
        by.setdefault((one.patient_id, one.timepoint), []).append(one)
    return tuple(case for same in by.values() for one, other in combinations(same, 2) for case in _cases(one, other))


def _cases(one: Read, other: Read) -> Iterator[Case]:
    for trigger, because in _triggers(one, other):
        yield Case(one.patient_id, one.timepoint, (one.reader, other.reader), trigger, because)


def _triggers(one: Read, other: Read) -> Iterator[tuple[Trigger, str]]:
    if one.category and other.category and one.category != other.category:
        yield Trigger.CATEGORY, f"{one.category} and {other.category}"
    scores = one.deauville, other.deauville
    if any(score in RESPONDED for score in scores) and any(score in RESIDUAL for score in scores):
        yield Trigger.DEAUVILLE, f"Deauville {one.deauville} and {other.deauville}"
    if one.tmtv_ml is not None and other.tmtv_ml is not None:
        apart, mean = abs(one.tmtv_ml - other.tmtv_ml), (one.tmtv_ml + other.tmtv_ml) / 2.0
        if apart > WITHIN_ML and 100.0 * apart > WITHIN_PERCENT * mean:
            yield Trigger.TMTV, f"{one.tmtv_ml:.1f} and {other.tmtv_ml:.1f} mL"
    yield from _progression(one, other)


def _progression(one: Read, other: Read) -> Iterator[tuple[Trigger, str]]:
    days = one.progression_day, other.progression_day
    if days[0] is not None and days[1] is not None:
        if abs(days[0] - days[1]) > PROGRESSION_DAYS:
            yield Trigger.PROGRESSION, f"progression on day {days[0]} and day {days[1]}"
    elif (days[0] is not None and other.no_progression) or (days[1] is not None and one.no_progression):
        yield Trigger.PROGRESSION, f"progression on day {next(day for day in days if day is not None)} and none"
