"""What is known of one patient, in days, as plain data with the record behind each fact; and whether it can all be true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carpet.cohort.endpoints.notices import EVENT_AFTER_DEATH, EVENT_AFTER_LAST_CONTACT, EVENT_BEFORE_START
from carpet.core.errors import Notice, ProtocolError, Refused

COMPLETE = ("CR", "CMR")
RESPONSE = (*COMPLETE, "PR", "PMR")
WITHOUT_PROGRESSION = (*RESPONSE, "MR", "SD", "NMR")
PROGRESSION = ("PD", "PMD")
OPEN = ("DISCORDANT", "IR1", "IR2", "IR3", "DISPUTED")  # a person, or a later scan, decides: evaluated, but it shows neither
NOT_EVALUABLE = ("NE",)
CATEGORIES = (*WITHOUT_PROGRESSION, *PROGRESSION, *OPEN, *NOT_EVALUABLE)


@dataclass(frozen=True, slots=True)
class Dated:
    """Something that happened: the day, and the record that says so (`patients.csv row 3, death_date`)."""

    day: int
    record: str


@dataclass(frozen=True, slots=True)
class Death:
    """of_lymphoma: None where nobody says of what."""

    day: int
    record: str
    of_lymphoma: bool | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """One scan as it was called. dated_to: of progression that LYRIC dates back, the first indeterminate response."""

    day: int
    record: str
    category: str
    dated_to: int | None = None

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES:
            raise ProtocolError(f"no assessment is called {self.category!r}. There are: {', '.join(CATEGORIES)}.")
        if self.dated_to is not None and (self.category not in PROGRESSION or self.dated_to > self.day):
            raise ProtocolError(f"{self.category} of day {self.day} cannot be dated back to day {self.dated_to}")


@dataclass(frozen=True, slots=True)
class Planned:
    """A scan that the protocol asks for, by its window."""

    name: str
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """Days from infusion (which is day 0); of a patient who was never infused, from enrolment. None: it is not known, or it never was.

    progression: as the trial states it; where it is None, the first assessment that shows it counts. new_therapy: the first after
    infusion, which may be the transplant itself. flags: what must be known of progression and assessments.
    """

    patient_id: str
    infusion: Dated | None
    enrolment: Dated | None = None
    progression: Dated | None = None
    assessments: tuple[Assessment, ...] = ()
    death: Death | None = None
    last_contact: Dated | None = None
    new_therapy: Dated | None = None
    hsct: Dated | None = None
    planned: tuple[Planned, ...] = ()
    flags: tuple[str, ...] = ()


def checked(facts: PatientFacts) -> PatientFacts:
    """The same facts; Refused with every contradiction."""
    wrong = contradictions(facts)
    if wrong:
        raise Refused(wrong)
    return facts


def contradictions(facts: PatientFacts) -> tuple[Notice, ...]:
    """What cannot be true together: before the start, after death, after the last contact of a living patient; () for nothing."""
    return tuple(_contradictions(facts))


def _contradictions(facts: PatientFacts) -> Iterator[Notice]:
    while_alive = [one for one in (facts.progression, facts.new_therapy, facts.hsct, *facts.assessments) if one is not None]
    for one in (*while_alive, *(end for end in (facts.last_contact, facts.death) if end is not None)):
        if one.day < 0 and not isinstance(one, Assessment):  # scans before infusion are no assessments of what follows it
            yield EVENT_BEFORE_START.at(one.record, f"{-one.day} days before it")
    if facts.death is not None:
        known = [*while_alive, *([facts.last_contact] if facts.last_contact else [])]
        for one in known:
            if one.day > facts.death.day:
                yield EVENT_AFTER_DEATH.at(one.record, f"{one.day - facts.death.day} days after it")
    elif facts.last_contact is not None:
        for one in while_alive:
            if one.day > facts.last_contact.day:
                yield EVENT_AFTER_LAST_CONTACT.at(one.record, f"{one.day - facts.last_contact.day} days after it")


def first_progression(facts: PatientFacts) -> Dated | None:
    """Progression as the trial states it; else the first scan that shows it, after infusion, LYRIC's on the day it is dated to."""
    if facts.progression is not None:
        return facts.progression
    shown = [one for one in facts.assessments if one.day >= 1 and one.category in PROGRESSION]
    dated = [Dated(one.day if one.dated_to is None else one.dated_to, _told(one)) for one in shown]
    return min(dated, key=lambda one: (one.day, one.record), default=None)


def _told(one: Assessment) -> str:
    return one.record if one.dated_to is None else f"{one.record}, dated back to day {one.dated_to}"


def assessed(facts: PatientFacts) -> list[Assessment]:
    """The scans after infusion and before progression, by day."""
    end = first_progression(facts)
    kept = [one for one in facts.assessments if one.day >= 1 and (end is None or one.day < end.day)]
    return sorted(kept, key=lambda one: (one.day, one.record))


def without_progression(facts: PatientFacts) -> list[Assessment]:
    """Adequate assessments: those of `assessed` that show that there is no progression."""
    return [one for one in assessed(facts) if one.category in WITHOUT_PROGRESSION]
