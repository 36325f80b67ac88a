"""The store's side of a cohort: a patient's scores and toxicity as one step, all statistics as another, made of those of all patients."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from carpet.clinical import ClinicalTables
from carpet.clinical.cut_offs import CUT_OFFS
from carpet.clinical.score import scores
from carpet.cohort.table import PATIENT
from carpet.core.protocol import Protocol
from carpet.core.record import Provenance
from carpet.dicom.series import pseudonym
from carpet.run.cohort.schemas import COHORT_SCHEMAS
from carpet.run.document import software
from carpet.run.store import Record, Step, Store
from carpet.run.trial.course import Course
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.tables import Rows

CLINICAL, COHORT, VERSION = "clinical", "cohort", "2"
Row = Mapping[str, Any]


def clinical_steps(results: Sequence[CourseResult], tables: ClinicalTables, rows: Rows, protocol: Protocol) -> Iterator[Step]:
    """A step a patient: the rows of the tables scores and toxicity, made of the course and of the patient's rows of labs and toxicity."""
    for one in results:
        patient = one.course.patient
        parameters = {
            "scores": protocol.scores.model_dump(mode="json"),
            "methods": sorted(f"{each.name}@{each.version}" for each in scores().values()),
            "cut_offs": {name: repr(each) for name, each in CUT_OFFS.items()},
        }
        parents = (one.step.key, _rows_sha256(tables, patient.patient_id))
        records = tuple(_clinical_records(one.course, rows))
        yield Step(f"{CLINICAL}:{patient.patient_id}", _provenance(CLINICAL, parameters, parents), records)


def _provenance(method: str, parameters: Mapping[str, Any], parents: tuple[str, ...]) -> Provenance:
    return Provenance(method, VERSION, "", parameters, parents, f"carpet {version('carpet')}")


def _rows_sha256(tables: ClinicalTables, patient_id: str) -> str:
    """Of the patient's rows of labs.csv and toxicity.csv, whatever their order: no result names the number of one of these rows."""
    labs = [repr(replace(one, row=0)) for one in tables.labs if one.patient_id == patient_id]
    events = [repr(replace(one, row=0)) for one in tables.toxicity if one.patient_id == patient_id]
    said = sorted((*labs, *events))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _clinical_records(course: Course, rows: Rows) -> Iterator[Record]:
    who = course.patient.patient_id
    patient = pseudonym(course.patient.dicom_patient_id or who)
    for row in (one for one in rows["scores"] if one[PATIENT] == who):
        kind, scan = "missing" if row["value"] is None else "measurement", course.at.get(row["timepoint"])
        parents = (scan.study.id,) if scan is not None and scan.study is not None else ()
        name = f"{row['timepoint']} {row['score']}"
        yield Record(kind=kind, name=name, payload=row, patient=patient, day=row["day"], parents=parents)
    for number, row in enumerate((one for one in rows["toxicity"] if one[PATIENT] == who), start=1):
        kind = "missing" if row["grade"] is None else "measurement"
        name = f"toxicity {number:03d} {row['event']}"
        yield Record(kind=kind, name=name, payload=row, patient=patient, day=row["onset_day"])


def cohort_step(results: Sequence[CourseResult], clinical: Sequence[Step], protocol: Protocol, rows: Rows | None = None) -> Step:
    """The statistics, made of the courses and clinical steps of all patients by [cohort]; without `rows` the step's key alone."""
    parameters = {
        "cohort": protocol.cohort.model_dump(mode="json"),
        "delineations": [protocol.segment.method, *protocol.segment.also],
        "software": software(),
    }
    parents = tuple(sorted((*(one.step.key for one in results), *(one.key for one in clinical))))
    return Step(COHORT, _provenance(COHORT, parameters, parents), tuple(_records(rows or {})))


def _records(rows: Rows) -> Iterator[Record]:
    for table in COHORT_SCHEMAS:
        for number, row in enumerate(rows.get(table, ()), start=1):
            kind = "missing" if row["reason_missing"] and table != COHORT else "measurement"
            yield Record(kind=kind, name=f"{table} {number:06d}", payload=row)


def stored_rows(store: Store) -> dict[str, list[Row]]:
    """Table → rows of the cohort as the store has them now."""
    kept = [one for kind in ("measurement", "missing") for one in store.current(kind, chain=COHORT)]
    rows: dict[str, list[Row]] = {table: [] for table in COHORT_SCHEMAS}
    for one in sorted(kept, key=lambda one: one.name):
        rows[one.name.partition(" ")[0]].append(one.payload)
    return rows
