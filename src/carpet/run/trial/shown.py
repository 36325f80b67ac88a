"""How the scans of a course stand on its pages: in the order of days, each by the time point it stands for or would have stood for."""

from __future__ import annotations

from carpet.run.trial.course import Course, Scan

INTERNAL = "INTERNAL"


def in_time(course: Course) -> list[Scan]:
    """All scans, also refused ones, by day; undated ones last."""
    return sorted(course.scans, key=lambda scan: (scan.day is None, scan.day or 0, scan.study_uid))


def shown_name(course: Course, scan: Scan) -> str:
    """The time point of a scan; for one that was refused the time point it would have stood for; empty for none."""
    named = course.timepoint_of(scan)
    if named or scan.study is not None or scan.day is None or course.patient.infusion_date is None:
        return named
    day = scan.day
    return next((name for name, window in course.windows.items() if name not in course.at and window.holds(day)), "")


def refused_codes(scan: Scan) -> list[str]:
    """Why there is nothing of this scan, as codes."""
    return list(dict.fromkeys(one.payload["code"] for one in scan.refusals)) or [INTERNAL]
