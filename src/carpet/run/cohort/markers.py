"""Columns of the cohort that PET measures: markers at their time point, and how they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carpet.core.errors import NotMeasurable
from carpet.response.kinetics import kinetics
from carpet.run.cohort.columns import Cell
from carpet.run.cohort.notices import NO_SCAN_AT_TIMEPOINT, NOT_ASKED_FOR
from carpet.run.cohort.stand_in import StandIn
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.notices import RECON_CHANGED
from carpet.run.trial.score_facts import UNREVIEWED

MARKERS = ("tmtv", "tlg", "suv_max", "sdmax", "dmax", "lesion_count")
BRIDGING = ("TD", "TT")
Row = Mapping[str, Any]


def marker_cells(course: Course, scan: StandIn, changes: Sequence[Row], segmenter: str) -> dict[str, Cell]:
    """changes: the patient's rows of the table kinetics. segmenter: another delineation than the main one; empty: the main one."""
    baseline = course.schedule.baseline or ""
    return {
        **{name: _marker(scan, name, segmenter) for name in MARKERS},
        "tmtv_bridging_percent": _percent(course, changes, ("tmtv", *BRIDGING), segmenter),
        "suv_max_bridging_percent": _percent(course, changes, ("suv_max", *BRIDGING), segmenter),
        "tmtv_m1_percent": _percent(course, changes, ("tmtv", baseline, "M1"), segmenter),
    }


def _marker(stand_in: StandIn, name: str, segmenter: str) -> Cell:
    scan = stand_in.scan
    if scan is None:
        return Cell(None, stand_in.reason)
    row = _measured(scan, name, segmenter)
    if not row:
        return Cell(None, NOT_ASKED_FOR.code)
    return Cell.of(row["value"], row["reason_missing"] or "", (*stand_in.flags, *_flags(scan, row)))


def _measured(scan: Scan, name: str, segmenter: str) -> Row:
    """A biomarker by this delineation, which for empty text is the scan's own; empty where there is none."""
    if not segmenter or scan.study is None:
        return scan.value(name)
    same = (one.payload for one in scan.values if one.payload["name"] == name and one.payload["segmenter"] == segmenter)
    return next(same, {})


def _flags(scan: Scan, row: Row) -> tuple[str, ...]:
    unread = scan.study is not None and scan.study.payload["status"] == UNREVIEWED
    return (*row.get("flags", ()), *((UNREVIEWED,) if unread else ()))


def _percent(course: Course, changes: Sequence[Row], what: tuple[str, str, str], segmenter: str) -> Cell:
    """The change in percent between two time points: of the table, or again for another delineation."""
    name, before, now = what
    if before not in course.at or now not in course.at:
        return Cell(None, NO_SCAN_AT_TIMEPOINT.code)
    scans = (course.at[before], course.at[now])
    keys = ("biomarker", "from_timepoint", "to_timepoint")
    row = (
        next((one for one in changes if tuple(one[key] for key in keys) == what), {})
        if not segmenter
        else _again(course, scans, name, segmenter)
    )
    unread = [UNREVIEWED for scan in scans if UNREVIEWED in _flags(scan, {})]
    return Cell.of(row.get("percent"), row.get("reason_missing") or NOT_ASKED_FOR.code, (*row.get("flags", ()), *unread))


def _again(course: Course, scans: tuple[Scan, Scan], name: str, segmenter: str) -> Row:
    rows = [_measured(scan, name, segmenter) for scan in scans]
    changed = course.imaging_changed(*scans)
    flags = sorted({flag for row in rows for flag in row.get("flags", ())} | ({changed} if changed else set()))
    lacking = [row.get("reason_missing") or NOT_ASKED_FOR.code for row in rows if row.get("value") is None]
    if lacking or changed == RECON_CHANGED.code:
        return {"reason_missing": lacking[0] if lacking else changed, "flags": flags}
    before, now = (scan.day for scan in scans)
    assert before is not None
    assert now is not None
    try:
        found = kinetics(rows[0]["value"], rows[1]["value"], days=now - before)
    except NotMeasurable as error:
        return {"reason_missing": error.reason, "flags": flags}
    return {"percent": found.percent, "reason_missing": found.reason, "flags": flags}
