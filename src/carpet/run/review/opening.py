"""Opens the reading room of a trial: its people, its history, what the last run has stored of each patient, and a case for every scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from carpet.core.errors import ProtocolError, Refused
from carpet.review.cases import Assigned, Case, LeftOut, Planned, Replanned, act_json, case_id
from carpet.review.roles import Person, Role
from carpet.run.review.history import CARPET
from carpet.run.review.kept_at import checked_history, history_of, name_history
from carpet.run.review.keys import Key
from carpet.run.review.people import AccountFile, People
from carpet.run.review.readings import FOLDER
from carpet.run.review.room import Clock, PatientScans, Room, Say
from carpet.run.review.scans import ScanRoom
from carpet.run.review.server_notices import ACCOUNTS_NONE, TWO_READERS
from carpet.run.store import Store, open_store
from carpet.run.trial.course import course_of
from carpet.run.trial.running import ReadyTrial, ready_trial
from carpet.run.trial.steps import scan_in_store, stored_scans
from carpet.run.trial.studies import TrialStudy
from carpet.run.trial.tracks import CourseTracks, stored_tracks

CACHE = "review-cache"


@contextmanager
def open_room(
    folder: Path, *, only: str | None, now: Clock, say: Say, history: str | None = None, key: Key | None = None
) -> Iterator[Room]:
    """The reading room of a trial that was run. only: who reads alone, without a password; None: the people of review/accounts.json.

    history: a PostgreSQL URL, which the trial names from then on. key: what the only person's browser has to bring. Raises ProtocolError
    for a trial that was never run, and Refused.
    """
    with ready_trial(folder, say, reviews=False) as ready:
        if not ready.trial.store.is_file():
            raise ProtocolError(f"{str(folder)!r} has no results yet; `carpet run` makes them")
        if only is not None and ready.trial.protocol.review.readers > 1:
            raise Refused(TWO_READERS.at("[review] readers", ready.trial.protocol.review.readers))
        own = ready.trial.root / FOLDER
        own.mkdir(exist_ok=True)
        people = _people(own, only, now, key)
        where = history_of(ready.trial.root, history)
        with open_store(ready.trial.store) as store, checked_history(where) as kept:
            name_history(ready.trial.root, where)
            patients = _patients(ready, store)
            scans = ScanRoom(ready.trial.results / CACHE, ready.trial.protocol)
            room = Room(ready.trial, patients, kept, people, scans, now().strftime("%Y%m%dT%H%M%S.%fZ"), now)
            plan_cases(room)
            yield room


def _people(folder: Path, only: str | None, now: Clock, key: Key | None) -> People:
    if only is not None:
        return People({}, now, Person(only, Role.READER), key)
    accounts = AccountFile(folder)
    if not accounts:
        raise Refused(ACCOUNTS_NONE.at(FOLDER))
    return People(accounts, now)


def _patients(ready: ReadyTrial, store: Store) -> dict[str, PatientScans]:
    """What the last run has stored of each patient, with the scans it was made of, as far as they still lie in dicom/."""
    found = {}
    for patient in ready.tables.patients:
        scans = [scan_in_store(store, *one) for one in stored_scans(store, patient)]
        course = course_of(patient, scans, ready.tables, ready.trial.protocol)
        tracks = stored_tracks(store, course, ready.corrections(course)) or CourseTracks()
        by_uid = {one.study_uid: one for one in ready.studies[patient.patient_id]}
        studies = {name: by_uid[scan.study_uid] for name, scan in course.at.items() if scan.study_uid in by_uid}
        found[patient.patient_id] = PatientScans(course, tracks, studies, frozenset(by_uid))
    return found


def plan_cases(room: Room) -> None:
    """A case for every time point with a measured scan, on its day now; where one person reads alone, that person's if nobody has begun."""
    for patient_id, patient in sorted(room.patients.items()):
        known = [one for one in room.history.cases() if one.patient == patient_id]
        of = _cases_of(patient, known)
        taken = {one.id for one in known}
        for timepoint, study in patient.studies.items():
            case = of.get(timepoint)
            if case is None:
                case = _planned(room, patient_id, timepoint, again=study.short if case_id(patient_id, timepoint) in taken else "")
            else:
                case = _as_now(room, case, timepoint, study)
            if room.people.only is not None:
                _assign_to(room, case, room.people.only.name)
    for case in room.history.cases():  # also of patients who are in patients.csv no more
        if room.is_left_out(case) is not case.left_out:
            room.history.append(case.id, LeftOut(left_out=not case.left_out), room.stamp(CARPET), if_match=case.version)


def _cases_of(patient: PatientScans, known: Sequence[Case]) -> Mapping[str, Case]:
    """Time point → the case of its scan: by the examination; by its day where the case says none; else one that nobody has begun."""
    found: dict[str, Case] = {}
    by_study = {one.study: one for one in known if one.study}
    for timepoint, study in patient.studies.items():
        at = (timepoint, patient.course.at[timepoint].day)
        unbound = (one for one in known if not one.study and (one.timepoint, one.day) == at)
        case = by_study.get(study.study_uid) or next(unbound, None)
        if case is not None:
            found[timepoint] = case
    used = {one.id for one in found.values()}
    for one in known:
        if one.id not in used and not one.begun and one.timepoint in patient.studies:
            found.setdefault(one.timepoint, one)
    return found


def _planned(room: Room, patient_id: str, timepoint: str, *, again: str) -> Case:
    patient = room.patients[patient_id]
    day, study = patient.course.at[timepoint].day, patient.studies[timepoint].study_uid
    assert day is not None
    act = Planned(patient=patient_id, timepoint=timepoint, day=day, rules=room.trial.protocol.review, study=study, again=again)
    return room.history.append(case_id(patient_id, timepoint, again), act, room.stamp(CARPET), if_match=0)


def _as_now(room: Room, case: Case, timepoint: str, study: TrialStudy) -> Case:
    """The case on the day on which its scan lies now; where nobody has begun, by the rules of the protocol now."""
    day = room.patients[case.patient].course.at[timepoint].day
    assert day is not None
    rules = case.rules if case.begun else room.trial.protocol.review
    act = Replanned(timepoint=timepoint, day=day, rules=rules, study=study.study_uid)
    was = Replanned(timepoint=case.timepoint, day=case.day, rules=case.rules, study=case.study)
    if act == was:
        return case
    return room.history.append(case.id, act, room.stamp(CARPET), if_match=case.version, was=act_json(was))


def _assign_to(room: Room, case: Case, name: str) -> None:
    names: Sequence[str] = [one.who for one in case.readings]
    if case.rules.readers != 1 or names == [name] or case.begun:
        return
    room.history.append(case.id, Assigned(readers=(name,)), room.stamp(CARPET), if_match=case.version)
