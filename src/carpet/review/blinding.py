"""Who sees what: images, readings, clinical data, later scans and the history, by role and by what a person is in the case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from carpet.core.errors import Refused
from carpet.review.cases import OF_CASE, Case, CaseState, ReadingState
from carpet.review.notices import BLINDED, IN_ORDER
from carpet.review.roles import Action, Person, Role, require


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person may see of one case now.

    readings: whose edits, numbers, conclusion and history. course: assignments and disagreements, which tell of both readings.
    """

    images: bool = False
    clinical: bool = False
    readings: tuple[str, ...] = ()
    course: bool = False


NOTHING = Sight()


def sight(case: Case, person: Person) -> Sight:
    """What this person may see; `NOTHING` for somebody with no business in the case.

    Who reads or adjudicates a case sees it as that, whatever other role the same name has.
    """
    names = [one.who for one in case.readings]
    third = case.third.who if case.third else ""
    if person.name in names:
        return _of_reader(case, person) if person.role is Role.READER else NOTHING
    if third and person.name == third:
        return _of_adjudicator(case) if person.role is Role.ADJUDICATOR else NOTHING
    if person.role is Role.ADMINISTRATOR:
        return Sight(True, True, tuple(name for name in (*names, third) if name), True)
    if person.role is Role.VIEWER and case.stands is not None:
        return Sight(True, True, (case.stands,), False)
    return NOTHING


def _of_reader(case: Case, person: Person) -> Sight:
    names = [one.who for one in case.readings]
    seen = list(names) if case.shared else [person.name]
    if case.state is CaseState.SETTLED and case.chosen and case.third:
        seen.append(case.third.who)
    return Sight(True, case.rules.clinical == "shown", tuple(seen), case.shared or len(names) == 1)


def _of_adjudicator(case: Case) -> Sight:
    """Both readings where they differ, and afterwards."""
    assert case.third is not None
    if not case.shared or not case.disagreements:
        return NOTHING
    return Sight(True, case.rules.clinical == "shown", (*(one.who for one in case.readings), case.third.who), True)


def streams_seen(case: Case, person: Person) -> tuple[str, ...]:
    """The streams of the case's history that this person may read: the case's own (""), and those of the readings seen."""
    seen = sight(case, person)
    return (*((OF_CASE,) if seen.course else ()), *seen.readings)


def require_sight(case: Case, person: Person, *, reading: str | None = None) -> Sight:
    """What this person may see: the images at least and, where one is named, that reading.

    Raises Refused (REVIEW_BLINDED, REVIEW_ROLE_FORBIDS).
    """
    require(person, Action.SEE)
    seen = sight(case, person)
    if not seen.images or (reading is not None and reading not in seen.readings):
        raise Refused(BLINDED.at(case.id, case.state if seen.images else "no part in it"))
    return seen


def days_seen(case: Case, days: Iterable[int], person: Person) -> tuple[int, ...]:
    """Which of the patient's scans, by their days from infusion, this person may see beside the case; () where not even its own images.

    Readers and adjudicators see no scan after the case's where the protocol hides later scans.
    """
    seen = sight(case, person)
    if not seen.images:
        return ()
    hides = case.rules.later_scans == "hidden" and case.reading_of(person.name) is not None
    return tuple(sorted(day for day in set(days) if day <= case.day or not hides))


def waits_for(case: Case, others: Iterable[Case], person: Person) -> tuple[str, ...]:
    """The earlier cases of the patient that this reader has to sign before this one may be opened, in order; () for none."""
    if case.rules.later_scans == "shown" or person.role is not Role.READER:
        return ()
    before = (one for one in others if one.patient == case.patient and one.day < case.day and not one.left_out)
    mine = [(one, one.reading_of(person.name)) for one in before]
    open_ = [one for one, reading in mine if reading is not None and reading.state is not ReadingState.SIGNED]
    return tuple(one.id for one in sorted(open_, key=lambda one: (one.day, one.id)))


def with_later_open(cases: Mapping[str, Case], patient: str) -> dict[str, Case]:
    """The patient's cases, each reading marked whose reader may open a later scan now that the protocol hides before, or has begun one."""
    of_patient = {name: one for name, one in cases.items() if one.patient == patient}
    return {name: _with_later_open(one, tuple(of_patient.values())) for name, one in of_patient.items()}


def _with_later_open(case: Case, others: tuple[Case, ...]) -> Case:
    if case.rules.later_scans == "shown":
        return case
    later = tuple(one for one in others if one.day > case.day)
    readings = tuple(one if one.later_open else replace(one, later_open=_sees_one_of(later, others, one.who)) for one in case.readings)
    return case if readings == case.readings else replace(case, readings=readings)


def _sees_one_of(later: tuple[Case, ...], others: tuple[Case, ...], name: str) -> bool:
    reader = Person(name, Role.READER)
    mine = ((one, reading) for one in later for reading in one.readings if reading.who == name)
    return any(reading.state is not ReadingState.ASSIGNED or not waits_for(one, others, reader) for one, reading in mine)


def require_in_order(case: Case, others: Iterable[Case], person: Person) -> None:
    """Raises Refused (REVIEW_IN_ORDER) where an earlier scan of the patient has to be signed first."""
    waiting = waits_for(case, others, person)
    if waiting:
        raise Refused(IN_ORDER.at(case.id, ", ".join(waiting)))


def queue(cases: Iterable[Case], person: Person) -> tuple[Case, ...]:
    """The cases this person may see or has to read, by patient and day; what waits for the person comes first."""
    mine = [one for one in cases if sight(one, person).images]
    return tuple(sorted(mine, key=lambda one: (not is_due(one, person), one.patient, one.day, one.id)))


def is_due(case: Case, person: Person) -> bool:
    """Whether the case waits for this person: an unsigned reading, or a disagreement to settle."""
    own = case.reading_of(person.name)
    if own is None or not sight(case, person).images:
        return False
    return case.state is CaseState.DISPUTED if own is case.third else own.state is not ReadingState.SIGNED
