"""From a patient's course to best responses, conversions and what a person should look at: the facts, as the findings ask for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carpet.anatomy.sites import site_of
from carpet.core.errors import Severity
from carpet.core.protocol import Protocol
from carpet.response import criteria
from carpet.response.best_response import best_response
from carpet.response.called import PROGRESSION, Called, in_order
from carpet.response.compression import compression
from carpet.response.conversion import conversions
from carpet.response.deauville_at_month_1 import deauville_at_month_1
from carpet.response.early_progression import FIRST_MONTH_DAYS, early_progression
from carpet.response.finding import Finding, When
from carpet.response.inflammation import inflammation
from carpet.response.pseudoprogression import pseudoprogression
from carpet.response.seen_region import SeenRegion
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.growth import followed, masses, not_told
from carpet.run.trial.moments import NoCall
from carpet.run.trial.notices import NEW_FAINT_NOT_SOUGHT
from carpet.run.trial.residuals import left_on
from carpet.run.trial.track_sites import changed_sites
from carpet.run.trial.tracks import CourseTracks
from carpet.run.trial.uptake import Uptake, uptake

MONTH_1 = "M1"
SCALES = ("deauville", "qpet", "delta_suv_max")  # scores and ratios, no responses: nothing of theirs is best or ends a count
FOLLOW_UP = "_follow_up"  # the same criterion on a scan after an indeterminate one
NEW_BY_RULE = "DS5-new"
UNSCHEDULED, WHOLE_COURSE = "unscheduled", "whole course"  # what is said of a scan that stands for no time point, and of no scan at all
LYRIC = "lyric"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CourseFindings:
    """Rows of the tables `best_responses`, `conversions` and `findings`, without the patient."""

    best: tuple[Row, ...] = ()
    conversions: tuple[Row, ...] = ()
    findings: tuple[Row, ...] = ()


@dataclass(frozen=True)
class _Moment:
    """A scan after infusion, or a time point that was called without one (scan None)."""

    when: When
    scan: Scan | None


def findings_of(course: Course, responses: Sequence[Row], tracks: CourseTracks, protocol: Protocol) -> CourseFindings:
    """Everything of one course; empty without an infusion."""
    if course.patient.infusion_date is None:
        return CourseFindings()
    groups = _groups(responses)
    therapy, days = new_therapy_day(course), tuple(sorted({row["day"] for row in responses}))
    return CourseFindings(
        tuple(_best(name, by, calls, course, days) for (name, by), calls in groups.items()),
        tuple(row for (name, by), calls in groups.items() for row in _conversions(name, by, calls, therapy)),
        tuple(_rows(course, _findings(course, responses, tracks, protocol))),
    )


def new_therapy_day(course: Course) -> int | None:
    """Day of the first new therapy or transplant after infusion; None for none."""
    dates = [one for one in (course.patient.new_therapy_date, course.patient.hsct_date) if one is not None]
    return course.patient.day(min(dates)) if dates else None


def stated_progression_day(course: Course) -> int | None:
    """Day of progression as patients.csv states it; None for none."""
    stated = course.patient.progression_date
    return None if stated is None else course.patient.day(stated)


def _groups(responses: Sequence[Row]) -> dict[tuple[str, str], list[Called]]:
    """The calls of each criterion (with its version) and assessor, in the order of the responses."""
    found: dict[tuple[str, str], list[Called]] = {}
    for row in responses:
        if _family(row["criterion"]) not in SCALES:
            found.setdefault((_main(row["criterion"]), row["assessor"]), []).append(_called(row))
    return found


def _family(criterion: str) -> str:
    return criterion.partition("@")[0].removesuffix(FOLLOW_UP)


def _main(criterion: str) -> str:
    name = _family(criterion)
    return f"{name}@{criteria()[name].version}"


def _called(row: Row) -> Called:
    return Called(row["timepoint"], row["day"], row["category"], row["criterion"], row["assessor"], row["rule"])


def _order(criterion: str) -> tuple[str, ...]:
    return in_order(criteria()[_family(criterion)].categories)


def _best(criterion: str, assessor: str, calls: Sequence[Called], course: Course, days: Sequence[int]) -> Row:
    """With LYRIC scans that show progression come before the stated date, which does not say by which criterion: as with endpoints."""
    by_scans = _family(criterion) == LYRIC and any(one.category in PROGRESSION for one in calls)
    best = best_response(
        calls,
        order=_order(criterion),
        new_therapy_day=new_therapy_day(course),
        progression_day=None if by_scans else stated_progression_day(course),
        scan_days=days,
    )
    return {
        "criterion": criterion,
        "assessor": assessor,
        "category": best.category,
        "timepoint": best.timepoint,
        "day": best.day,
        "ended_by": best.ended_by,
        "because": best.because,
    }


def _conversions(criterion: str, assessor: str, calls: Sequence[Called], therapy: int | None) -> Iterator[Row]:
    for one in conversions(calls, order=_order(criterion), new_therapy_day=therapy):
        yield {
            "criterion": criterion,
            "assessor": assessor,
            "from_timepoint": one.before.timepoint,
            "from_day": one.before.day,
            "from_category": one.before.category,
            "to_timepoint": one.after.timepoint,
            "to_day": one.after.day,
            "to_category": one.after.category,
            "new_therapy_before": one.new_therapy_before,
        }


def _findings(course: Course, responses: Sequence[Row], tracks: CourseTracks, protocol: Protocol) -> Iterator[tuple[Finding, Scan | None]]:
    yield from changed_sites(course, tracks)
    at = {one.when: one.scan for one in _moments(course, responses)}
    month_1 = protocol.timepoints.get(MONTH_1)
    for one in early_progression(_progression(course, responses), last_day=month_1.last_day if month_1 else FIRST_MONTH_DAYS):
        yield one, at.get(When(one.timepoint, one.day))
    baseline = None if course.baseline is None else regions_of(course.baseline)
    for when, scan in at.items():
        here = [row for row in responses if (row["timepoint"], row["day"]) == (when.timepoint, when.day)]
        for found in (*_deauville(course, here, when, scan, tracks), *_growth(course, here, when, scan, tracks)):
            yield found, scan
        if scan is not None:
            regions = regions_of(scan)
            pressing = compression(masses(course, scan, regions, baseline, tracks), when)
            yield from ((found, scan) for found in (*inflammation(regions, baseline, when), *pressing))


def _moments(course: Course, responses: Sequence[Row]) -> list[_Moment]:
    """Every measured scan after infusion that is alone on its day, and every time point that was called without one, by day."""
    often = Counter(one.day for one in course.scans if one.study is not None)
    scans = [(one.day, one) for one in course.scans if one.study is not None and one.day is not None and often[one.day] == 1]
    found = {When(course.timepoint_of(one), day): one for day, one in scans if day >= 1}
    called = {When(row["timepoint"], row["day"]): None for row in responses}
    every: dict[When, Scan | None] = called | found
    return [_Moment(when, every[when]) for when in sorted(every, key=lambda one: (one.day, one.timepoint))]


def _progression(course: Course, responses: Sequence[Row]) -> Iterator[Called]:
    """All responses, progression that was dated back on its first day, and progression as patients.csv has it."""
    names = {row["day"]: row["timepoint"] for row in responses}
    for row in responses:
        if _family(row["criterion"]) not in SCALES:
            yield _dated_back(row, names) if row.get("dated_to_day") is not None else _called(row)
    day = stated_progression_day(course)
    if day is not None:
        yield Called(names.get(day, ""), day, "PD", "progression_date", "patients.csv")


def _dated_back(row: Row, names: Mapping[int, str]) -> Called:
    """Progression on the day of the indeterminate response that it confirms."""
    day = row["dated_to_day"]
    rule = f"{row['rule']} on day {row['day']}, dated back"
    return replace(_called(row), criterion=_main(row["criterion"]), day=day, timepoint=names.get(day, row["timepoint"]), rule=rule)


def _deauville(course: Course, here: Sequence[Row], when: When, scan: Scan | None, tracks: CourseTracks) -> Iterator[Finding]:
    if when.timepoint != MONTH_1:
        return
    study = None if scan is None or scan.study is None else scan.study.payload
    liver = study["reference_suv_max"].get("liver") if study else None
    suv_max = _hottest(scan, tracks) if scan else None
    ratio = next((row["value"] for row in here if _family(row["criterion"]) == "qpet"), None)
    readers = {f"reader {one.reader}" for one in course.readings if course.patient.day(one.date) == when.day and one.new_lesions}
    for row in here:
        if _family(row["criterion"]) == "deauville":
            new = row["rule"] == NEW_BY_RULE or row["assessor"] in readers
            found = deauville_at_month_1(
                row["category"], when, assessor=row["assessor"], suv_max=suv_max, liver_suv_max=liver, qpet=ratio, new_lesion=new
            )
            if found is not None:
                yield _doubted(found, row)


def _hottest(scan: Scan, tracks: CourseTracks) -> float | None:
    """SUVmax of the disease, or of what is left where it lay; None where there is neither."""
    found = uptake(scan, "suv_max")
    return None if isinstance(found, NoCall) else Uptake(found.disease, left=left_on(scan, tracks)).sure


def _doubted(found: Finding, row: Row) -> Finding:
    """The finding, which must not look surer than the score that it rests on."""
    if NEW_FAINT_NOT_SOUGHT.code not in row["flags"]:
        return found
    flags = tuple(sorted({*found.flags, NEW_FAINT_NOT_SOUGHT.code}))
    return replace(found, because=f"{found.because}; faint or small new uptake elsewhere was not looked for", flags=flags)


def _growth(course: Course, here: Sequence[Row], when: When, scan: Scan | None, tracks: CourseTracks) -> Iterator[Finding]:
    read = [one for one in course.readings if course.patient.day(one.date) == when.day and one.new_lesions is not None]
    indeterminate = [row for row in here if _family(row["criterion"]) == "lyric" and row["category"].startswith("IR")]
    new = sorted(f"reader {one.reader}" for one in read if one.new_lesions)
    measures = followed(course, when, scan, tracks)
    if scan is None and not measures and not new:  # there is nothing to look at, and the responses say why
        return
    found = pseudoprogression(
        measures,
        when,
        new_lesions_by=new,
        lyric=[f"LYRIC {row['category']} by {row['assessor']}" for row in indeterminate],
        new_therapy_day=new_therapy_day(course),
        not_told=not_told(course, scan, tracks, new_lesions_read=bool(read)),
    )
    if found is not None:
        yield found


def regions_of(scan: Scan) -> tuple[SeenRegion, ...]:
    """The stored regions of a scan as the findings ask for them."""
    return tuple(_region(one.payload) for one in scan.lesions)


def _region(said: Row) -> SeenRegion:
    site = site_of(said["site"]["value"]) if said.get("site") else None
    left, back, head = (float(mm) for mm in said["centroid_lps_mm"])
    return SeenRegion(
        said["lesion_id"],
        site.name if site else "",
        said["status"],
        said["decided_by"],
        said["volume_ml"],
        said["suv_max"],
        (left, back, head),
    )


def _rows(course: Course, found: Iterable[tuple[Finding, Scan | None]]) -> list[Row]:
    rows = [
        {
            "timepoint": one.timepoint or (WHOLE_COURSE if scan is None else UNSCHEDULED),
            "day": one.day,
            "study_uid": "" if scan is None else scan.study_uid,
            "finding": one.code,
            "says": one.says,
            "because": one.because,
            "flags": sorted({*one.flags, *_marks(course, scan)}),
        }
        for one, scan in found
    ]
    return sorted(rows, key=lambda row: (row["day"], row["timepoint"], row["finding"], row["because"]))


def _marks(course: Course, scan: Scan | None) -> set[str]:
    """Warnings of the scan and of its time point, which go with all that is made of it."""
    if scan is None:
        return set()
    name = course.timepoint_of(scan)
    of_point = {one.code for one in course.flags if name and one.where == name and one.severity == Severity.WARNING}
    return of_point | {one.payload["code"] for one in scan.flags if one.payload["severity"] == Severity.WARNING}
