"""`carpet report`: the patients' reports again, from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from carpet.clinical import ClinicalTables, Patient, read_tables
from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.run.leftovers import at_work_in
from carpet.run.store import Store, open_store
from carpet.run.trial.course import course_of
from carpet.run.trial.folder import PROTOCOL_FILE, Trial, load_trial
from carpet.run.trial.notices import RECORD_STALE
from carpet.run.trial.report import report_page, write_report
from carpet.run.trial.running import run_step
from carpet.run.trial.steps import CourseResult, course_result, scan_in_store, stored_scans
from carpet.run.trial.tracks import CourseTracks, stored_tracks


@dataclass(frozen=True)
class ReportOutcome:
    """What `carpet report` has done: the pages, in the order of patients' ids, how many were made anew, and what was refused."""

    pages: tuple[Path, ...]
    renewed: int
    refusals: tuple[Notice, ...]


def report_trial(folder: Path, *, patient_id: str | None, say: Callable[[str], None]) -> ReportOutcome:
    """The reports again, of all patients or of one, from what is stored: no scan is read, and dicom/ may be gone.

    A patient whose rows in the clinical tables are not those of the last run is refused. Raises Refused where the protocol or the
    software are not, ProtocolError for a patient that nobody knows, and where nothing is stored yet.
    """
    trial = load_trial(folder, scans=False)
    if not trial.store.is_file():
        raise ProtocolError(f"{str(folder)!r} has no results yet; `carpet run` makes them")
    tables = read_tables({path.name: path.read_bytes() for path in sorted(trial.clinical.iterdir()) if path.is_file()})
    pages, refusals, renewed = [], [], 0
    with at_work_in(trial.results), open_store(trial.store) as store:
        if not store.done(run_step(trial).key):
            raise Refused(RECORD_STALE.at(PROTOCOL_FILE))
        for patient in _wanted(tables, patient_id):
            say(f"{patient.patient_id}: report")
            result = _stored_result(store, trial, tables, patient)
            if result is None:
                refusals.append(RECORD_STALE.at(f"patient:{patient.patient_id}"))
                continue
            renewed += write_report(trial, result)
            pages.append(trial.reports / report_page(patient.patient_id))
    return ReportOutcome(tuple(pages), renewed, tuple(refusals))


def _wanted(tables: ClinicalTables, patient_id: str | None) -> Iterator[Patient]:
    patients = sorted(tables.patients, key=lambda one: one.patient_id)
    known = [one.patient_id for one in patients]
    if patient_id is not None and patient_id not in known:
        near = get_close_matches(patient_id, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"patients.csv has {len(known)} patients"
        raise ProtocolError(f"patients.csv has no patient {patient_id!r}; {hint}")
    yield from (one for one in patients if patient_id in (None, one.patient_id))


def _stored_result(store: Store, trial: Trial, tables: ClinicalTables, patient: Patient) -> CourseResult | None:
    """The patient's course as the last run has stored it; None where it would come out as another today."""
    scans = [scan_in_store(store, *one) for one in stored_scans(store, patient)]
    course = course_of(patient, scans, tables, trial.protocol)
    corrections = tuple(one for one in tables.track_corrections if one.patient_id == patient.patient_id)
    result = course_result(course, trial.protocol, stored_tracks(store, course, corrections) or CourseTracks())
    return result if store.done(result.step.key) else None
