"""`carpet demo`: a synthetic trial, its patients written as DICOM, run like a real one, and held against what they were made to have."""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import astuple, dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from carpet.clinical.templates import templates
from carpet.core.errors import ProtocolError
from carpet.core.protocol import CohortProtocol, Protocol, SegmentProtocol
from carpet.dicom.files import UNFINISHED
from carpet.run.leftovers import at_work_in
from carpet.run.outputs import new_files
from carpet.run.stopping import end_with_parent, hidden_folder, uninterrupted
from carpet.run.store import Stamp
from carpet.run.terminal import counted
from carpet.run.trial.folder import PROTOCOL_FILE, init_trial
from carpet.run.trial.running import TrialOutcome, run_trial
from carpet.testing.course_answers import PlannedResponse, planned_responses
from carpet.testing.course_clinical import clinical_tables
from carpet.testing.course_scans import write_planned
from carpet.testing.courses import PlannedPatient, PlannedScan, planned_patients

PLANNED = "planned.csv"
DEMONSTRATION = Protocol(
    segment=SegmentProtocol(also=("max41",)),  # the delineation that the 80 mL of the two-factor group belong to
    cohort=CohortProtocol(  # beside the defaults what means nothing in these phantoms (testing/course_effects.py)
        groups=(*CohortProtocol().groups, "sex", "site"),
        markers=(*CohortProtocol().markers, "age_years", "crp_mg_l", "ferritin_ug_l"),
        samples=200,  # the fewest there may be: a demonstration is not waited for
        permutations=1_000,
    ),
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Missed:
    """An answer that did not come out: what was planned, and what carpet says ("" where it says nothing)."""

    planned: PlannedResponse
    found: str

    def __str__(self) -> str:
        one = self.planned
        where = f"{one.patient_id} {one.timepoint}, {one.criterion} by {one.assessor}"
        return f"{where}: made to have {one.category}, found {self.found or 'nothing'}"


def run_demo(folder: Path, *, patients: int | None, workers: int, stamp: Stamp, say: Say) -> tuple[str, tuple[Missed, ...]]:
    """Make the trial in `folder` (what is there already is kept), run it; returns what to print, and the answers that did not come out.

    patients: how many of them, from the first; None for all. Raises ProtocolError where the folder holds something else.
    """
    chosen = planned_patients()[:patients]
    made_to_have = [one for one in planned_responses() if one.patient_id in {patient.id for patient in chosen}]
    _make(folder, chosen, made_to_have)
    dicom = folder / "dicom"
    dicom.mkdir(exist_ok=True)
    with at_work_in(dicom):
        _write_scans(dicom, chosen, workers=workers, say=say)
    outcome = run_trial(folder, say=say, stamp=stamp, workers=workers)
    missed = tuple(missed_answers(made_to_have, outcome.rows["responses"]))
    return _told(outcome, len(made_to_have), missed), missed


def missed_answers(planned: Sequence[PlannedResponse], responses: Sequence[Mapping[str, Any]]) -> Iterator[Missed]:
    """The planned answers that the table of responses does not have."""
    found = {_key(row["patient_id"], row["timepoint"], row["criterion"], row["assessor"]): row["category"] for row in responses}
    for one in planned:
        category = found.get(_key(one.patient_id, one.timepoint, one.criterion, one.assessor), "")
        if category != one.category:
            yield Missed(one, category)


def _key(patient_id: str, timepoint: str, criterion: str, assessor: str) -> tuple[str, str, str, str]:
    """Without the version of the criterion."""
    return patient_id, timepoint, criterion.partition("@")[0], assessor


def _make(folder: Path, patients: Sequence[PlannedPatient], made_to_have: Sequence[PlannedResponse]) -> None:
    """The trial folder with its tables. planned.csv comes first and marks the folder as a demonstration's."""
    told = _planned_csv(made_to_have)
    marker = folder / PLANNED
    if folder.exists() and not folder.is_dir():
        raise ProtocolError(f"{str(folder)!r} is a file; name another folder")
    if marker.exists():
        if marker.read_bytes() != told:
            raise ProtocolError(f"{str(folder)!r} holds another demonstration; name another folder, or remove it")
    else:
        if folder.exists() and any(folder.iterdir()):
            raise ProtocolError(f"{str(folder)!r} holds something else; name another folder")
        _put(folder, {PLANNED: told})
    if not (folder / PROTOCOL_FILE).exists():
        init_trial(folder, DEMONSTRATION)
    empty = templates()
    tables = {name: text for name, text in clinical_tables(patients).items() if _untouched(folder / "clinical" / name, empty[name])}
    _put(folder / "clinical", {name: text.encode() for name, text in tables.items()})


def _untouched(table: Path, empty: str) -> bool:
    """A table that a person has changed since stays as it is."""
    return not table.exists() or table.read_text(encoding="utf-8") == empty


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    if files:
        with new_files(folder, ()) as part:
            for name, content in files.items():
                (part / name).write_bytes(content)


def _planned_csv(planned: Sequence[PlannedResponse]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(PlannedResponse)])
    writer.writerows(astuple(one) for one in planned)
    return text.getvalue().encode()


def _write_scans(dicom: Path, patients: Sequence[PlannedPatient], *, workers: int, say: Say) -> None:
    """Every scan that is not there yet, in processes beside this one."""
    jobs = [(patient, scan, dicom / patient.id / scan.name) for patient in patients for scan in patient.scans]
    waiting = [job for job in jobs if not job[2].exists()]
    if min(workers, len(waiting)) <= 1:
        for number, job in enumerate(waiting, start=1):
            say(f"making phantoms as DICOM, {number} of {len(waiting)}")
            _write_scan(*job)
        return
    with ProcessPoolExecutor(min(workers, len(waiting)), get_context("spawn"), initializer=_leave_stops) as pool:
        try:
            for number, done in enumerate(as_completed([pool.submit(_write_scan, *job) for job in waiting]), start=1):
                done.result()
                say(f"making phantoms as DICOM, {number} of {len(waiting)}")
        except BaseException:  # also Ctrl-C: what has begun is finished, the rest not begun
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _leave_stops() -> None:
    """Ctrl-C goes to all processes of a terminal: the first one answers, and the others end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _write_scan(patient: PlannedPatient, scan: PlannedScan, folder: Path) -> None:
    """The scan as DICOM in `folder`: whole, or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with hidden_folder(UNFINISHED, folder.parent) as part:
        write_planned(patient, scan, part / "study")
        with uninterrupted():
            (part / "study").rename(folder)


def _told(outcome: TrialOutcome, planned: int, missed: Sequence[Missed]) -> str:
    reports = outcome.trial.reports.resolve()
    lines = [
        f"{counted(outcome.patients, 'phantom patient')}, {counted(outcome.studies, 'scan')}; "
        f"{counted(outcome.refused, 'refusal')}, {counted(len(outcome.rows['flags']), 'flag')}",
        f"responses as the phantoms were made to have them: {planned - len(missed)} of {planned} (planned.csv)",
        *(f"  {one}" for one in missed),
        f"the tables: {outcome.trial.tables.resolve()}",
        f"the first page: {reports / 'index.html'}",
    ]
    return "\n".join(lines)
