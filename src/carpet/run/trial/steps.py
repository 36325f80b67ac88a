"""The store's side of a course: a scan as it is stored, and all that follows for one patient as one step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

from carpet.clinical import Patient
from carpet.core.errors import Notice, Refused
from carpet.core.protocol import Protocol
from carpet.core.record import Provenance
from carpet.dicom.series import pseudonym
from carpet.lesions.decisions import Decision, stored_decision
from carpet.response import criteria
from carpet.run.review.server_notices import NO_TIME_POINT
from carpet.run.store import Record, Step, Store
from carpet.run.trial.course import Course, Scan, kinetics_rows
from carpet.run.trial.endpoints import CourseEndpoints, course_endpoints, endpoint_rows, rules_of
from carpet.run.trial.findings import CourseFindings, findings_of
from carpet.run.trial.notices import CT_ROW_REPLACED, CT_TABLE_SET_ASIDE
from carpet.run.trial.response import response_rows
from carpet.run.trial.studies import TrialStudy, study_chain, study_step
from carpet.run.trial.track_sites import with_changed_sites
from carpet.run.trial.tracks import CourseTracks
from carpet.run.trial.volume_agreement import Regions, ScanRead, read_scans

METHOD, VERSION = "course", "1"
OF_ROOM = (CT_TABLE_SET_ASIDE.code, CT_ROW_REPLACED.code, NO_TIME_POINT.code)  # told of what is not among the rows of the course


@dataclass(frozen=True)
class CourseResult:
    """What follows from a patient's scans and clinical rows, and the step that keeps it; the tracks have a step of their own.

    reads: what each reader calls disease on scans with two readers or more, see `with_reads`.
    """

    course: Course
    tracks: CourseTracks
    kinetics: tuple[Mapping[str, Any], ...]
    responses: tuple[Mapping[str, Any], ...]
    refusals: tuple[Notice, ...]
    flags: tuple[Notice, ...]
    step: Step
    findings: CourseFindings
    endpoints: CourseEndpoints
    reads: tuple[ScanRead, ...] = ()


def stored_scan(store: Store, study: TrialStudy, patient: Patient, protocol: Protocol) -> Scan:
    """The study as the store has it now; without records where what is stored was made of something else."""
    day = None if study.date is None else patient.day(study.date)
    return scan_in_store(store, study.study_uid, study.short, day, study_step(study, protocol).key)


def stored_scans(store: Store, patient: Patient) -> tuple[tuple[str, str, int | None, str], ...]:
    """Study UID, short name, day and step of each scan that the patient's last course was made of, by day; () where there is no course."""
    made = store.current("provenance", chain=_chain(patient))
    scans = [(uid, short, day, step) for uid, short, day, step in made[0].payload["parameters"]["scans"]] if made else []
    return tuple(sorted(scans, key=lambda one: (one[2] is None, one[2] or 0, one[0])))


def _chain(patient: Patient) -> str:
    return f"patient:{patient.patient_id}"


def scan_in_store(store: Store, study_uid: str, short: str, day: int | None, key: str) -> Scan:
    """The scan whose step has this key; without records where that step does not stand (any more)."""
    if not store.done(key):
        return Scan(study_uid, short, day, None, "")
    chain = study_chain(study_uid)
    kept = {kind: store.current(kind, chain=chain) for kind in ("study", "lesion", "measurement", "missing", "flag", "refusal")}
    return Scan(
        study_uid,
        short,
        day,
        next(iter(kept["study"]), None),
        key,
        kept["lesion"],
        (*kept["measurement"], *kept["missing"]),
        kept["flag"],
        kept["refusal"],
        _decisions(store, chain),
    )


def _decisions(store: Store, chain: str) -> tuple[Decision, ...]:
    asked = [one.payload["parameters"].get("asked", {}) for one in store.current("provenance", chain=chain)]
    return tuple(stored_decision(said) for one in asked for said in one.get("decisions", ()))


