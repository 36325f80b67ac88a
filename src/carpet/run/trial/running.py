"""`carpet run`: a whole trial, every examination that is new or stale, the courses, the cohort, the tables and the pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from carpet.clinical import ClinicalTables
from carpet.clinical.track_corrections import TrackCorrection
from carpet.core.errors import Notice
from carpet.core.record import Provenance
from carpet.report.trial_index import index_html
from carpet.run.cohort.frame import CohortInputs, check_cohort
from carpet.run.cohort.writing import write_cohort
from carpet.run.document import software
from carpet.run.leftovers import at_work_in
from carpet.run.on_cluster import on_cluster
from carpet.run.opening import Found, found_under
from carpet.run.outputs import new_files
from carpet.run.parquet import parquet_files
from carpet.run.review.feeding import Signed, days_of, signed_readings
from carpet.run.store import Record, Stamp, Step, Store, open_store
from carpet.run.terminal import counted
from carpet.run.trial.asked import as_asked
from carpet.run.trial.clinical import Placed, as_it_is, at_place, read_clinical
from carpet.run.trial.course import Course, course_of, matched
from carpet.run.trial.folder import Trial, load_trial
from carpet.run.trial.index import COHORT, INDEX, geometry_file, index_content, report_folder, seg_file
from carpet.run.trial.notices import FILES_UNREADABLE, STUDY_WITHOUT_PET
from carpet.run.trial.patients import PatientTask, keep
from carpet.run.trial.report import PAGE
from carpet.run.trial.rows import of_courses, trial_rows
from carpet.run.trial.scan_page import heading_of
from carpet.run.trial.steps import CourseResult, stored_scan
from carpet.run.trial.studies import Named, Outcome, Task, TrialStudy, Wanted, is_due, kept, trial_studies
from carpet.run.trial.tables import Rows, table_files
from carpet.run.trial.tracks import stored_tracks
from carpet.run.workers import outcomes

Say = Callable[[str], None]


@dataclass(frozen=True)
class ReadyTrial:
    """A trial as it lies in its folder now. studies: of each patient; told: (study UID, notice) for what concerns no known patient;
    placed: turns a place in a clinical table into that in a REDCap export, where the table was made of one. signed: what was signed
    in the reading room."""

    trial: Trial
    tables: ClinicalTables
    studies: dict[str, list[TrialStudy]]
    told: tuple[tuple[str, Notice], ...]
    signed: Signed
    placed: Placed = as_it_is

    def corrections(self, course: Course) -> tuple[TrackCorrection, ...]:
        """What readers said of this patient's lesion tracks."""
        return tuple(one for one in self.tables.track_corrections if one.patient_id == course.patient.patient_id)

    def tasks(self, store: Store, *, tables_only: bool = False) -> Iterator[PatientTask]:
        """What follows the scans of every patient, from what is stored, in the order of patients' ids."""
        protocol = self.trial.protocol
        for patient in sorted(self.tables.patients, key=lambda one: one.patient_id):
            scans = [stored_scan(store, study, patient, protocol) for study in self.studies[patient.patient_id]]
            course = self.signed.course(course_of(patient, scans, self.tables, protocol))
            corrections = self.corrections(course)
            yield PatientTask(self.trial, course, corrections, stored_tracks(store, course, corrections), self.placed, tables_only)


@dataclass(frozen=True)
class TrialOutcome:
    """What a run has done: how many studies it measured anew, and all rows of all tables."""

    trial: Trial
    patients: int
    studies: int
    measured: int
    rows: Rows

    @property
    def refused(self) -> int:
        return len(self.rows["refusals"])


@contextmanager
def ready_trial(folder: Path, say: Say, *, reviews: bool = True) -> Iterator[ReadyTrial]:
    """The trial's protocol, clinical tables and scans, headers read and matched; unpacked zips live as long as the context does.

    reviews: whether signed readings of the reading room are taken in.
    """
    trial = load_trial(folder)
    check_cohort(trial.protocol)
    said = read_clinical(trial)
    tables = said.tables
    say("reading headers")
    with found_under([trial.dicom], trial.protocol.suv, unpack_in=_writable(trial.results)) as found:
        studies, without = trial_studies(found)
        of, wrong = matched(studies, tables)
        of, unused = as_asked(of, tables, trial.protocol.suv)
        told = [(uid, STUDY_WITHOUT_PET.at(uid)) for uid in without]
        signed = signed_readings(trial, tables, days_of(of, tables.patients)) if reviews else Signed(tables)
        placed = ((uid, at_place(notice, said.placed)) for uid, notice in (*wrong, *unused))
        others = (("", notice) for notice in _unreadable(found))
        yield ReadyTrial(trial, signed.tables, signed.studies(of), (*placed, *told, *others, *signed.lost), signed, said.placed)


def _writable(results: Path) -> Path | None:
    """Where scans are unpacked, so that what a killed run leaves goes with the next one; None where that cannot be."""
    return results if results.is_dir() and os.access(results, os.W_OK) else None


def _unreadable(found: Found) -> Iterator[Notice]:
    """Counted, not named: names of files and folders may be names of patients."""
    notices = [*(notice for _, notice in found.catalogue.unreadable), *found.not_opened]
    for code in sorted({notice.code for notice in notices}):
        yield FILES_UNREADABLE.at("dicom/", f"{counted(sum(one.code == code for one in notices), 'time')} {code}")


