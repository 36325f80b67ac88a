"""From a patient's course to the plain facts that endpoints ask for: whose word counts as progression, and which scans were adequate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carpet.clinical.patients import FILE, Patient
from carpet.clinical.readings import RESPONDED, Reading
from carpet.clinical.table import place
from carpet.cohort.endpoints import Assessment, Dated, Death, PatientFacts, Planned
from carpet.cohort.endpoints.facts import OPEN, PROGRESSION, RESPONSE, WITHOUT_PROGRESSION
from carpet.core.errors import Notice
from carpet.core.protocol import Protocol
from carpet.response.lugano import lugano
from carpet.run.trial.course import Course
from carpet.run.trial.moments import CARPET
from carpet.run.trial.notices import (
    PROGRESSION_DATES_DIFFER,
    PROGRESSION_DISPUTED,
    PROGRESSION_NOT_STATED,
    PROGRESSION_REGRESSED,
    PROGRESSION_UNCONFIRMED,
    SCANS_NOT_READ,
)

DIFFER_DAYS = 7  # METHODS J: dates of progression that lie further apart are for an adjudicator
FIRST_PLANNED_DAY = 14  # [P] an earlier scan (D7) shows inflammation as well as response: who has none has missed none
DISPUTED = "DISPUTED"
FOLLOW_UP = "_follow_up"
OF_LYMPHOMA = {"lymphoma": True, "toxicity": False, "infection": False, "second_malignancy": False, "other": False}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class KnownFacts:
    """The facts, and what a person must know of them."""

    facts: PatientFacts
    flags: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    """One scan as readers, or else the numbers, call it. confirmed: by readers. shows: progression, whoever says so.

    back: the day to which the numbers date progression back; what readers date back stands in the assessment.
    """

    assessment: Assessment
    confirmed: bool
    shows: bool
    back: int | None = None

    @property
    def since_day(self) -> int:
        return _day(self.assessment) if self.back is None else self.back


def facts_of(course: Course, responses: Sequence[Row], protocol: Protocol, *, criterion: str = "lugano") -> KnownFacts:
    """What is known of a patient, in days from infusion, or from enrolment where there was none.

    Progression is progression_date of patients.csv where it is filled: what the trial states, biopsy, clinic and scans of other places
    included. Else it is the first scan that all its readers call progression by the criterion. Numbers that no reader confirms are no
    event. With the criterion lyric the scans come first, since a stated date does not say by which criterion.
    """
    patient = course.patient
    both = (*_calls(course, responses, criterion), *_read_elsewhere(course, responses, criterion))
    calls = sorted(both, key=lambda one: one.assessment.day)
    stated = _dated(patient, "progression_date")
    shown = min((one.assessment.dated_to or one.assessment.day for one in calls if one.shows and one.confirmed), default=None)
    flags = tuple(_flags(patient, stated, calls))
    facts = PatientFacts(
        patient_id=patient.patient_id,
        infusion=_dated(patient, "infusion_date"),
        enrolment=_dated(patient, "enrolment_date"),
        progression=None if criterion == "lyric" and shown is not None else stated,
        assessments=tuple(one.assessment for one in calls),
        death=_death(patient),
        last_contact=_dated(patient, "last_contact_date"),
        new_therapy=_dated(patient, "new_therapy_date"),
        hsct=_dated(patient, "hsct_date"),
        planned=tuple(
            Planned(name, window.first_day, window.last_day)
            for name, window in sorted(protocol.timepoints.items(), key=lambda one: (one[1].first_day, one[0]))
            if window.first_day >= FIRST_PLANNED_DAY
        ),
        flags=tuple(sorted({one.code for one in flags})),
    )
    return KnownFacts(facts, flags)


def _dated(patient: Patient, name: str) -> Dated | None:
    """A date of patients.csv in days from infusion, or from enrolment where there was no infusion; None where there is none."""
    date: dt.date | None = getattr(patient, name)
    start = patient.infusion_date or patient.enrolment_date
    return None if date is None or start is None else Dated((date - start).days, place(FILE, patient.row, name))


def _death(patient: Patient) -> Death | None:
    died = _dated(patient, "death_date")
    return None if died is None else Death(died.day, died.record, OF_LYMPHOMA.get(patient.cause_of_death or ""))


def _calls(course: Course, responses: Sequence[Row], criterion: str) -> Iterator[_Call]:
    """Each scan that was called by the criterion, by day."""
    avid = course.patient.pet_decides
    rows = [row for row in responses if row["criterion"].partition("@")[0].removesuffix(FOLLOW_UP) == criterion]
    for timepoint, day in sorted({(row["timepoint"], row["day"]) for row in rows}, key=lambda one: (one[1], one[0])):
        here = [row for row in rows if (row["timepoint"], row["day"]) == (timepoint, day)]
        read = [one for one in course.readings if course.patient.day(one.date) == day]
        pets = _pets(here, responses)
        silent = {f"reader {one.reader}": one for one in read if _mute(one, pets, fdg_avid=avid)}
        readers = [row for row in here if row["assessor"] not in (CARPET, *silent) and row["category"] != "NE"]
        if criterion == "lugano":
            readers += [row for one in silent.values() if (row := _by_ct_alone(one, here, pets)) is not None]
        refused = any((one.metabolic_response if avid else one.ct_response) == "NE" for one in read)
        if readers:
            yield _by_readers(day, readers)
        elif refused:
            yield _Call(Assessment(day, _record(here), "NE"), confirmed=True, shows=False)
        else:
            yield from (_by_numbers(row) for row in here if row["assessor"] == CARPET)


def _read_elsewhere(course: Course, responses: Sequence[Row], criterion: str) -> Iterator[_Call]:
    """What readers say, by Lugano, of scans after infusion that stand for no time point: an unscheduled one shows progression as well."""
    if criterion != "lugano":
        return
    covered = {row["day"] for row in responses}
    days = [(one, course.patient.day(one.date)) for one in course.readings]
    for day in sorted({day for _, day in days if day is not None and day >= 1 and day not in covered}):
        said = {one.reader: _as_lugano(one, fdg_avid=course.patient.pet_decides) for one, on in days if on == day}
        rows = [
            {"timepoint": f"day {day}", "criterion": "lugano@1", "assessor": f"reader {reader}", "category": category}
            for reader, category in said.items()
            if category != "NE"
        ]
        if rows:
            yield _by_readers(day, rows)


def _as_lugano(reading: Reading, *, fdg_avid: bool) -> str:
    """The reader's own words alone: new lesions are progression where PET was not called."""
    pet = reading.metabolic_response or ("PMD" if reading.new_lesions else "NE")
    return lugano(pet, reading.ct_response or "NE", fdg_avid=fdg_avid).category


