"""The responses of one patient: every criterion at every time point after baseline, by the numbers and by each reader, side by side.

What cannot be called stands as NE with the reason: there is no silent gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.readings import Reading
from carpet.core.errors import Notice, Refused
from carpet.core.lesion import Status
from carpet.response import criteria
from carpet.response.cheson2007 import cheson2007
from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen
from carpet.response.deauville import Deauville, deauville
from carpet.response.lugano import lugano
from carpet.response.lugano_ct import lugano_ct
from carpet.response.lugano_pet import LuganoPet, change_of_uptake, lugano_pet
from carpet.response.percist import SulScan, percist
from carpet.response.qpet import qpet
from carpet.response.recil import recil
from carpet.response.rule import Verdict
from carpet.run.trial_course import Course, Scan
from carpet.run.trial_notices import NEW_LESIONS_NOT_READ, READING_DIFFERS, RESIDUAL_MAY_BE_MISSED

CARPET = "carpet"
NOT_COMPUTABLE, AS_READ = "NOT_COMPUTABLE", "READING"  # stand where no rule of the criterion decided
PET_NEGATIVE = (Deauville.DS1, Deauville.DS2)  # Cheson 2007: uptake at most that of the blood pool


@dataclass(frozen=True)
class Moment:
    """One time point after baseline: its PET and CT (None: not there, `no_pet` says why), and what the readers said of its day."""

    name: str
    day: int
    pet: Scan | None
    ct_day: int | None
    readings: tuple[Reading, ...]
    no_pet: str = "no PET at this time point"


@dataclass(frozen=True)
class Assessor:
    """Whose Deauville score and whose new foci count; reading None: the numbers alone."""

    name: str
    reading: Reading | None
    new_focus: bool
    flags: tuple[str, ...]


def response_rows(course: Course, preselect_suv: float) -> tuple[list[dict[str, Any]], tuple[Notice, ...]]:
    """A row a time point, criterion and assessor, and the refusals of CT rows. No row without an infusion, or before it."""
    refusals: list[Notice] = []
    rows = [row for moment in _moments(course) for row in _of_moment(course, moment, preselect_suv, refusals.append)]
    return rows, tuple(dict.fromkeys(refusals))


def _moments(course: Course) -> Iterator[Moment]:
    """Time points after infusion that have a PET, a CT or a reading; a PET that was refused counts as one."""
    if course.patient.infusion_date is None:
        return
    for name, window in course.windows.items():
        if window.last_day <= 0 or name == course.schedule.baseline:
            continue
        pet = course.at.get(name)
        near = pet.day if pet is not None and pet.day is not None else window.nominal_day
        ct_day = _nearest([day for day in _ct_days(course) if window.holds(day)], near)
        read = [one for one in course.readings if (on := course.patient.day(one.date)) is not None and window.holds(on)]
        lost = [one for one in course.scans if one.day is not None and window.holds(one.day) and one not in course.at.values()]
        days = [pet.day if pet else None, *(one.day for one in lost), ct_day, *(course.patient.day(one.date) for one in read)]
        day = next((one for one in days if one is not None), None)
        if day is None:
            continue
        at_day = tuple(one for one in read if course.patient.day(one.date) == day)
        yield Moment(name, day, pet, ct_day, at_day, *(_lost(one) for one in lost[:1] if pet is None))


def _lost(scan: Scan) -> str:
    """Why a scan of this time point gives no number."""
    codes = dict.fromkeys(one.payload["code"] for one in scan.refusals)
    return (
        f"the PET of day {scan.day} was refused: {', '.join(codes) or 'INTERNAL'}"
        if scan.study is None
        else f"two examinations on day {scan.day}"
    )


def _nearest(days: Sequence[int], to: int) -> int | None:
    return min(days, key=lambda day: (abs(day - to), day), default=None)


def _ct_days(course: Course) -> list[int]:
    days = {course.patient.day(one.date) for one in course.ct_targets}
    return sorted(day for day in days if day is not None)


def _of_moment(course: Course, moment: Moment, preselect_suv: float, refuse: Callable[[Notice], None]) -> Iterator[dict[str, Any]]:
    told = [one.new_lesions for one in moment.readings if one.new_lesions is not None]
    unread = () if told else (NEW_LESIONS_NOT_READ.code,)
    assessors = [Assessor(CARPET, None, any(told), unread)]
    for reading in moment.readings:
        flags = () if reading.new_lesions is not None else (NEW_LESIONS_NOT_READ.code,)
        assessors.append(Assessor(f"reader {reading.reader}", reading, reading.new_lesions is True, flags))
    ct = _ct_course(course, moment, refuse)
    for one in assessors:
        yield from _assessed(course, moment, one, ct, preselect_suv)


def _assessed(course: Course, moment: Moment, by: Assessor, ct: CtCourse | str, preselect_suv: float) -> Iterator[dict[str, Any]]:
    """All criteria of one time point by one assessor; PET by the reader's score where the reader gave one."""

    def row(criterion: str, verdict: Verdict | str, value: float | None = None, flags: Sequence[str] = ()) -> dict[str, Any]:
        return _row(course, moment, by, criterion, verdict, value, flags)

    marks = _marks(course, moment)
    score = _score(moment, by, preselect_suv)
    yield row("deauville", score, flags=marks if by.reading is None else ())
    known = Deauville(score.category) if isinstance(score, Verdict) else None
    by_pet = _by_pet(course, moment, by, known)
    yield row("lugano_pet", by_pet, flags=marks)
    by_ct = _by_ct(by, ct)
    yield row("lugano_ct", by_ct)
    categories = [one.category if isinstance(one, Verdict) else "NE" for one in (by_pet, by_ct)]
    yield row("lugano", lugano(*categories), flags=marks)
    yield row("recil", ct if isinstance(ct, str) else recil(ct, deauville=known), flags=marks)
    positive = None if known is None or known is Deauville.X else known not in PET_NEGATIVE
    yield row("cheson2007", ct if isinstance(ct, str) else cheson2007(ct, pet_positive=positive), flags=marks)
    if by.reading is None:
        ratio, called = _qpet(moment)
        yield row("qpet", called, ratio, marks)
        yield row("percist", _percist(course, moment, by), flags=marks)


