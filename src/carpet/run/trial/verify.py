"""`carpet verify`: is the store as carpet wrote it, and does the same come out again?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.core.protocol import Protocol
from carpet.run.cohort.frame import CohortInputs
from carpet.run.cohort.rows import result_rows
from carpet.run.cohort.running import cohort_results
from carpet.run.cohort.steps import clinical_steps, cohort_step
from carpet.run.review.kept_at import history_faults
from carpet.run.store import Step, Store, open_store
from carpet.run.store_schema import KINDS
from carpet.run.trial.course import Course
from carpet.run.trial.folder import load_trial
from carpet.run.trial.following import geometry_in
from carpet.run.trial.geometry import is_held
from carpet.run.trial.index import geometry_file
from carpet.run.trial.notices import GEOMETRY_UNREADABLE, RECORD_DIFFERS, RECORD_STALE
from carpet.run.trial.rows import of_courses, trial_rows
from carpet.run.trial.running import ReadyTrial, ready_trial
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.studies import TrialStudy, study_records, study_step
from carpet.run.trial.tracks import CourseTracks, course_tracks, tracks_step

MADE = tuple(kind for kind in KINDS if kind != "provenance")


def verify_trial(folder: Path, *, say: Callable[[str], None]) -> tuple[Notice, ...]:
    """What differs between the store and what is computed again, () where nothing does; raises ProtocolError where nothing is stored.

    Results of scans or rows that lie in the folder no more are left alone. Where the history of readings was altered nothing else is told:
    nobody knows what should come out.
    """
    altered = history_faults(load_trial(folder).root)
    if altered:
        return altered
    with ready_trial(folder, say) as ready:
        if not ready.trial.store.is_file():
            raise ProtocolError(f"{str(folder)!r} has no results yet; `carpet run` makes them")
        with open_store(ready.trial.store) as store:
            say("the store itself")
            results = _results(ready, store)
            studies = (*store.verify(), *_studies(ready, store, say), *_courses(ready, store, results))
            return (*studies, *_cohort(ready, store, results, say))


def _studies(ready: ReadyTrial, store: Store, say: Callable[[str], None]) -> Iterator[Notice]:
    for patient in sorted(ready.tables.patients, key=lambda one: one.patient_id):
        for study in ready.studies[patient.patient_id]:
            geometry = ready.trial.geometry / geometry_file(patient, study)
            yield from _study(store, study, ready.trial.protocol, geometry=geometry, say=partial(_say, say, patient.patient_id))


def _say(say: Callable[[str], None], who: str, step: str) -> None:
    say(f"{who}: {step}")


def _study(store: Store, study: TrialStudy, protocol: Protocol, *, geometry: Path, say: Callable[[str], None]) -> Iterator[Notice]:
    empty = study_step(study, protocol)
    if not store.done(empty.key):
        yield RECORD_STALE.at(empty.chain)
        return
    for stored in store.current("study", chain=empty.chain):
        if not is_held(geometry, stored.payload["geometry_sha256"]):
            yield GEOMETRY_UNREADABLE.at(empty.chain, geometry.name)
    yield from _compared(store, study_step(study, protocol, study_records(study, protocol, say=say)))


def _results(ready: ReadyTrial, store: Store) -> tuple[CourseResult, ...]:
    return tuple(task.result(task.found or CourseTracks()) for task in ready.tasks(store))


def _courses(ready: ReadyTrial, store: Store, results: Sequence[CourseResult]) -> Iterator[Notice]:
    for one in results:
        yield from _tracks(ready, store, one.course)
        yield from _stands(store, one.step)


def _stands(store: Store, step: Step) -> Iterator[Notice]:
    if store.done(step.key):
        yield from _compared(store, step)
    else:
        yield RECORD_STALE.at(step.chain)


def _cohort(ready: ReadyTrial, store: Store, results: Sequence[CourseResult], say: Callable[[str], None]) -> Iterator[Notice]:
    """Scores and toxicity of each patient, then the statistics. Where what they are made of is stale that is told there, not again."""
    protocol = ready.trial.protocol
    rows = of_courses(trial_rows(results, ready.tables, (), protocol=protocol.scores))
    clinical = tuple(clinical_steps(results, ready.tables, rows, protocol))
    for one, step in zip(results, clinical, strict=True):
        if store.done(one.step.key):
            yield from _stands(store, step)
    parents = (*(one.step for one in results), *clinical)
    empty = cohort_step(results, clinical, protocol)
    if not all(store.done(one.key) for one in parents):
        return
    if not store.done(empty.key):
        yield RECORD_STALE.at(empty.chain)
        return
    made = cohort_results(CohortInputs(tuple(results), ready.tables, rows, protocol), say=say)
    yield from _compared(store, cohort_step(results, clinical, protocol, result_rows(made)))


def _tracks(ready: ReadyTrial, store: Store, course: Course) -> Iterator[Notice]:
    corrections = ready.corrections(course)
    step = tracks_step(course, corrections)
    if not store.done(step.key):
        yield RECORD_STALE.at(step.chain)
        return
    try:
        now = course_tracks(course, geometry_in(ready.trial, course), corrections)
    except Refused:  # told with the study whose geometry it is
        return
    yield from _compared(store, tracks_step(course, corrections, now))


def _compared(store: Store, step: Step) -> Iterator[Notice]:
    """One notice a record that is stored and does not come out, or comes out and is not stored."""
    stored = {one.id: f"{one.kind} {one.name}".strip() for kind in MADE for one in store.current(kind, chain=step.chain)}
    now = {key: f"{one.kind} {one.name}".strip() for key, one in zip(step.ids, step.records, strict=True)}
    for key in sorted(stored.keys() ^ now.keys(), key=lambda key: (stored.get(key) or now[key], key)):
        yield RECORD_DIFFERS.at(f"{step.chain}, {stored.get(key) or now[key]}", "stored" if key in stored else "computed now")
