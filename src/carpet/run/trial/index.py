"""What the index page of a trial shows of each patient, and where the pages of each study lie."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from carpet.clinical import Patient
from carpet.core.errors import Severity
from carpet.core.lesion import Status
from carpet.core.protocol import Protocol
from carpet.report.content import RESEARCH_ONLY
from carpet.report.numbers import missing_text, number_text
from carpet.report.patient_readers import disputes as said_disputes
from carpet.report.patient_readers import unlike_numbers as said_unlike
from carpet.report.patient_responses import KIND_OF, criterion_text, day_text, rule_text
from carpet.run.terminal import counted
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.overview import natural, overview_row
from carpet.run.trial.readers import disputes, unlike_numbers
from carpet.run.trial.shown import in_time, refused_codes, shown_name
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.studies import GEOMETRY_ENDING, SEG_ENDING, TrialStudy
from carpet.run.trial.tables import Rows
from carpet.run.trial.words import kinds, sentence, spelled

INDEX, COHORT = "index.html", "cohort.html"
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")  # a name that is a folder's on every system
DIGEST_DIGITS = 10
SHOWN_FIRST = ("lugano", "lugano_pet", "lugano_ct", "lyric", "deauville", "qpet", "percist", "recil", "cheson2007", "delta_suv_max")
BEST_SHOWN = ("lugano", "lyric", "lugano_pet", "lugano_ct")  # in the line above the table of best responses
CARPET = "carpet"
SHOWN_NUMBERS = ("tmtv", "suv_max")


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
    """Plain data of the index page, patients in the order of their ids.

    there: the folders below reports/ that hold a report, a scan's or a patient's, and `cohort.html` where that page exists.
    """
    timepoints = list(protocol.timepoints)
    ordered = sorted(results, key=lambda one: natural(one.course.patient.patient_id))
    days = {scan.study_uid: day_text(scan.day) for one in results for scan in one.course.scans}
    patients = [_patient(one, timepoints, there) for one in ordered]
    return {
        "protocol": protocol.name,
        "software": f"carpet {version('carpet')}",
        "research_only": RESEARCH_ONLY,
        "cohort": COHORT if COHORT in there else "",
        "timepoints": timepoints,
        "patients": patients,
        "any_other": any(one["overview"]["others"] for one in patients),
        "any_dispute": any(one["disputes"] for one in patients),
        "refusals": sorted((_refusal(row, days) for row in rows["refusals"]), key=_by_patient),
        "flags": sum(row["severity"] == Severity.WARNING for row in rows["flags"]),
        "counts": {"patients": len(results), "scans": len(rows["studies"]), "refusals": len(rows["refusals"])},
    }


def _refusal(row: Mapping[str, Any], days: Mapping[str, str]) -> dict[str, str]:
    said = {"code": str(row["code"])} | {name: spelled(str(row[name])) for name in ("message", "where", "found", "remedy")}
    return said | {"patient": row.get("patient_id") or "", "at": days.get(row.get("study_uid") or "", "")}


def _by_patient(row: Mapping[str, str]) -> tuple[Any, ...]:
    """Refusals of patients first; what concerns no known patient last."""
    return not row["patient"], natural(row["patient"]), *(row[key] for key in sorted(row))


def _patient(result: CourseResult, timepoints: Sequence[str], there: frozenset[str]) -> dict[str, Any]:
    course = result.course
    folder = patient_folder(course.patient.patient_id)
    links = {scan.study_uid: _report(folder, scan, there) for scan in course.scans}
    shown = [_scan(course, result, scan, links[scan.study_uid]) for scan in in_time(course)]
    shown += _without_scan(result, {shown_name(course, scan) for scan in course.scans})
    shown.sort(key=lambda row: (row["day"] is None, row["day"] or 0, not row["timepoint"], row["timepoint"]))
    return {
        "id": course.patient.patient_id,
        "folder": folder,
        "report": f"{folder}/{INDEX}" if folder in there else "",
        "overview": overview_row(result, timepoints, links),
        "rows": [row | {"day": day_text(row["day"])} for row in shown],
        "disputes": said_disputes(disputes(result)),
        "unlike_numbers": said_unlike(unlike_numbers(result)),
        "findings": _findings(result),
        "best": _best(result),
        "notes": _notes(result),
    }


def _report(folder: str, scan: Scan, there: frozenset[str]) -> str:
    """The way from the index to the report of a scan; empty where there is none."""
    place = f"{folder}/{study_name(scan.day, scan.short)}"
    return f"{place}/report.html" if scan.study is not None and place in there else ""


def _scan(course: Course, result: CourseResult, scan: Scan, report: str) -> dict[str, Any]:
    name = shown_name(course, scan)
    return {
        "timepoint": name,
        "day": scan.day,
        "status": _refused(scan) if scan.study is None else _status(scan.study.payload["status"], scan),
        "report": report,
        "numbers": [] if scan.study is None else [_number(scan, biomarker) for biomarker in SHOWN_NUMBERS],
        "baseline": scan is course.baseline,
        "responses": _responses(result, name),
    }


def _without_scan(result: CourseResult, seen: set[str]) -> list[dict[str, Any]]:
    """Time points with a response, by CT or a reader, that no scan stands for."""
    days = {row["timepoint"]: row["day"] for row in reversed(result.responses) if row["timepoint"] not in seen}
    nothing: dict[str, Any] = {"status": "no PET that counts", "report": "", "numbers": [], "baseline": False}
    return [{"timepoint": name, "day": day, "responses": _responses(result, name), **nothing} for name, day in days.items()]


def _refused(scan: Scan) -> str:
    return f"refused: {'; '.join(map(sentence, refused_codes(scan)))}"


def _status(said: str, scan: Scan) -> str:
    """Whether a reader has confirmed it, and what the totals leave out: a TMTV of 0 beside undecided regions is no finding."""
    undecided = sum(one.payload["status"] == Status.UNDECIDED for one in scan.lesions)
    return ", ".join(part for part in (said, f"{counted(undecided, 'region')} undecided, in no total" if undecided else "") if part)


def _number(scan: Scan, name: str) -> dict[str, Any]:
    found = scan.value(name)
    if found.get("value") is None:
        return {"text": missing_text(str(found.get("reason_missing", "NOT_ASKED_FOR"))), "missing": True}
    return {"text": number_text(float(found["value"]), found["unit"], name=name), "missing": False}


def _responses(result: CourseResult, timepoint: str) -> list[dict[str, Any]]:
    """The responses of one time point, a group an assessor, the readers' first."""
    rows = [row for row in result.responses if timepoint and row["timepoint"] == timepoint]
    rows.sort(key=lambda row: (row["assessor"] == CARPET, row["assessor"], _place(row["criterion"])))
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        said = {"criterion": criterion_text(row["criterion"]), "category": row["category"], "kind": KIND_OF.get(row["category"], "other")}
        said |= {"because": spelled(row["because"]), "rule": rule_text(row["rule"])}
        groups.setdefault(row["assessor"], []).append(said | {"flags": [sentence(code) for code in row["flags"]]})
    return [{"assessor": name, "numbers": name == CARPET, "rows": group} for name, group in groups.items()]


