"""`carpet run`: a whole trial, every examination that is new or stale, the courses, the tables and the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from carpet.clinical import ClinicalTables, read_tables
from carpet.core.errors import Notice
from carpet.core.record import Provenance
from carpet.report.trial_index import index_html
from carpet.run.document import software
from carpet.run.opening import Found, found_under
from carpet.run.outputs import new_files
from carpet.run.store import Record, Stamp, Step, Store, open_store
from carpet.run.terminal import counted
from carpet.run.trial_course import course_of, matched
from carpet.run.trial_folder import Trial, load_trial
from carpet.run.trial_index import INDEX, index_content, report_folder, seg_file
from carpet.run.trial_notices import FILES_UNREADABLE, STUDY_WITHOUT_PET
from carpet.run.trial_rows import trial_rows
from carpet.run.trial_steps import CourseResult, course_result, stored_scan
from carpet.run.trial_studies import TrialStudy, Wanted, measure_into, trial_studies
from carpet.run.trial_tables import Rows, table_files

Say = Callable[[str], None]


@dataclass(frozen=True)
class ReadyTrial:
    """A trial as it lies in its folder now. studies: of each patient; told: (study UID, notice) for what concerns no known patient."""

    trial: Trial
    tables: ClinicalTables
    studies: dict[str, list[TrialStudy]]
    told: tuple[tuple[str, Notice], ...]


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
def ready_trial(folder: Path, say: Say) -> Iterator[ReadyTrial]:
    """The trial's protocol, clinical tables and scans, headers read and matched; unpacked zips live as long as the context does."""
    trial = load_trial(folder)
    tables = read_tables({path.name: path.read_bytes() for path in sorted(trial.clinical.iterdir()) if path.is_file()})
    say("reading headers")
    with found_under([trial.dicom], trial.protocol.suv) as found:
        studies, without = trial_studies(found)
        of, wrong = matched(studies, tables)
        told = [(uid, STUDY_WITHOUT_PET.at(uid)) for uid in without]
        yield ReadyTrial(trial, tables, of, (*wrong, *told, *(("", notice) for notice in _unreadable(found))))


def _unreadable(found: Found) -> Iterator[Notice]:
    """Counted, not named: names of files and folders may be names of patients."""
    notices = [*(notice for _, notice in found.catalogue.unreadable), *found.not_opened]
    for code in sorted({notice.code for notice in notices}):
        yield FILES_UNREADABLE.at("dicom/", f"{counted(sum(one.code == code for one in notices), 'time')} {code}")


def run_trial(folder: Path, *, say: Say, stamp: Stamp, tables_only: bool = False) -> TrialOutcome:
    """Measure what is new or stale, call the responses, write tables and pages; raises ProtocolError, and Refused for a store not ours.

    A study or row that is refused stands in the tables `refusals`. The same call goes on where an earlier one was stopped.
    """
    with ready_trial(folder, say) as ready, open_store(_store_of(ready.trial)) as store:
        store.write(_run_step(ready.trial), stamp)
        measured, failed = _measure(ready, store, say=say, stamp=stamp, tables_only=tables_only)
        say("responses")
        results = courses(ready, store)
        for one in results:
            store.write(one.step, stamp)
        rows = trial_rows(results, ready.tables, (*ready.told, *failed))
        _write(ready.trial, rows, results, say)
        number = sum(len(one) for one in ready.studies.values())
        return TrialOutcome(ready.trial, len(ready.tables.patients), number, measured, rows)


def _store_of(trial: Trial) -> Path:
    trial.results.mkdir(parents=True, exist_ok=True)
    return trial.store


def _run_step(trial: Trial) -> Step:
    """Protocol and software, kept once for as long as they stay the same."""
    said: dict[str, Any] = {"protocol": trial.protocol.model_dump(mode="json"), "software": software()}
    return Step("trial", Provenance("run", "1", "", said, (), f"carpet {version('carpet')}"), (Record(kind="run", payload=said),))


def _measure(ready: ReadyTrial, store: Store, *, say: Say, stamp: Stamp, tables_only: bool) -> tuple[int, tuple[tuple[str, Notice], ...]]:
    """How many studies were measured anew, and those on which carpet failed."""
    before, failed = store.head().sequence, []
    measured, done, number = 0, 0, sum(len(one) for one in ready.studies.values())
    for patient in ready.tables.patients:
        for study in ready.studies[patient.patient_id]:
            done += 1
            folder, seg = report_folder(patient, study), seg_file(patient, study)
            wanted = Wanted(ready.trial.reports / folder, ready.trial.seg / seg, tables_only)
            where = f"{patient.patient_id}, study {done} of {number}"
            said = _with(say, where)
            failed += [(study.study_uid, one) for one in measure_into(store, ready.trial, study, wanted=wanted, stamp=stamp, say=said)]
            measured, before = measured + (store.head().sequence > before), store.head().sequence
    return measured, tuple(failed)


def _with(say: Say, where: str) -> Say:
    return lambda step: say(f"{where}: {step}")


def courses(ready: ReadyTrial, store: Store) -> tuple[CourseResult, ...]:
    """Every patient's course from what is stored, in the order of patients' ids."""
    protocol, results = ready.trial.protocol, []
    for patient in sorted(ready.tables.patients, key=lambda one: one.patient_id):
        scans = [stored_scan(store, study, patient, protocol) for study in ready.studies[patient.patient_id]]
        results.append(course_result(course_of(patient, scans, ready.tables, protocol), protocol))
    return tuple(results)


def _write(trial: Trial, rows: Rows, results: tuple[CourseResult, ...], say: Say) -> None:
    """Tables and the index; a file that has not changed is not touched."""
    say("tables")
    _renew(trial.tables, table_files(rows))
    say(INDEX)
    there = frozenset(path.parent.relative_to(trial.reports).as_posix() for path in trial.reports.glob("*/*/report.html"))
    page = index_html(index_content(trial.protocol, results, rows, there)).encode()
    _renew(trial.reports, {INDEX: page})


def _renew(folder: Path, files: dict[str, bytes]) -> None:
    changed = {name: content for name, content in files.items() if not (folder / name).is_file() or (folder / name).read_bytes() != content}
    if not changed:
        return
    with new_files(folder, ()) as part:
        for name, content in changed.items():
            (part / name).write_bytes(content)
