"""`carpet cohort`: scores, toxicity and statistics again, from the stored measurements and the clinical tables; no scan is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carpet.core.errors import Refused
from carpet.run.cohort.figures import PAGE
from carpet.run.cohort.frame import CohortInputs, check_cohort
from carpet.run.cohort.schemas import COHORT_SCHEMAS
from carpet.run.cohort.writing import CohortWritten, write_cohort
from carpet.run.leftovers import at_work_in
from carpet.run.parquet import parquet_files
from carpet.run.review.feeding import Signed
from carpet.run.store import Stamp, Store, open_store
from carpet.run.terminal import counted
from carpet.run.trial.clinical import ClinicalFolder, read_clinical
from carpet.run.trial.folder import PROTOCOL_FILE, Trial
from carpet.run.trial.notices import GEOMETRY_UNREADABLE, RECORD_STALE
from carpet.run.trial.rows import of_courses, trial_rows
from carpet.run.trial.running import renew, run_step
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.stored import is_of_protocol, stored_result, stored_signed, stored_trial
from carpet.run.trial.tables import Rows, table_files

TABLES = ("scores", "missing_data", "toxicity", *COHORT_SCHEMAS)  # what follows from stored records and clinical tables alone
SCHEMA = 1
Say = Callable[[str], None]


@dataclass(frozen=True)
class CohortOutcome:
    """What a call has done: rows of the tables TABLES, and what was written."""

    trial: Trial
    patients: int
    rows: Rows
    written: CohortWritten

    @property
    def page(self) -> Path | None:
        """The cohort's page; None where there is none (`--tables-only`)."""
        page = self.trial.results / PAGE
        return page if page.is_file() else None


def cohort_trial(folder: Path, *, say: Say, stamp: Stamp, tables_only: bool = False) -> CohortOutcome:
    """The cohort by the protocol and clinical tables as they are now; [cohort], [scores], labs.csv and toxicity.csv may have changed.

    Raises Refused where a measurement or response would come out as another today, naming each patient, and ProtocolError for a wrong
    name in [cohort] and where nothing is stored yet.
    """
    trial = stored_trial(folder)
    check_cohort(trial.protocol)
    said = read_clinical(trial)
    with at_work_in(trial.results), open_store(trial.store) as store:
        if not is_of_protocol(store, trial):
            raise Refused(RECORD_STALE.at(PROTOCOL_FILE))
        say("stored courses")
        signed = stored_signed(store, trial, said)
        results = _stored(store, trial, said, signed)
        store.write(run_step(trial), stamp)
        rows = of_courses(trial_rows(results, signed.tables, (), protocol=trial.protocol.scores))
        inputs = CohortInputs(results, signed.tables, rows, trial.protocol)
        written = write_cohort(trial, inputs, store=store, stamp=stamp, say=say, tables_only=tables_only)
    say("tables")
    own = {name: [*({**rows, **written.rows}[name])] for name in TABLES}
    made = table_files(own) | parquet_files(own)
    renew(trial.tables, {name: content for name, content in made.items() if name.partition(".")[0] in TABLES})
    return CohortOutcome(trial, len(results), own, written)


def _stored(store: Store, trial: Trial, said: ClinicalFolder, signed: Signed) -> tuple[CourseResult, ...]:
    found = {one.patient_id: stored_result(store, trial, said, signed, one) for one in said.tables.patients}
    stale = sorted(who for who, one in found.items() if one is None)
    if stale:
        raise Refused([RECORD_STALE.at(f"patient:{who}") for who in stale])
    results = tuple(one for _, one in sorted(found.items()) if one is not None)
    lost = [notice for one in results for notice in one.refusals if notice.code == GEOMETRY_UNREADABLE.code]
    if lost:  # what readers of that scan agree on is not known
        raise Refused(lost)
    return results


def cohort_document(outcome: CohortOutcome) -> dict[str, Any]:
    """Counts, and where the results lie."""
    return {
        "schema": SCHEMA,
        "patients": outcome.patients,
        "computed": outcome.written.computed,
        "files": outcome.written.files,
        "rows": {name: len(outcome.rows[name]) for name in TABLES},
        "not_estimated": _not_estimated(outcome.rows),
        "tables": str(outcome.trial.tables),
        "page": None if outcome.page is None else str(outcome.page),
    }


def _not_estimated(rows: Rows) -> Mapping[str, int]:
    """Table → rows without a number, of the tables of analyses."""
    return {name: sum(bool(row["reason_missing"]) for row in rows[name]) for name in COHORT_SCHEMAS if name != "cohort"}


def cohort_text(outcome: CohortOutcome) -> str:
    """The same in a few lines."""
    done = "computed now" if outcome.written.computed else "up to date"
    results = sum(len(outcome.rows[name]) for name in COHORT_SCHEMAS if name != "cohort")
    without = sum(_not_estimated(outcome.rows).values())
    lines = [f"{counted(outcome.patients, 'patient')}: {results} results, {done}"]
    lines += [f"{counted(without, 'result')} without a number, each with its reason"] if without else []
    lines += [f"tables: {outcome.trial.tables}"]
    return "\n".join([*lines, *([f"start here: {outcome.page.resolve()}"] if outcome.page is not None else [])])