def _pets(here: Sequence[Row], responses: Sequence[Row]) -> dict[str, Row]:
    """What each assessor says of the PET of this time point."""
    at = (here[0]["timepoint"], here[0]["day"])
    mine = [row for row in responses if (row["timepoint"], row["day"]) == at and row["criterion"].startswith("lugano_pet@")]
    return {row["assessor"]: row for row in mine}


def _mute(reading: Reading, pets: Mapping[str, Row], *, fdg_avid: bool) -> bool:
    """Whether a reader's row is the numbers': progression by the tracks' new lesions, or a PET without a word on it. Where CT decides, a
    row without the reader's own word on CT is."""
    if not fdg_avid:
        return reading.ct_response is None
    if reading.metabolic_response is not None:
        return False
    own, numbers = pets.get(f"reader {reading.reader}"), pets.get(CARPET)
    by_tracks = own is not None and own["rule"] == "PET-PMD-new" and reading.new_lesions is None
    silent = reading.deauville is None and reading.new_lesions is not True
    return by_tracks or (silent and numbers is not None and numbers["category"] != "NE")


def _by_ct_alone(reading: Reading, here: Sequence[Row], pets: Mapping[str, Row]) -> Row | None:
    """Progression that a reader calls on CT, calling no PET where the numbers can: progression where their PET goes with it, DISCORDANT
    where it, or the reader's own Deauville score, contradicts it. Any other call on CT confirms nothing, since PET decides: None."""
    numbers = pets.get(CARPET)
    if reading.ct_response not in PROGRESSION or numbers is None:
        return None
    pet = "CMR" if reading.deauville in RESPONDED else numbers["category"]
    category = lugano(pet, reading.ct_response).category
    return {**here[0], "assessor": f"reader {reading.reader}", "category": category, "dated_to_day": None}