def _place(criterion: str) -> tuple[int, str]:
    """Where a criterion stands; those that are not listed by name stand last."""
    name = criterion.partition("@")[0]
    return SHOWN_FIRST.index(name) if name in SHOWN_FIRST else len(SHOWN_FIRST), name


def _findings(result: CourseResult) -> list[dict[str, Any]]:
    """What a person should look at, in the order of days; what is only to be known after it."""
    rows = [
        {
            "at": f"{row['timepoint']} ({day_text(row['day'])})",
            "says": row["says"],
            "because": spelled(row["because"]),
            "flags": [sentence(code) for code in row["flags"]],
            "alert": kinds()[row["finding"]].severity is Severity.WARNING,
        }
        for row in result.findings.findings
    ]
    return sorted(rows, key=lambda row: not row["alert"])


def _best(result: CourseResult) -> list[dict[str, Any]]:
    """Best responses, a group an assessor, the readers' first, each with its conversions."""
    rows = sorted(result.findings.best, key=lambda row: (row["assessor"] == CARPET, row["assessor"], _place(row["criterion"])))
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        same = [one for one in result.findings.conversions if (one["criterion"], one["assessor"]) == (row["criterion"], row["assessor"])]
        said = {"criterion": criterion_text(row["criterion"]), "category": row["category"], "because": spelled(row["because"])}
        groups.setdefault(row["assessor"], []).append(said | {"conversions": [_conversion(one) for one in same]})
    lines = {name: _line([row for row in rows if row["assessor"] == name]) for name in groups}
    return [{"assessor": name, "rows": group, "line": lines[name]} for name, group in groups.items()]


def _line(rows: Sequence[Mapping[str, Any]]) -> str:
    """The best responses that can be called, in one line: `Lugano, PET and CT: CR; Lugano by PET: CMR`."""
    said = {row["criterion"].partition("@")[0]: row["category"] for row in rows}
    return "; ".join(f"{criterion_text(name)}: {said[name]}" for name in BEST_SHOWN if said.get(name, "NE") != "NE") or "NE"


def _conversion(row: Mapping[str, Any]) -> str:
    before, after = (f"{row[f'{end}_category']} at {row[f'{end}_timepoint']}" for end in ("from", "to"))
    return f"{before} to {after} (day {row['to_day']}{', after new therapy' if row['new_therapy_before'] else ''})"


def _notes(result: CourseResult) -> list[dict[str, Any]]:
    """What must be known of the course; notices that say the same share a line."""
    groups: dict[tuple[bool, str], list[str]] = {}
    for one in result.flags:
        groups.setdefault((one.severity is not Severity.WARNING, one.message), []).append(
            ", ".join(spelled(part) for part in (one.where, one.found) if part)
        )
    return [{"message": message, "found": [part for part in found if part]} for (_, message), found in sorted(groups.items())]
