"""What the page of one patient says: stored rows as finished text, the same for the HTML page and the PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from carpet.report import numbers
from carpet.report.content import MOST_IN_HEADER, RESEARCH_ONLY, SEVERITIES, clean, letter
from carpet.report.drawing import UNREVIEWED, shortened
from carpet.report.patient_readers import disputes, unlike_numbers
from carpet.report.patient_responses import (
    agreement_text,
    assessors,
    at_text,
    best,
    conversions,
    day_text,
    differences,
    said_text,
    spelled_criteria,
)
from carpet.report.patient_tracks import tracks_told

Record = Mapping[str, Any]

TITLE = "FDG PET/CT course after CAR T-cells"
REFUSED, REVIEWED = "REFUSED", "REVIEWED"
FOLLOWED = {"tmtv": "TMTV", "tlg": "TLG", "suv_max": "SUVmax"}
STABLE_PERCENT = 10.0  # [P] a change of no more is told as none: a doubling time of years would be made of noise
LINK = re.compile(r"[A-Za-z0-9_./-]*")  # a relative path; never an address or a script


def patient_content(course: Record) -> dict[str, Any]:
    """Everything the templates print, as text, lists and truth values; nothing else of `course` reaches them.

    course: `patient`, `scans`, `responses`, `best`, `conversions`, `disputes`, `unlike_numbers`, `disagreements`, `kinetics`, `tracks`,
    `pairs`, `findings`, `refusals`, `flags`, `says` (code → sentence), `software`, `provenance`, as run/trial/report_content.py collects
    them. Empty lists say that there was nothing.
    """
    says = course["says"]
    marks = _marks(course["scans"])
    unconfirmed = [one for one in course["scans"] if one["status"] == UNREVIEWED]
    patient = clean(course["patient"]["id"])
    return {
        "title": TITLE,
        "patient": patient,
        "patient_short": shortened(patient, MOST_IN_HEADER),
        "unreviewed": bool(unconfirmed),
        "mark": UNREVIEWED if unconfirmed else REVIEWED if any(one["status"] == REVIEWED for one in course["scans"]) else "",
        "mark_says": _mark_says(unconfirmed),
        "research_only": RESEARCH_ONLY,
        "identity": _identity(course),
        "best": best(course["best"]),
        "conversions": conversions(course["conversions"]),
        "findings": _findings(course["findings"], says),
        "lost": [_lost(row) for row in course["refusals"]],
        "disputes": disputes(course["disputes"]),
        "unlike_numbers": unlike_numbers(course["unlike_numbers"]),
        "assessors": assessors(course["responses"], says),
        "differences": differences(course["disagreements"]),
        "differences_say": "" if course["disagreements"] else agreement_text(course["responses"]),
        "kinetics": _kinetics(course["kinetics"], course["patient"]["baseline"], says),
        "stable_says": f"Stable: changed by no more than {numbers.decimal_text(STABLE_PERCENT, 0)} %.",
        "tracks": tracks_told(course["tracks"], course["scans"]),
        "pairs": [[clean(label), link] for label, link in course["pairs"] if LINK.fullmatch(link)],
        "quality": [_quality(one, marks, says) for one in course["scans"]],
        "quality_notes": [[mark, said_text(code, says)] for code, mark in marks.items()],
        "flags": _grouped(course["flags"]),
        "refusals": _grouped(course["refusals"]),
        "software": [[clean(name), clean(version)] for name, version in course["software"].items()],
        "provenance": [[clean(label), clean(text)] for label, text in course["provenance"]],
    }


def _mark_says(unconfirmed: Sequence[Record]) -> str:
    names = ", ".join(clean(one["timepoint"]) or day_text(one["day"]) for one in unconfirmed)
    return f"No physician has confirmed the regions and numbers of: {names}." if unconfirmed else ""


def _identity(course: Record) -> list[list[str]]:
    patient = course["patient"]
    baseline = next((one for one in course["scans"] if one["baseline"]), None)
    rows = [
        ("Patient", patient["id"]),
        ("Product", patient["product"] or "not stated"),
        ("Lymphoma", patient["histology"] or "not stated"),
        ("Infusion", "day 0; all days are counted from it" if patient["infused"] else "none known: there are no days and no time points"),
        ("Bridging", {True: "given", False: "none", None: "not stated"}[patient["bridging"]]),
        ("Baseline", at_text(baseline["timepoint"], baseline["day"]) if baseline else "no scan can stand for it"),
        ("Protocol", course["protocol"]),
    ]
    return [[label, clean(text)] for label, text in rows]


def _lost(row: Record) -> str:
    """What was refused, as one sentence for the head of the page; the table below says where and what was found."""
    at, remedy = row.get("at") or row["where"], row["remedy"]
    return clean(f"{at}{': ' if at else ''}{row['message']}" + (f"; what to do: {remedy}" if remedy else ""))


def _marks(scans: Sequence[Record]) -> dict[str, str]:
    """The letter of each flag of a scan; the review status has its own place."""
    codes = sorted({code for one in scans for code in one["flags"]} - {UNREVIEWED})
    return {code: letter(n) for n, code in enumerate(codes)}


def _findings(rows: Sequence[Record], says: Mapping[str, str]) -> list[dict[str, Any]]:
    """Those to be looked at now first; what says the same at one time point shares a heading."""
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in sorted(rows, key=lambda row: row["severity"] != "W"):
        key = (row["severity"], row["timepoint"], row["day"], row["finding"], row["says"], tuple(sorted(set(row["flags"]) - {UNREVIEWED})))
        groups.setdefault(key, []).append(row)
    return [
        {
            "at": at_text(timepoint, day),
            "code": clean(finding),
            "says": clean(said),
            "because": list(dict.fromkeys(clean(spelled_criteria(row["because"])) for row in group)),
            "flags": [said_text(code, says) for code in flags],
            "alert": severity == "W",
        }
        for (severity, timepoint, day, finding, said, flags), group in groups.items()
    ]


def _kinetics(rows: Sequence[Record], baseline: str, says: Mapping[str, str]) -> list[dict[str, Any]]:
    """Pairs of scans in the order bridging, from baseline, from scan to scan; three biomarkers each."""
    pairs = list(dict.fromkeys((row["from_timepoint"], row["to_timepoint"], row["from_day"], row["to_day"]) for row in rows))
    pairs.sort(key=lambda pair: (_stretch(pair, baseline)[0], pair[2], pair[3]))
    of = {pair: [row for row in rows if (row["from_timepoint"], row["to_timepoint"]) == pair[:2]] for pair in pairs}
    return [_pair(pair, of[pair], baseline, says) for pair in pairs]


def _stretch(pair: tuple[str, str, int, int], baseline: str) -> tuple[int, str]:
    if pair[3] <= 0:
        return 0, "before infusion" if pair[:2] != ("TD", "TT") else "over bridging"
    return (1, "from baseline") if pair[0] == baseline else (2, "since the scan before")


def _pair(pair: tuple[str, str, int, int], rows: Sequence[Record], baseline: str, says: Mapping[str, str]) -> dict[str, Any]:
    flags = sorted({code for row in rows for code in row["flags"]} - {UNREVIEWED})
    return {
        "at": f"{clean(pair[0])} to {clean(pair[1])}",
        "says": f"{_stretch(pair, baseline)[1]}, {pair[3] - pair[2]} days",
        "flags": [said_text(code, says) for code in flags],
        "rows": [_change(row) for row in rows],
    }


def _change(row: Record) -> dict[str, str]:
    unit, name = row["unit"], row["biomarker"]

    def said(key: str, *, sign: bool = False) -> str:
        value = row[key]
        if value is None:
            return numbers.DASH
        return ("+" if sign and value > 0 else "") + numbers.number_text(float(value), unit, name=name)

    percent = row["percent"]
    return {
        "biomarker": FOLLOWED.get(name, clean(name)),
        "unit": clean(numbers.unit_text(unit)),
        "before": said("before"),
        "now": said("now"),
        "change": said("change", sign=True),
        "percent": numbers.DASH if percent is None else ("+" if percent > 0 else "") + numbers.decimal_text(float(percent), 0) + " %",
        "per_day": said("per_day", sign=True),
        "doubling": _doubling(row["doubling_days"], percent),
        "missing": clean(numbers.reason_text(str(row["reason_missing"] or ""))),
    }


def _doubling(days: float | None, percent: float | None) -> str:
    """In words; the tables keep the number also where the change is none."""
    if percent is not None and abs(percent) <= STABLE_PERCENT:
        return "stable"
    if days is None:
        return numbers.DASH
    return f"{'doubles' if days > 0 else 'halves'} in {numbers.decimal_text(abs(days), 0)} d"


def _quality(one: Record, marks: Mapping[str, str], says: Mapping[str, str]) -> dict[str, Any]:
    """One scan: what its numbers rest on, and its report."""
    refused = one["status"] == REFUSED
    liver = one["liver"]["mean"] if one["liver"] else None
    spacing = " × ".join(numbers.decimal_text(float(mm), 2) for mm in reversed(one["spacing_mm_kji"] or ())) or numbers.DASH
    why = clean(numbers.missing_text((one["liver"] or {}).get("reason_missing") or "NOT_MEASURED"))
    return {
        "name": clean(one["timepoint"]) or numbers.DASH,
        "day": day_text(one["day"]),
        "baseline": one["baseline"],
        "status": clean(one["status"]) + (f": {'; '.join(said_text(code, says) for code in one['refused'])}" if refused else ""),
        "refused": refused,
        "uptake": numbers.DASH if one["uptake_min"] is None else numbers.number_text(one["uptake_min"], "min"),
        "liver": why if liver is None else numbers.number_text(float(liver), "g/mL"),
        "scanner": clean(one["scanner"] or numbers.DASH),
        "reconstruction": clean(one["reconstruction"] or numbers.DASH),
        "spacing": spacing,
        "letters": ",".join(marks[code] for code in sorted(one["flags"]) if code in marks),
        "report": one["report"] if LINK.fullmatch(one["report"]) else "",
        "segmenter": clean(one["segmenter"] or ""),
    }


def _grouped(notices: Sequence[Record]) -> list[dict[str, Any]]:
    """Notices that say the same share a row; errors, then warnings, then notes."""
    groups: dict[tuple[str, ...], list[Record]] = {}
    for row in notices:
        groups.setdefault(tuple(str(row[key]) for key in ("severity", "code", "message", "remedy")), []).append(row)
    order = {severity: n for n, severity in enumerate("EWI")}
    return [
        {
            "severity": SEVERITIES.get(severity, clean(severity)),
            "code": clean(code),
            "message": clean(message),
            "remedy": clean(remedy),
            "found": list(dict.fromkeys(_found(row) for row in rows)),
        }
        for (severity, code, message, remedy), rows in sorted(groups.items(), key=lambda one: (order.get(one[0][0], 9), one[0]))
    ]


def _found(row: Record) -> str:
    parts = [row.get("at") or "", row["where"], row["found"]]
    return clean(": ".join(str(part) for part in parts if part))
