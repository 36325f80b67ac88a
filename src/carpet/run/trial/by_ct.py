"""CT measurements of one patient as a course from baseline to one time point, and the response by CT."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from carpet.clinical.ct_targets import FILE, CtTarget
from carpet.clinical.table import place
from carpet.core.errors import Notice, Refused
from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen
from carpet.response.lugano_ct import lugano_ct
from carpet.response.rule import Verdict
from carpet.run.trial.course import Course
from carpet.run.trial.moments import Assessor, Moment, NoCall, ct_days, nearest
from carpet.run.trial.notices import CT_LISTED_LATE, READING_DIFFERS

AS_READ = "READING"  # stands where a reader decided, and no rule of the criterion


def ct_course(course: Course, moment: Moment, by: Assessor, *, refuse: Callable[[Notice], None]) -> CtCourse | NoCall:
    """The CTs from baseline to this time point, or why they make no course; what a row has wrong goes to `refuse`."""
    if not course.ct_targets:
        return NoCall("no CT was measured (ct_targets.csv)")
    window = course.windows.get(course.schedule.baseline or "TT")
    near = course.baseline.day if course.baseline and course.baseline.day is not None else -1
    baseline = nearest([day for day in ct_days(course) if day <= 0 and (window is None or window.holds(day))], near)
    if baseline is None:
        return NoCall("no CT at baseline (ct_targets.csv)")
    if moment.ct_day is None:
        return NoCall("no CT at this time point (ct_targets.csv)")
    days = [day for day in ct_days(course) if baseline <= day <= moment.ct_day]
    try:
        found = CtCourse(tuple(_ct_scan(course, day, by) for day in days))
        for notice in _listed_late(course, found):
            refuse(notice)
        return found
    except Refused as error:
        for notice in error.notices:
            refuse(notice)
        return NoCall(f"refused: {', '.join(error.codes)}", error.codes)


def _listed_late(course: Course, found: CtCourse) -> Iterator[Notice]:
    """The row that lists a lesion for the first time without saying whether it is new."""
    for lesion in found.listed_late():
        rows = [one for one in course.ct_targets if one.lesion == lesion.name]
        first = min(rows, key=lambda one: one.date)
        yield CT_LISTED_LATE.at(place(FILE, first.row, "status"), f"{first.status}, first listed on day {course.patient.day(first.date)}")


def _ct_scan(course: Course, day: int, by: Assessor) -> CtScan:
    rows: Sequence[CtTarget] = [one for one in course.ct_targets if course.patient.day(one.date) == day]
    lesions = (CtLesion(one.lesion, Part(one.kind), one.target, Seen(one.status), one.ldi_mm, one.sdi_mm) for one in rows)
    return CtScan(day, tuple(lesions), marrow_involved(course, day, by))


def marrow_involved(course: Course, day: int, by: Assessor) -> bool | None:
    """What the assessor's reader says of the marrow at the time point of this day, of the day itself before others; else any reader,
    involved before clear; None: nobody."""
    said = [
        one
        for one in course.readings
        if one.marrow_involved is not None and (on := course.patient.day(one.date)) is not None and _one_visit(course, on, day)
    ]
    said = [one for one in said if course.patient.day(one.date) == day] or said
    own = [one for one in said if by.reading is not None and one.reader == by.reading.reader]
    return any(one.marrow_involved for one in own or said) if said else None


def _one_visit(course: Course, day: int, other: int) -> bool:
    return day == other or any(window.holds(day) and window.holds(other) for window in course.windows.values())


def by_ct(by: Assessor, ct: CtCourse | NoCall) -> Verdict | NoCall:
    """Lugano by CT: as the reader called it, else by the rules."""
    ruled = ct if isinstance(ct, NoCall) else lugano_ct(ct)
    return as_read(by.reading.ct_response if by.reading else None, ruled, criterion="lugano_ct@1", compared=True)


def as_read(read: str | None, ruled: Verdict | NoCall, *, criterion: str, compared: bool) -> Verdict | NoCall:
    """What the reader called, marked where the rules say otherwise; the rules' call where the reader gave none."""
    if read is None:
        return ruled
    if isinstance(ruled, NoCall):
        return Verdict(criterion, read, AS_READ, "as read")
    differs = compared and ruled.category != read
    return Verdict(criterion, read, AS_READ, "as read", (READING_DIFFERS.code,) if differs else ())
