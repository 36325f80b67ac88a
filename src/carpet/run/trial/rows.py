"""The rows of all tables of a trial, from its courses and its notices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from carpet.clinical import ClinicalTables
from carpet.core.errors import Notice, Severity
from carpet.core.protocol import ScoreProtocol
from carpet.run.trial.agreement import adjudication_rows, agreement_rows
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.endpoints import effect_rows, endpoint_rows
from carpet.run.trial.notices import notice_of
from carpet.run.trial.score_facts import score_rules
from carpet.run.trial.scores import missing_rows, score_rows, toxicity_rows
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.tables import Rows, lesion_row, study_row
from carpet.run.trial.volume_agreement import volume_agreement_rows

REFUSED = "REFUSED"
# calendar dates stay in the clinical tables: 2009-05-02, with or without a time, and 20090502 where it is no part of a UID
CALENDAR_DATE = re.compile(
    r"(?<![\d.])(?:19|20)\d\d(?:-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?|(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))(?![\d.])"
)


def trial_rows(
    results: Sequence[CourseResult], tables: ClinicalTables, told: Iterable[tuple[str, Notice]], *, protocol: ScoreProtocol
) -> Rows:
    """Table → rows, unsorted. told: (study UID or empty, notice) of what belongs to no course; protocol: its section on scores."""
    rules = score_rules(protocol)
    scans = [(one.course, scan) for one in results for scan in one.course.scans]
    reads = [read for one in results for read in one.reads]
    notices = [*_told(tables, told), *(row for one in results for row in _of_course(one))]
    return {
        "studies": [_study(course, scan) for course, scan in scans],
        "lesions": [_whose(course, scan) | lesion_row(one.payload) for course, scan in scans for one in scan.lesions],
        "biomarkers": [_whose(course, scan) | dict(one.payload) for course, scan in scans for one in scan.values],
        "kinetics": [{"patient_id": one.course.patient.patient_id} | dict(row) for one in results for row in one.kinetics],
        "lesion_tracks": [{"patient_id": one.course.patient.patient_id} | dict(row) for one in results for row in one.tracks.rows],
        "responses": [{"patient_id": one.course.patient.patient_id} | dict(row) for one in results for row in one.responses],
        "best_responses": [{"patient_id": one.course.patient.patient_id} | dict(row) for one in results for row in one.findings.best],
        "conversions": [{"patient_id": one.course.patient.patient_id} | dict(row) for one in results for row in one.findings.conversions],
        "findings": [{"patient_id": one.course.patient.patient_id} | dict(row) for one in results for row in one.findings.findings],
        "scores": [row for one in results for row in score_rows(one.course, tables, rules)],
        "missing_data": missing_rows([one.course for one in results], tables, rules),
        "toxicity": [row for one in results for row in toxicity_rows(one.course, tables)],
        "endpoints": endpoint_rows(one.endpoints for one in results),
        "rule_effects": effect_rows(one.endpoints for one in results),
        "agreement": [*agreement_rows((one.course, one.responses) for one in results), *volume_agreement_rows(reads)],
        "adjudications": adjudication_rows(((one.course, one.responses) for one in results), reads=reads),
        "refusals": [row for row in notices if row["severity"] == Severity.ERROR],
        "flags": [row for row in notices if row["severity"] != Severity.ERROR],
    }


def of_courses(rows: Rows) -> Rows:
    """The same rows without what is told of scans of nobody: that is known only while scans are read."""
    kept = {name: [row for row in rows[name] if row.get("patient_id") or "study_uid" not in row] for name in ("refusals", "flags")}
    return {**rows, **kept}


def _whose(course: Course, scan: Scan) -> dict[str, Any]:
    return {
        "patient_id": course.patient.patient_id,
        "timepoint": course.timepoint_of(scan),
        "day": scan.day,
        "study_uid": scan.study_uid,
    }


def _study(course: Course, scan: Scan) -> dict[str, Any]:
    whose = _whose(course, scan)
    if scan.study is None:
        return whose | {"status": REFUSED, "flags": sorted({one.payload["code"] for one in scan.refusals}) or ["INTERNAL"]}
    return whose | study_row(scan.study.payload, (one.payload["code"] for one in scan.flags))


def _told(tables: ClinicalTables, told: Iterable[tuple[str, Notice]]) -> Iterator[dict[str, Any]]:
    for notice in tables.notices:
        yield _notice(notice, {})
    for uid, notice in told:
        yield _notice(notice, {"study_uid": uid})


def _of_course(result: CourseResult) -> Iterator[dict[str, Any]]:
    patient_id = result.course.patient.patient_id
    for notice in (*result.refusals, *result.flags):
        yield _notice(notice, {"patient_id": patient_id})
    for scan in result.course.scans:
        for one in (*scan.refusals, *scan.flags):
            yield _notice(notice_of(one.payload), {"patient_id": patient_id, "day": scan.day, "study_uid": scan.study_uid})


def _notice(notice: Notice, whose: Mapping[str, Any]) -> dict[str, Any]:
    said = notice.as_dict()
    return (
        dict(whose) | said | {"found": CALENDAR_DATE.sub("(date)", said["found"]), "message": CALENDAR_DATE.sub("(date)", said["message"])}
    )