def _by_readers(day: int, rows: Sequence[Row]) -> _Call:
    """Progression where all readers call it; none where nobody does, as the least favourable sees it; else it is disputed."""
    progressed = [row for row in rows if row["category"] in PROGRESSION]
    if len(progressed) == len(rows):
        dated = [row.get("dated_to_day") for row in rows]
        back = max((one for one in dated if one is not None), default=None) if None not in dated else None
        return _Call(Assessment(day, _record(rows), rows[0]["category"], back), confirmed=True, shows=True)
    if progressed:
        return _Call(Assessment(day, _record(rows), DISPUTED), confirmed=True, shows=False)
    order = (*WITHOUT_PROGRESSION, *OPEN)
    worst = max((row["category"] for row in rows), key=order.index)
    return _Call(Assessment(day, _record(rows), worst), confirmed=True, shows=False)


def _by_numbers(row: Row) -> _Call:
    """What no reader confirms is adequate, but no progression."""
    shows = row["category"] in PROGRESSION
    said = Assessment(row["day"], _record([row]), DISPUTED if shows else row["category"])
    return _Call(said, confirmed=False, shows=shows, back=row.get("dated_to_day") if shows else None)


def _record(rows: Sequence[Row]) -> str:
    """`M3 lugano@1 by reader A, reader B`."""
    return f"{rows[0]['timepoint']} {rows[0]['criterion']} by {', '.join(sorted(row['assessor'] for row in rows))}"


def _flags(patient: Patient, stated: Dated | None, calls: Sequence[_Call]) -> Iterator[Notice]:
    for one in calls:
        if one.confirmed and one.assessment.category == DISPUTED:
            yield PROGRESSION_DISPUTED.at(one.assessment.record, f"day {one.assessment.day}")
    unread = [one.assessment for one in calls if not one.confirmed and one.assessment.category in WITHOUT_PROGRESSION]
    if unread:
        yield SCANS_NOT_READ.at("readings.csv", ", ".join(f"day {one.day}" for one in unread))
    shown = [one for one in calls if one.shows]
    if stated is not None:
        yield from _compared(stated, shown, [one.assessment for one in calls if one.confirmed])
        return
    where = place(FILE, patient.row, "progression_date")
    confirmed = next((one.assessment for one in calls if one.shows and one.confirmed), None)
    if confirmed is not None:
        yield PROGRESSION_NOT_STATED.at(where, f"day {_day(confirmed)}: {confirmed.record}")
        yield from _regressed(patient, confirmed, [one.assessment for one in calls])
    elif shown:
        yield PROGRESSION_UNCONFIRMED.at(where, f"day {shown[0].since_day}: {shown[0].assessment.record}")


def _regressed(patient: Patient, shown: Assessment, scans: Sequence[Assessment]) -> Iterator[Notice]:
    """A response after progression, without a therapy between that could explain it."""
    began = [one.day for one in (_dated(patient, "new_therapy_date"), _dated(patient, "hsct_date")) if one is not None]
    until = min(began, default=None)
    after = next((one for one in scans if one.day > shown.day and one.category in RESPONSE), None)
    if after is not None and (until is None or after.day <= until):
        yield PROGRESSION_REGRESSED.at(after.record, f"day {shown.day}: progression; day {after.day}: {after.category}")


def _compared(stated: Dated, shown: Sequence[_Call], read: Sequence[Assessment]) -> Iterator[Notice]:
    """The trial's date against the first scan that shows progression; or against a scan read later that does not."""
    first = min(shown, key=lambda one: one.since_day, default=None)
    later = next((one for one in read if one.day > stated.day and one.category in WITHOUT_PROGRESSION), None)
    if first is not None and abs(first.since_day - stated.day) > DIFFER_DAYS:
        yield PROGRESSION_DATES_DIFFER.at(stated.record, f"day {stated.day}; {first.assessment.record}: day {first.since_day}")
    elif first is None and later is not None:
        yield PROGRESSION_DATES_DIFFER.at(stated.record, f"day {stated.day}; {later.record}, day {later.day}: {later.category}")


def _day(one: Assessment) -> int:
    return one.day if one.dated_to is None else one.dated_to