def run_trial(
    folder: Path, *, say: Say, stamp: Stamp, tables_only: bool = False, workers: int = 1, scheduler: str | None = None
) -> TrialOutcome:
    """Measure what is new or stale, call the responses, write tables and pages; raises ProtocolError, and Refused for a store not ours.

    A study or row that is refused stands in the tables `refusals`. The same call goes on where an earlier one was stopped.
    workers: processes that measure. scheduler: the address of a dask scheduler whose workers measure instead.
    """
    with (
        ready_trial(folder.resolve() if scheduler else folder, say) as ready,
        at_work_in(_made(ready.trial.results)),
        open_store(ready.trial.store) as store,
    ):
        store.write(run_step(ready.trial), stamp)
        tasks = [(where, task) for where, task in _tasks(ready, stamp, tables_only=tables_only) if is_due(store, task)]
        made = on_cluster(tasks, scheduler, say=say) if scheduler else outcomes(tasks, number=workers, say=say)
        measured, failed = _keep(store, tasks, made)
        say("lesion tracks, responses and reports")
        results = _followed(store, tuple(ready.tasks(store, tables_only=tables_only)), stamp, number=workers, say=say)
        rows = trial_rows(results, ready.tables, (*ready.told, *failed), protocol=ready.trial.protocol.scores)
        inputs = CohortInputs(results, ready.tables, of_courses(rows), ready.trial.protocol)
        cohort = write_cohort(ready.trial, inputs, store=store, stamp=stamp, say=say, tables_only=tables_only)
        rows = {**rows, **cohort.rows}
        _write(ready.trial, rows, results, say)
        number = sum(len(one) for one in ready.studies.values())
        return TrialOutcome(ready.trial, len(ready.tables.patients), number, measured, rows)


def _made(results: Path) -> Path:
    results.mkdir(parents=True, exist_ok=True)
    return results


def run_step(trial: Trial) -> Step:
    """Protocol and software, kept once for as long as they stay the same."""
    said: dict[str, Any] = {"protocol": trial.protocol.model_dump(mode="json"), "software": software()}
    return Step("trial", Provenance("run", "1", "", said, (), f"carpet {version('carpet')}"), (Record(kind="run", payload=said),))


def _tasks(ready: ReadyTrial, stamp: Stamp, *, tables_only: bool) -> Iterator[Named]:
    """Every examination of a known patient, in the order in which it is kept."""
    trial = ready.trial
    everything = [(patient, study) for patient in ready.tables.patients for study in ready.studies[patient.patient_id]]
    for number, (patient, study) in enumerate(everything, start=1):
        geometry = trial.geometry / geometry_file(patient, study)
        heading = heading_of(patient.patient_id, None if study.date is None else patient.day(study.date), trial.protocol)
        places = trial.reports / report_folder(patient, study), trial.seg / seg_file(patient, study), geometry
        wanted = Wanted(*places, tables_only, heading)
        task = Task(study, trial.protocol, wanted, stamp, trial.results / "logs")
        yield f"{patient.patient_id}, study {number} of {len(everything)}", task


def _keep(store: Store, tasks: Sequence[Named], made: Generator[Outcome]) -> tuple[int, tuple[tuple[str, Notice], ...]]:
    """How many studies were measured anew, and those on which carpet failed."""
    before, failed, measured = store.head().sequence, [], 0
    with closing(made):
        for (_, task), outcome in zip(tasks, made, strict=True):
            failed += [(task.study.study_uid, one) for one in kept(store, task, outcome)]
            measured, before = measured + (store.head().sequence > before), store.head().sequence
    return measured, tuple(failed)


def _followed(store: Store, tasks: Sequence[PatientTask], stamp: Stamp, *, number: int, say: Say) -> tuple[CourseResult, ...]:
    """Every patient's course, with pictures and report, kept in the order of patients' ids."""
    results = []
    named = [(task.course.patient.patient_id, task) for task in tasks]
    with closing(outcomes(named, number=number, say=say)) as made:
        for task, outcome in zip(tasks, made, strict=True):
            keep(store, task, outcome, stamp)
            results.append(outcome.result)
    return tuple(results)


def _write(trial: Trial, rows: Rows, results: tuple[CourseResult, ...], say: Say) -> None:
    """Tables and the index; a file that has not changed is not touched."""
    say("tables")
    renew(trial.tables, table_files(rows) | parquet_files(rows))
    say(INDEX)
    pages = (*trial.reports.glob("*/*/report.html"), *trial.reports.glob(f"*/{PAGE}"))
    folders = (path.parent.relative_to(trial.reports).as_posix() for path in pages)
    there = frozenset((*folders, *(path.name for path in trial.reports.glob(COHORT))))
    page = index_html(index_content(trial.protocol, results, rows, there)).encode()
    renew(trial.reports, {INDEX: page})


def renew(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files into the folder, but none that lies there already as it is."""
    changed = {name: content for name, content in files.items() if not (folder / name).is_file() or (folder / name).read_bytes() != content}
    if not changed:
        return
    with new_files(folder, ()) as part:
        for name, content in changed.items():
            (part / name).write_bytes(content)
