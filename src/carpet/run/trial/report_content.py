"""What the page of one patient is made of, as plain data: rows of the course, quality of each scan, notices, provenance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from carpet.core.errors import Notice
from carpet.core.protocol import Protocol
from carpet.report.patient_responses import at_text, day_text
from carpet.response.disagreement import Answer, disagreements
from carpet.run.document import software
from carpet.run.store_schema import digest_of
from carpet.run.trial import steps, studies, tracks
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.index import patient_folder, study_name
from carpet.run.trial.notices import RECON_CHANGED, RECON_CHANGED_ACCEPTED
from carpet.run.trial.readers import disputes, unlike_numbers
from carpet.run.trial.rows import CALENDAR_DATE
from carpet.run.trial.shown import INTERNAL, in_time, refused_codes, shown_name
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.track_pictures import track_pairs
from carpet.run.trial.words import kinds, sentences, spelled

REFUSED = "REFUSED"
OF_IMAGING = (RECON_CHANGED.code, RECON_CHANGED_ACCEPTED.code)
Row = Mapping[str, Any]


def patient_course(result: CourseResult, protocol: Protocol, there: frozenset[str]) -> dict[str, Any]:
    """The content of the page, as `report.patient_content` asks for it.

    there: the folders below reports/ that hold a scan's report, and the pictures below figures/ that show two scans side by side.
    """
    course = result.course
    patient = course.patient
    return {
        "patient": {
            "id": patient.patient_id,
            "product": patient.product,
            "histology": patient.histology,
            "bridging": patient.bridging,
            "infused": patient.infusion_date is not None,
            "baseline": course.schedule.baseline or "",
        },
        "protocol": protocol.name,
        "scans": [_scan(course, scan, there) for scan in in_time(course)],
        "responses": [_worded(row) for row in result.responses],
        "best": [_worded(row) for row in result.findings.best],
        "conversions": [dict(row) for row in result.findings.conversions],
        "findings": [_worded(row) | {"severity": _severity(row["finding"])} for row in result.findings.findings],
        "disputes": disputes(result),
        "unlike_numbers": unlike_numbers(result),
        "disagreements": list(_differences(result.responses)),
        "kinetics": [dict(row) for row in result.kinetics],
        "tracks": [dict(row) | {"site": _site(course, row)} for row in result.tracks.rows],
        "pairs": _pairs(course, there),
        "refusals": [*_notices(course, result.refusals), *_of_scans(course, "refusals")],
        "flags": [*_notices(course, result.flags), *_of_scans(course, "flags")],
        "says": sentences(_codes(result)),
        "software": software(),
        "provenance": _provenance(result, protocol),
    }


def _worded(row: Row) -> dict[str, Any]:
    """The row; codes in its reason stand as sentences."""
    return {**row, "because": spelled(str(row["because"]))}


def _severity(finding: str) -> str:
    """W: a person looks now; I: to know."""
    return kinds()[finding].severity.value


def _codes(result: CourseResult) -> set[str]:
    """Every code that the page names."""
    rows = (*result.responses, *result.kinetics, *result.findings.findings)
    of_scans = {one.payload["code"] for scan in result.course.scans for one in (*scan.flags, *scan.refusals)}
    return {code for row in rows for code in row["flags"]} | of_scans | {one.code for one in result.course.flags} | {INTERNAL}


def _scan(course: Course, scan: Scan, there: frozenset[str]) -> dict[str, Any]:
    folder = study_name(scan.day, scan.short)
    whose = {"timepoint": shown_name(course, scan), "day": scan.day, "study_uid": scan.study_uid, "baseline": scan is course.baseline}
    if scan.study is None:
        nothing = dict.fromkeys(("uptake_min", "liver", "scanner", "reconstruction", "spacing_mm_kji", "segmenter"))
        return whose | nothing | {"status": REFUSED, "refused": refused_codes(scan), "flags": [], "report": ""}
    said = scan.study.payload
    pet, name = said["pet"], course.timepoint_of(scan)
    of_imaging = {one.code for one in course.flags if one.code in OF_IMAGING and name and one.where == name}
    return whose | {
        "status": said["status"],
        "refused": [],
        "uptake_min": said["uptake_min"],
        "liver": {key: said["references"]["liver"][key] for key in ("mean", "reason_missing")} if "liver" in said["references"] else None,
        "scanner": " ".join(str(pet[key]) for key in ("manufacturer", "model") if pet[key]),
        "reconstruction": pet["reconstruction"],
        "spacing_mm_kji": pet["spacing_mm_kji"],
        "segmenter": said["segmenter"],
        "flags": sorted({one.payload["code"] for one in scan.flags} | of_imaging),
        "report": f"{folder}/report.html" if f"{patient_folder(course.patient.patient_id)}/{folder}" in there else "",
    }


def _pairs(course: Course, there: frozenset[str]) -> list[list[str]]:
    """Two scans in words, and the way from the page to the picture that shows them side by side with their tracks."""
    folder = patient_folder(course.patient.patient_id)
    pairs = {f"{folder}/{name}": pair for name, pair in track_pairs(course).items()}
    return [[f"{before} and {now}", f"../../figures/{path}"] for path, (before, now) in pairs.items() if path in there]


def _differences(responses: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Where criteria differ, time point by time point."""
    for timepoint, day in dict.fromkeys((row["timepoint"], row["day"]) for row in responses):
        for one in disagreements(row for row in responses if (row["timepoint"], row["day"]) == (timepoint, day)):
            sides = {"yes": [_answer(answer) for answer in one.yes], "no": [_answer(answer) for answer in one.no]}
            yield {"timepoint": timepoint, "day": day, "assessor": one.assessor, "question": one.question.value, **sides}


