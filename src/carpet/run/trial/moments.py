"""The time points after infusion at which a response is called, and by whom: the numbers, and each reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carpet.clinical.readings import Reading
from carpet.lesions.alignment import Confidence
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.notices import NEW_LESION_UNSURE, NEW_LESIONS_NOT_READ, READING_DIFFERS
from carpet.run.trial.tracks import CourseTracks

CARPET = "carpet"


@dataclass(frozen=True)
class Moment:
    """One time point after baseline: its PET and CT (None: not there, `no_pet` says why), and what the readers said of its day."""

    name: str
    day: int
    pet: Scan | None
    ct_day: int | None
    readings: tuple[Reading, ...]
    no_pet: str = "no PET at this time point"


@dataclass(frozen=True)
class Assessor:
    """Whose Deauville score and whose new foci count; reading None: the numbers alone. deteriorated: None where nobody says."""

    name: str
    reading: Reading | None
    new_focus: bool
    deteriorated: bool | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class NoCall:
    """Why a criterion cannot be evaluated, in words, and as codes where there are some."""

    because: str
    flags: tuple[str, ...] = ()


def moments(course: Course) -> tuple[Moment, ...]:
    """Time points after infusion that have a PET, a CT or a reading, by day; a PET that was refused counts as one. () without infusion."""
    if course.patient.infusion_date is None:
        return ()
    return tuple(sorted(_moments(course), key=lambda one: (one.day, one.name)))


def _moments(course: Course) -> Iterator[Moment]:
    for name, window in course.windows.items():
        if window.last_day <= 0 or name == course.schedule.baseline:
            continue
        pet = course.at.get(name)
        near = pet.day if pet is not None and pet.day is not None else window.nominal_day
        ct_day = nearest([day for day in ct_days(course) if window.holds(day)], near)
        read = [one for one in course.readings if (on := course.patient.day(one.date)) is not None and window.holds(on)]
        lost = [one for one in course.scans if one.day is not None and window.holds(one.day) and one not in course.at.values()]
        days = [pet.day if pet else None, *(one.day for one in lost), ct_day, *(course.patient.day(one.date) for one in read)]
        day = next((one for one in days if one is not None), None)
        if day is None:
            continue
        at_day = tuple(one for one in read if course.patient.day(one.date) == day)
        yield Moment(name, day, pet, ct_day, at_day, *(_lost(one) for one in lost[:1] if pet is None))


def _lost(scan: Scan) -> str:
    """Why a scan of this time point gives no number."""
    codes = dict.fromkeys(one.payload["code"] for one in scan.refusals)
    return (
        f"the PET of day {scan.day} was refused: {', '.join(codes) or 'INTERNAL'}"
        if scan.study is None
        else f"two examinations on day {scan.day}"
    )


def nearest(days: Sequence[int], to: int) -> int | None:
    """The day nearest to another, the earlier of two; None where there is none."""
    return min(days, key=lambda day: (abs(day - to), day), default=None)


def ct_days(course: Course) -> list[int]:
    """The days from infusion on which a CT was measured, in order."""
    days = {course.patient.day(one.date) for one in course.ct_targets}
    return sorted(day for day in days if day is not None)


@dataclass(frozen=True)
class NewSinceBaseline:
    """Tracks that came, or came back, after baseline and are there on a scan. sure: high confidence, and at least 1 mL."""

    sure: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


def new_since_baseline(scan: Scan, tracks: CourseTracks) -> NewSinceBaseline | None:
    """What is new on this scan by the tracks; None where nobody can tell: it could not be aligned, or was not followed."""
    appeared = tracks.appeared.get(scan.study_uid)
    if appeared is None:
        return None
    sure = tuple(one.track for one in appeared if one.confidence is Confidence.HIGH and not one.small)
    return NewSinceBaseline(sure, tuple(one.track for one in appeared if one.track not in sure))


def assessors(moment: Moment, tracks: CourseTracks) -> tuple[Assessor, ...]:
    """The numbers first, then each reader. What a reader does not say of new lesions is taken from the tracks, and where these cannot
    tell the numbers take a reader's word; both are flagged where nobody knows."""
    found = None if moment.pet is None else new_since_baseline(moment.pet, tracks)
    told = [one.new_lesions for one in moment.readings if one.new_lesions is not None]
    said = [one.clinical_deterioration for one in moment.readings if one.clinical_deterioration is not None]
    worse = any(said) if said else None
    focus, flags = (any(told), ()) if found is None and told else _by_tracks(found)
    readers = [_reader(one, found, worse) for one in moment.readings]
    return Assessor(CARPET, None, focus, worse, flags), *readers


def _by_tracks(found: NewSinceBaseline | None) -> tuple[bool, tuple[str, ...]]:
    if found is None:
        return False, (NEW_LESIONS_NOT_READ.code,)
    return bool(found.sure), (NEW_LESION_UNSURE.code,) if found.unsure and not found.sure else ()


def _reader(reading: Reading, found: NewSinceBaseline | None, worse: bool | None) -> Assessor:
    """An unsure region is for the reader to call: neither yes nor no differs from it."""
    read = reading.new_lesions
    focus, flags = _by_tracks(found) if read is None else (read, ())
    if found is not None and read is not None and (bool(found.sure) != read) and not (read and found.unsure):
        flags = (READING_DIFFERS.code,)
    own = reading.clinical_deterioration
    return Assessor(f"reader {reading.reader}", reading, focus, worse if own is None else own, flags)
