"""What the index page of a trial shows, and where the pages of each study lie."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from carpet.clinical import Patient
from carpet.core.lesion import Status
from carpet.core.protocol import Protocol
from carpet.run.terminal import counted
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.studies import GEOMETRY_ENDING, SEG_ENDING, TrialStudy
from carpet.run.trial.tables import Rows

INDEX = "index.html"
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")  # a name that is a folder's on every system
DIGEST_DIGITS = 10
SHOWN_FIRST = ("lugano", "lugano_pet", "lugano_ct", "lyric", "deauville", "qpet", "percist", "recil", "cheson2007", "delta_suv_max")
BEST_SHOWN = ("lugano", "lyric", "lugano_pet", "lugano_ct")  # in the line above the table of best responses


def patient_folder(patient_id: str) -> str:
    """The patient's id where it can name a folder; else a digest of it."""
    if SAFE_NAME.fullmatch(patient_id):
        return patient_id
    return f"patient-{hashlib.sha256(patient_id.encode()).hexdigest()[:DIGEST_DIGITS]}"


def study_name(day: int | None, short: str) -> str:
    """Day from infusion and a short name of the examination: it stays the same whatever the protocol's windows are."""
    return f"{'undated' if day is None else f'day_{day}'}_{short}"


def report_folder(patient: Patient, study: TrialStudy) -> str:
    """Where the pages of a study lie, below results/reports/."""
    return f"{patient_folder(patient.patient_id)}/{study_name(_day(patient, study), study.short)}"


def seg_file(patient: Patient, study: TrialStudy) -> str:
    """The study's SEG, below results/seg/."""
    return f"{patient_folder(patient.patient_id)}/{study_name(_day(patient, study), study.short)}{SEG_ENDING}"


def geometry_file(patient: Patient, study: TrialStudy) -> str:
    """What is kept of the study's voxels, below results/geometry/."""
    return f"{report_folder(patient, study)}{GEOMETRY_ENDING}"


def _day(patient: Patient, study: TrialStudy) -> int | None:
    return None if study.date is None else patient.day(study.date)


def index_content(protocol: Protocol, results: Sequence[CourseResult], rows: Rows, there: frozenset[str]) -> dict[str, Any]:
    """Plain data of the index page. there: the folders below reports/ that hold a report, a scan's or a patient's."""
    return {
        "protocol": protocol.name,
        "software": f"carpet {version('carpet')}",
        "timepoints": list(protocol.timepoints),
        "patients": [_patient(one, there) for one in results],
        "refusals": sorted(_notices(rows["refusals"]), key=lambda row: (row["patient"], row["code"], row["where"], row["found"])),
        "flags": sum(row["severity"] == "W" for row in rows["flags"]),
        "counts": {"patients": len(results), "scans": len(rows["studies"]), "refusals": len(rows["refusals"])},
    }


