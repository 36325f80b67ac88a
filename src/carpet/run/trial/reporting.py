"""`carpet report`: the patients' reports again, from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from carpet.clinical import ClinicalTables, Patient
from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.run.leftovers import at_work_in
from carpet.run.store import open_store
from carpet.run.trial.clinical import read_clinical
from carpet.run.trial.folder import PROTOCOL_FILE
from carpet.run.trial.notices import RECORD_STALE
from carpet.run.trial.report import report_page, write_report
from carpet.run.trial.stored import is_of_protocol, stored_result, stored_signed, stored_trial


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
    trial = stored_trial(folder)
    said = read_clinical(trial)
    pages, refusals, renewed = [], [], 0
    with at_work_in(trial.results), open_store(trial.store) as store:
        if not is_of_protocol(store, trial):
            raise Refused(RECORD_STALE.at(PROTOCOL_FILE))
        signed = stored_signed(store, trial, said)
        for patient in _wanted(said.tables, patient_id):
            say(f"{patient.patient_id}: report")
            result = stored_result(store, trial, said, signed, patient)
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