def _answer(one: Answer) -> dict[str, str]:
    said = {name: str(getattr(one, name)) for name in ("criterion", "category", "rule", "because")}
    return said | {"because": spelled(one.because)}


def _site(course: Course, row: Row) -> str:
    """The site of the track's largest lesion on this scan; empty where none is told."""
    scan = next(one for one in course.scans if one.study_uid == row["study_uid"])
    mine = [one.payload for one in scan.lesions if one.payload["lesion_id"] in row["lesion_ids"]]
    largest = max(mine, key=lambda one: (one["volume_ml"], one["lesion_id"]), default=None)
    return largest["site"]["meaning"] if largest and largest.get("site") else ""


def _notices(course: Course, notices: Iterable[Notice]) -> Iterator[dict[str, str]]:
    """Notices of the course; their place is a time point, a table's row or a scan."""
    names = {scan.study_uid: at_text(shown_name(course, scan), scan.day) for scan in course.scans}
    for one in notices:
        yield _dateless(one.as_dict() | {"at": "", "where": names.get(one.where, one.where)})


def _of_scans(course: Course, kind: str) -> Iterator[dict[str, str]]:
    for scan in in_time(course):
        at = at_text(shown_name(course, scan), scan.day) if shown_name(course, scan) else day_text(scan.day)
        for one in getattr(scan, kind):
            yield _dateless({**one.payload, "at": at, "where": "" if scan.study_uid in one.payload["where"] else one.payload["where"]})
        if kind == "refusals" and scan.study is None and not scan.refusals:
            yield {"at": at, "code": INTERNAL, "severity": "E", "message": "this scan was not measured", "where": "", "found": ""} | {
                "allowed": "",
                "remedy": "call `carpet run`; where that does not help, its log says why",
            }


def _dateless(said: Mapping[str, str]) -> dict[str, str]:
    return {**said, **{key: re.sub(CALENDAR_DATE, "(date)", spelled(said[key])) for key in ("found", "message", "where")}}


def _provenance(result: CourseResult, protocol: Protocol) -> list[list[str]]:
    """What the page can be traced by: methods with versions, the protocol's digest, the step of the store behind each scan."""
    methods = [f"{one.METHOD}@{one.VERSION}" for one in (studies, tracks, steps)]
    criteria = sorted({str(row["criterion"]) for row in result.responses})
    rows = [
        ["Protocol, digest", digest_of(protocol.model_dump(mode="json"))],
        ["Methods", ", ".join([*methods, *criteria])],
        ["Course, step of the store", result.step.key],
        ["Lesion tracks, step of the store", result.tracks.step or "none"],
    ]
    for scan in in_time(result.course):
        at = at_text(shown_name(result.course, scan), scan.day)
        rows.append([f"{at}, step of the store", scan.step or "none"])
        rows.append([f"{at}, study", scan.study_uid])
    return rows