def _notices(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    names = ("code", "message", "where", "found", "remedy")
    return [{"patient": row.get("patient_id") or ""} | {name: row[name] for name in names} for row in rows]


def _patient(result: CourseResult, there: frozenset[str]) -> dict[str, Any]:
    course = result.course
    scans = sorted(course.scans, key=lambda one: (one.day is None, one.day or 0, one.study_uid))
    shown = [_scan(course, result, scan, there) for scan in scans]
    seen = {course.timepoint_of(scan) for scan in scans}
    for name in dict.fromkeys(row["timepoint"] for row in result.responses if row["timepoint"] not in seen):
        day = next(row["day"] for row in result.responses if row["timepoint"] == name)
        shown.append(
            {
                "timepoint": name,
                "day": day,
                "status": "no PET that counts",
                "report": "",
                "numbers": [],
                "baseline": False,
                **_responses(result, name),
            }
        )
    shown.sort(key=lambda row: (row["day"] is None, row["day"] or 0, not row["timepoint"], row["timepoint"]))
    folder = patient_folder(course.patient.patient_id)
    return {
        "id": course.patient.patient_id,
        "folder": folder,
        "report": f"{folder}/{INDEX}" if folder in there else "",
        "rows": shown,
        "notes": _notes(result),
        "findings": _findings(result),
        "best": _best(result),
    }


def _findings(result: CourseResult) -> list[dict[str, Any]]:
    """What a person should look at, in the order of days."""
    keys = ("timepoint", "day", "finding", "says", "because", "flags")
    return [{key: row[key] for key in keys} for row in result.findings.findings]


def _best(result: CourseResult) -> list[dict[str, Any]]:
    """Best responses, a group an assessor, the readers' first, each with its conversions."""
    rows = sorted(result.findings.best, key=lambda row: (row["assessor"] == "carpet", row["assessor"], _place(row["criterion"])))
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        same = [one for one in result.findings.conversions if (one["criterion"], one["assessor"]) == (row["criterion"], row["assessor"])]
        keys = ("criterion", "category", "because")
        groups.setdefault(row["assessor"], []).append({key: row[key] for key in keys} | {"conversions": [_conversion(one) for one in same]})
    return [{"assessor": name, "rows": group, "line": _line(group)} for name, group in groups.items()]


def _line(rows: Sequence[Mapping[str, Any]]) -> str:
    """The best responses that can be called, in one line: `CR by lugano, CMR by lugano_pet`."""
    said = {row["criterion"].partition("@")[0]: row["category"] for row in rows}
    return ", ".join(f"{said[name]} by {name}" for name in BEST_SHOWN if said.get(name, "NE") != "NE") or "NE"


def _conversion(row: Mapping[str, Any]) -> str:
    before, after = (f"{row[f'{end}_category']} at {row[f'{end}_timepoint']}" for end in ("from", "to"))
    return f"{before} to {after} (day {row['to_day']}{', after new therapy' if row['new_therapy_before'] else ''})"


def _place(criterion: str) -> tuple[int, str]:
    """Where a criterion stands; those that are not listed by name stand last."""
    name = criterion.partition("@")[0]
    return SHOWN_FIRST.index(name) if name in SHOWN_FIRST else len(SHOWN_FIRST), name


def _scan(course: Course, result: CourseResult, scan: Scan, there: frozenset[str]) -> dict[str, Any]:
    name = course.timepoint_of(scan)
    folder = f"{patient_folder(course.patient.patient_id)}/{study_name(scan.day, scan.short)}"
    refused = ", ".join(dict.fromkeys(one.payload["code"] for one in scan.refusals)) or "INTERNAL"
    return {
        "timepoint": name,
        "day": scan.day,
        "status": "refused: " + refused if scan.study is None else _status(scan.study.payload["status"], scan),
        "report": f"{folder}/report.html" if scan.study is not None and folder in there else "",
        "numbers": [] if scan.study is None else [_number(scan, biomarker) for biomarker in ("tmtv", "suv_max")],
        "baseline": scan is course.baseline,
        **_responses(result, name),
    }


def _status(said: str, scan: Scan) -> str:
    """Whether a reader has confirmed it, and what the totals leave out: a TMTV of 0 beside undecided regions is no finding."""
    undecided = sum(one.payload["status"] == Status.UNDECIDED for one in scan.lesions)
    return ", ".join(part for part in (said, f"{counted(undecided, 'region')} undecided, in no total" if undecided else "") if part)


def _number(scan: Scan, name: str) -> str:
    found = scan.value(name)
    return f"{found['value']:.1f}" if found.get("value") is not None else str(found.get("reason_missing", "not asked for"))


def _responses(result: CourseResult, timepoint: str) -> dict[str, Any]:
    """The responses of one time point, a group an assessor, the readers' first."""
    rows = [row for row in result.responses if timepoint and row["timepoint"] == timepoint]
    rows.sort(key=lambda row: (row["assessor"] == "carpet", row["assessor"], _place(row["criterion"])))
    keys = ("assessor", "criterion", "category", "rule", "because", "flags")
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["assessor"], []).append({key: row[key] for key in keys})
    return {"responses": [{"assessor": name, "rows": group} for name, group in groups.items()]}


def _notes(result: CourseResult) -> list[dict[str, str]]:
    return [
        {"code": one.code, "message": one.message, "where": one.where, "found": one.found, "severity": one.severity} for one in result.flags
    ]