def course_result(course: Course, protocol: Protocol, tracks: CourseTracks | None = None) -> CourseResult:
    """Kinetics, responses and findings of a course, with all that was refused or must be known."""
    tracks = with_changed_sites(course, tracks or CourseTracks())
    kinetics = tuple(kinetics_rows(course))
    responses, refused = response_rows(course, protocol, tracks=tracks)
    ends = course_endpoints(course, responses, protocol)
    refusals = (*course.refusals, *refused, *ends.refusals)
    parameters = {
        "scans": [[scan.study_uid, scan.short, scan.day, scan.step] for scan in sorted(course.scans, key=lambda scan: scan.study_uid)],
        "timepoints": protocol.model_dump(mode="json")["timepoints"],
        "preselect_suv": protocol.segment.preselect_suv,
        "criteria": sorted(f"{one.name}@{one.version}" for one in criteria().values()),
        "endpoint_rules": [asdict(one) for one in rules_of(protocol)],
    }
    parents = (*sorted(scan.step for scan in course.scans), tracks.step, _rows_sha256(course))
    provenance = Provenance(METHOD, VERSION, "", parameters, parents, f"carpet {version('carpet')}")
    findings = findings_of(course, responses, tracks, protocol)
    records = (*_records(course, kinetics, tuple(responses), refusals), *_of_findings(course, findings), *_of_endpoints(course, ends))
    step = Step(_chain(course.patient), provenance, records)
    told = (*refusals, *tracks.refusals), (*course.flags, *tracks.flags, *ends.flags)
    return CourseResult(course, tracks, kinetics, tuple(responses), *told, step, findings, ends)


def with_reads(result: CourseResult, geometry_of: Callable[[Scan], Regions]) -> CourseResult:
    """The result with what readers of the same scan call disease; with a refusal instead where the geometry of such a scan is lost."""
    try:
        return replace(result, reads=read_scans(result.course, geometry_of))
    except Refused as error:
        return replace(result, refusals=tuple(dict.fromkeys((*result.refusals, *error.notices))))


def _rows_sha256(course: Course) -> str:
    """Of the clinical rows that the course depends on, with the numbers of the rows, which messages name, and of what of them gave way."""
    told = [one for one in (*course.refusals, *course.flags) if one.code in OF_ROOM]
    rows = (course.patient, *course.readings, *course.ct_targets, *course.central, sorted(course.accepted.items()), *told)
    said = [repr(one) for one in rows]
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


def _of_findings(course: Course, found: CourseFindings) -> Iterator[Record]:
    patient = pseudonym(course.patient.dicom_patient_id or course.patient.patient_id)
    for row in found.best:
        name, parents = f"best {row['criterion']} {row['assessor']}", _parents(course, row["timepoint"])
        yield Record(kind="assessment", name=name, payload=row, patient=patient, day=row["day"], parents=parents)
    for row in found.conversions:
        names = (row["from_timepoint"], row["to_timepoint"])
        name = " ".join(("conversion", *names, row["criterion"], row["assessor"]))
        yield Record(kind="assessment", name=name, payload=row, patient=patient, day=row["to_day"], parents=_parents(course, *names))
    for number, row in enumerate(found.findings, start=1):
        name, parents = f"finding {number:03d} {row['finding']}", _parents(course, row["timepoint"])
        yield Record(kind="flag", name=name, payload=row, patient=patient, study=row["study_uid"] or None, day=row["day"], parents=parents)


def _of_endpoints(course: Course, ends: CourseEndpoints) -> Iterator[Record]:
    patient = pseudonym(course.patient.dicom_patient_id or course.patient.patient_id)
    for row in endpoint_rows([ends]):
        kind, name = "missing" if row["days"] is None else "measurement", f"endpoint {row['endpoint']} {row['rules']}"
        yield Record(kind=kind, name=name, payload=row, patient=patient)


def _parents(course: Course, *names: str) -> tuple[str, ...]:
    """The stored studies that stand for these time points."""
    scans = [course.at[name] for name in names if name in course.at]
    return tuple(scan.study.id for scan in scans if scan.study is not None)
