"""A trial at a glance: for each patient and time point the response by Lugano, who called it, and what is missing, refused or disputed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from carpet.report.patient_responses import KIND_OF, day_text
from carpet.run.trial.course import Scan
from carpet.run.trial.moments import CARPET
from carpet.run.trial.readers import disputes, unlike_numbers
from carpet.run.trial.shown import in_time, refused_codes, shown_name
from carpet.run.trial.steps import CourseResult
from carpet.run.trial.words import sentence

Row = Mapping[str, Any]

LUGANO, DEAUVILLE = "lugano", "deauville"
NOT_EVALUABLE = "NE"


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """A key by which P2 stands before P10."""
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"([0-9]+)", name))


def overview_row(result: CourseResult, timepoints: Sequence[str], links: Mapping[str, str]) -> dict[str, Any]:
    """One patient: `cells` (one a time point), `best`, `others` (scans that stand for none). links: study UID → its report, or empty."""
    named = {shown_name(result.course, scan): scan for scan in in_time(result.course)}
    disputed = {row["timepoint"] for row in disputes(result)}
    unlike = {row["timepoint"]: dict(row["numbers"]).get(LUGANO, "") for row in unlike_numbers(result)}
    scans = [(scan, links.get(scan.study_uid, "")) for scan in in_time(result.course) if not shown_name(result.course, scan)]
    return {
        "cells": [
            _cell(result, name, named.get(name), links) | {"disputed": name in disputed, "unlike": unlike.get(name, "")}
            for name in timepoints
        ],
        "disputed": "" in disputed,
        "best": _best(result),
        "others": [{"day": day_text(scan.day), "report": link, "refused": scan.study is None} for scan, link in scans],
    }


def _cell(result: CourseResult, timepoint: str, scan: Scan | None, links: Mapping[str, str]) -> dict[str, Any]:
    rows = [row for row in result.responses if row["timepoint"] == timepoint]
    day = scan.day if scan is not None else next((row["day"] for row in rows), None)
    refused = scan is not None and scan.study is None
    return {
        "timepoint": timepoint,
        "day": "" if day is None else day_text(day),
        "report": "" if scan is None else links.get(scan.study_uid, ""),
        "scan": scan is not None and not refused,
        "refused": "; ".join(map(sentence, refused_codes(scan))) if scan is not None and refused else "",
        "baseline": scan is not None and scan is result.course.baseline,
        "calls": _calls(rows),
    }


def _calls(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The response by Lugano of each who called one: readers, else the numbers; those who agree share an entry."""
    by = {(row["assessor"], row["criterion"].partition("@")[0]): row["category"] for row in rows}
    readers = sorted({assessor for assessor, _ in by if assessor != CARPET and (assessor, LUGANO) in by})
    able = [one for one in readers if by[one, LUGANO] != NOT_EVALUABLE]
    groups: dict[str, list[str]] = {}
    for who in able or ([CARPET] if (CARPET, LUGANO) in by else readers):
        groups.setdefault(by[who, LUGANO], []).append(who)
    return [
        {
            "category": category,
            "kind": KIND_OF.get(category, "other"),
            "who": ", ".join("the numbers" if one == CARPET else one for one in names),
            "numbers": names == [CARPET],
            "deauville": ", ".join(dict.fromkeys(score for one in names if (score := by.get((one, DEAUVILLE), "")) not in ("", "X", "NE"))),
        }
        for category, names in groups.items()
    ]


def _best(result: CourseResult) -> list[dict[str, Any]]:
    """The best response by Lugano of each reader who called every time point that anybody called, else of the numbers; [] for none."""
    called = {(row["assessor"], row["timepoint"]) for row in result.responses if _is_call(row)}
    timepoints = {name for _, name in called}
    best = {row["assessor"]: row["category"] for row in result.findings.best if _is_call(row)}
    whole = [one for one in sorted(best) if one != CARPET and all((one, name) in called for name in timepoints)]
    names = whole or ([CARPET] if CARPET in best else [])
    categories = dict.fromkeys(best[one] for one in names)
    return [{"category": one, "kind": KIND_OF.get(one, "other"), "numbers": not whole} for one in categories]


def _is_call(row: Row) -> bool:
    return str(row["criterion"]).partition("@")[0] == LUGANO and str(row["category"]) != NOT_EVALUABLE
