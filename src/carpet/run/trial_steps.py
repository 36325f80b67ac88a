"""The store's side of a course: a scan as it is stored, and all that follows for one patient as one step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Any

from carpet.clinical import Patient
from carpet.core.errors import Notice, Severity
from carpet.core.protocol import Protocol
from carpet.core.record import Provenance
from carpet.dicom.series import pseudonym
from carpet.response import criteria
from carpet.run.store import Record, Step, Store
from carpet.run.trial_course import Course, Scan, kinetics_rows
from carpet.run.trial_response import response_rows
from carpet.run.trial_studies import TrialStudy, study_step

METHOD, VERSION = "course", "1"


@dataclass(frozen=True)
class CourseResult:
    """What follows from a patient's scans and clinical rows, and the step that keeps it."""

    course: Course
    kinetics: tuple[Mapping[str, Any], ...]
    responses: tuple[Mapping[str, Any], ...]
    refusals: tuple[Notice, ...]
    flags: tuple[Notice, ...]
    step: Step


def stored_scan(store: Store, study: TrialStudy, patient: Patient, protocol: Protocol) -> Scan:
    """The study as the store has it now; without records where what is stored was made of something else."""
    day = None if study.date is None else patient.day(study.date)
    key = study_step(study, protocol).key
    if not store.done(key):
        return Scan(study.study_uid, study.short, day, None, "")
    kept = {kind: store.current(kind, chain=study.chain) for kind in ("study", "lesion", "measurement", "missing", "flag", "refusal")}
    return Scan(
        study.study_uid,
        study.short,
        day,
        next(iter(kept["study"]), None),
        key,
        kept["lesion"],
        (*kept["measurement"], *kept["missing"]),
        kept["flag"],
        kept["refusal"],
    )


def course_result(course: Course, protocol: Protocol) -> CourseResult:
    """Kinetics and responses of a course, with all that was refused or must be known."""
    kinetics = tuple(kinetics_rows(course))
    responses, refused = response_rows(course, protocol.segment.preselect_suv)
    refusals = (*course.refusals, *refused)
    parameters = {
        "timepoints": protocol.model_dump(mode="json")["timepoints"],
        "preselect_suv": protocol.segment.preselect_suv,
        "criteria": sorted(f"{one.name}@{one.version}" for one in criteria().values()),
    }
    parents = (*sorted(scan.step for scan in course.scans), _rows_sha256(course))
    provenance = Provenance(METHOD, VERSION, "", parameters, parents, f"carpet {version('carpet')}")
    records = tuple(_records(course, kinetics, tuple(responses), refusals))
    step = Step(f"patient:{course.patient.patient_id}", provenance, records)
    return CourseResult(course, kinetics, tuple(responses), refusals, course.flags, step)


def _rows_sha256(course: Course) -> str:
    """Of the clinical rows that the course depends on, with the numbers of the rows, which messages name."""
    said = [repr(one) for one in (course.patient, *course.readings, *course.ct_targets)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _records(
    course: Course, kinetics: tuple[Mapping[str, Any], ...], responses: tuple[Mapping[str, Any], ...], refusals: tuple[Notice, ...]
) -> Iterator[Record]:
    patient = pseudonym(course.patient.dicom_patient_id or course.patient.patient_id)
    for row in kinetics:
        names = (row["from_timepoint"], row["to_timepoint"])
        kind, name = "missing" if row["change"] is None else "measurement", " ".join(("kinetics", row["biomarker"], *names))
        yield Record(kind=kind, name=name, payload=row, patient=patient, day=row["to_day"], parents=_parents(course, *names))
    for row in responses:
        name = " ".join((row["timepoint"], row["criterion"], row["assessor"]))
        parents = _parents(course, row["baseline_timepoint"], row["timepoint"])
        yield Record(kind="assessment", name=name, payload=row, patient=patient, day=row["day"], parents=parents)
    for kind, notices in (("refusal", refusals), ("flag", course.flags)):
        for number, notice in enumerate(notices, start=1):
            yield Record(kind=kind, name=f"{number:03d} {notice.code}", payload=notice.as_dict(), patient=patient)


def _parents(course: Course, *names: str) -> tuple[str, ...]:
    """The stored studies that stand for these time points."""
    scans = [course.at[name] for name in names if name in course.at]
    return tuple(scan.study.id for scan in scans if scan.study is not None)


def notice_of(payload: Mapping[str, Any]) -> Notice:
    """A notice as it was stored."""
    said = {field.name: payload[field.name] for field in fields(Notice)}
    return Notice(**said | {"severity": Severity(said["severity"])})