def _row(
    course: Course, moment: Moment, by: Assessor, criterion: str, verdict: Verdict | str, value: float | None, flags: Sequence[str]
) -> dict[str, Any]:
    baseline = course.baseline
    said: dict[str, Any] = {
        "timepoint": moment.name,
        "day": moment.day,
        "assessor": by.name,
        "baseline_timepoint": course.schedule.baseline or "",
        "baseline_day": baseline.day if baseline else None,
        "value": value,
    }
    if isinstance(verdict, str):
        because = {
            "criterion": f"{criterion}@{criteria()[criterion].version}",
            "category": "NE",
            "rule": NOT_COMPUTABLE,
            "because": verdict,
        }
        return said | because | {"flags": sorted({*flags, *by.flags})}
    decided = {"criterion": verdict.criterion, "category": verdict.category, "rule": verdict.rule, "because": verdict.because}
    return said | decided | {"flags": sorted({*flags, *by.flags, *verdict.flags})}


def _marks(course: Course, moment: Moment) -> tuple[str, ...]:
    """Warnings of both scans, which go with what is made of their numbers."""
    scans = [scan for scan in (course.baseline, moment.pet) if scan is not None]
    codes = {one.payload["code"] for scan in scans for one in scan.flags if one.payload["severity"] == "W"}
    codes |= {one.code for one in course.flags if one.severity == "W" and one.where in (moment.name, course.schedule.baseline)}
    return tuple(sorted(codes))


def _score(moment: Moment, by: Assessor, preselect_suv: float) -> Verdict | str:
    """The reader's Deauville score; else the numeric aid's."""
    if by.reading is not None and by.reading.deauville is not None:
        return Verdict("deauville@1", by.reading.deauville, AS_READ, "as read")
    if by.reading is not None:
        return "the reader gave no Deauville score"
    if moment.pet is None or moment.pet.study is None:
        return moment.no_pet
    references = moment.pet.study.payload["reference_suv_max"]
    absent = [name for name in ("liver", "blood_pool") if not references.get(name, 0.0) > 0.0]
    if absent:
        return f"no uptake to compare with: {', '.join(absent)}"
    hottest = moment.pet.value("suv_max")
    if hottest.get("value") is None and hottest.get("reason_missing") != "NO_LESION":
        return f"SUVmax: {hottest.get('reason_missing', 'NOT_ASKED_FOR')}"
    value = hottest["value"]
    if value is None and _undecided(moment.pet):
        return "no region is called disease, and some are not decided"
    found = deauville(
        value,
        liver_suv_max=references["liver"],
        blood_pool_suv_max=references["blood_pool"],
        above_background=value is not None,
        new_lesion=by.new_focus,
    )
    if value is None and references["liver"] < preselect_suv:
        return Verdict(found.criterion, found.category, found.rule, found.because, (RESIDUAL_MAY_BE_MISSED.code,))
    return found


def _undecided(scan: Scan) -> bool:
    return any(one.payload["status"] == Status.UNDECIDED for one in scan.lesions)


