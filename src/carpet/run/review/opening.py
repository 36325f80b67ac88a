"""Opens the reading room of a trial: its people, its history, what the last run has stored of each patient, and a case for every scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from carpet.core.errors import ProtocolError, Refused
from carpet.core.protocol import ReviewProtocol
from carpet.review.cases import Assigned, Case, Planned, ReadingState, case_id
from carpet.review.roles import Person, Role
from carpet.run.review.history import CARPET, open_history
from carpet.run.review.kept_at import history_of, name_history
from carpet.run.review.keys import Key
from carpet.run.review.people import AccountFile, People
from carpet.run.review.readings import FOLDER
from carpet.run.review.room import Clock, PatientScans, Room, Say
from carpet.run.review.scans import ScanRoom
from carpet.run.review.server_notices import ACCOUNTS_NONE
from carpet.run.store import Store, open_store
from carpet.run.trial.course import course_of
from carpet.run.trial.running import ReadyTrial, ready_trial
from carpet.run.trial.steps import scan_in_store, stored_scans
from carpet.run.trial.tracks import CourseTracks, stored_tracks

CACHE = "review-cache"
ROOM_README = """\
What people have read: history.sqlite holds every edit and signature, accounts.json who may log in.
Nobody can compute this again: back it up.
"""


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
        own = ready.trial.root / FOLDER
        own.mkdir(exist_ok=True)
        if not (own / "README.txt").exists():
            (own / "README.txt").write_text(ROOM_README, encoding="utf-8")
        people = _people(own, only, now, key)
        where = history_of(ready.trial.root, history)
        with open_store(ready.trial.store) as store, open_history(where) as kept:
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
        found[patient.patient_id] = PatientScans(course, tracks, studies)
    return found


def plan_cases(room: Room) -> None:
    """A case for every time point with a measured scan; where one person reads alone, the cases nobody has begun are that person's."""
    known = {one.id: one for one in room.history.cases()}
    for patient_id, patient in sorted(room.patients.items()):
        for timepoint in patient.studies:
            day = patient.course.at[timepoint].day
            assert day is not None
            name = case_id(patient_id, timepoint)
            case = known.get(name) or _planned(room, patient_id, timepoint, day)
            if room.people.only is not None:
                _assign_to(room, case, room.people.only.name)


def _planned(room: Room, patient_id: str, timepoint: str, day: int) -> Case:
    rules = room.trial.protocol.review if room.people.only is None else ReviewProtocol(**_alone(room.trial.protocol.review))
    act = Planned(patient=patient_id, timepoint=timepoint, day=day, rules=rules)
    return room.history.append(case_id(patient_id, timepoint), act, room.stamp(CARPET), if_match=0)


def _alone(rules: ReviewProtocol) -> dict[str, Any]:
    """Who reads alone has nobody to differ from."""
    return rules.model_dump() | {"readers": 1}


def _assign_to(room: Room, case: Case, name: str) -> None:
    names: Sequence[str] = [one.who for one in case.readings]
    if case.rules.readers != 1 or names == [name] or any(one.state is not ReadingState.ASSIGNED for one in case.readings):
        return
    room.history.append(case.id, Assigned(readers=(name,)), room.stamp(CARPET), if_match=case.version)