def _by_pet(course: Course, moment: Moment, by: Assessor, score: Deauville | None) -> Verdict | str:
    """Lugano by PET: as the reader called it, else by the rules."""
    before = course.baseline.value("suv_max").get("value") if course.baseline else None
    now = moment.pet.value("suv_max").get("value") if moment.pet else None
    change = None if before is None or now is None else change_of_uptake(before, now)
    ruled = lugano_pet(LuganoPet(score, change, by.new_focus))
    read = by.reading.metabolic_response if by.reading else None
    return _as_read(read, ruled, compared=score is not None)


def _as_read(read: str | None, ruled: Verdict | str, *, compared: bool) -> Verdict | str:
    """What the reader called, marked where the rules say otherwise."""
    if read is None:
        return ruled
    if isinstance(ruled, str):
        return Verdict("lugano_ct@1", read, AS_READ, "as read")
    differs = compared and ruled.category != read
    return Verdict(ruled.criterion, read, AS_READ, "as read", (READING_DIFFERS.code,) if differs else ())


def _by_ct(by: Assessor, ct: CtCourse | str) -> Verdict | str:
    ruled = ct if isinstance(ct, str) else lugano_ct(ct)
    return _as_read(by.reading.ct_response if by.reading else None, ruled, compared=True)


def _qpet(moment: Moment) -> tuple[float | None, Verdict | str]:
    """The ratio and its class; without disease there is no residual to measure."""
    if moment.pet is None or moment.pet.study is None:
        return None, moment.no_pet
    liver, peak = moment.pet.study.payload["references"]["liver"], moment.pet.value("suv_peak")
    if not liver["mean"]:
        return None, f"liver: {liver['reason_missing']}"
    if peak.get("reason_missing") == "NO_LESION":
        return None, "no disease found, so no residual to measure"
    if peak.get("value") is None:
        return None, f"SUVpeak: {peak.get('reason_missing', 'NOT_ASKED_FOR')}"
    return qpet(peak["value"], liver["mean"])


def _percist(course: Course, moment: Moment, by: Assessor) -> Verdict | str:
    scans = []
    for scan, absent in ((course.baseline, "no baseline PET"), (moment.pet, moment.no_pet)):
        found = absent if scan is None else _sul(scan)
        if isinstance(found, str):
            return found
        scans.append(found)
    return percist(scans[0], scans[1], new_lesion=by.new_focus)


def _sul(scan: Scan) -> SulScan | str:
    """The scan in SUL, or what is lacking. No disease found: nothing above the background."""
    assert scan.study is not None
    said: Mapping[str, Any] = scan.study.payload
    factor, liver, peak = said["sul_per_suv_bw"], said["references"]["liver"], scan.value("suv_peak")
    if factor is None:
        return f"SUL: {said['sul_reason_missing']}"
    if liver["mean"] is None:
        return f"liver: {liver['reason_missing']}"
    if said["uptake_min"] is None:
        return "uptake time not known"
    if peak.get("value") is None and peak.get("reason_missing") != "NO_LESION":
        return f"SUVpeak: {peak.get('reason_missing', 'NOT_ASKED_FOR')}"
    if peak.get("value") is None and _undecided(scan):
        return "no region is called disease, and some are not decided"
    highest, glycolysis = peak["value"], scan.value("tlg").get("value")
    return SulScan(
        peak=None if highest is None else highest * factor,
        liver_mean=liver["mean"] * factor,
        liver_sd=liver["sd"] * factor,
        uptake_min=said["uptake_min"],
        tlg_g=None if glycolysis is None else glycolysis * factor,
        above_background=highest is not None,
    )


def _ct_course(course: Course, moment: Moment, refuse: Callable[[Notice], None]) -> CtCourse | str:
    """The CTs from baseline to this time point, or why they make no course."""
    if not course.ct_targets:
        return "no CT was measured (ct_targets.csv)"
    window = course.windows.get(course.schedule.baseline or "TT")
    near = course.baseline.day if course.baseline and course.baseline.day is not None else -1
    baseline = _nearest([day for day in _ct_days(course) if day <= 0 and (window is None or window.holds(day))], near)
    if baseline is None:
        return "no CT at baseline (ct_targets.csv)"
    if moment.ct_day is None:
        return "no CT at this time point (ct_targets.csv)"
    days = [day for day in _ct_days(course) if baseline <= day <= moment.ct_day]
    try:
        return CtCourse(tuple(_ct_scan(day, [one for one in course.ct_targets if course.patient.day(one.date) == day]) for day in days))
    except Refused as error:
        for notice in error.notices:
            refuse(notice)
        return f"refused: {', '.join(error.codes)}"


def _ct_scan(day: int, rows: Sequence[CtTarget]) -> CtScan:
    return CtScan(day, tuple(CtLesion(one.lesion, Part(one.kind), one.target, Seen(one.status), one.ldi_mm, one.sdi_mm) for one in rows))
