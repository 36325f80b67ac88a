"""What the two pictures of a patient's course show: the row of projections, and the numbers over days from infusion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from carpet.core.errors import Refused
from carpet.core.lesion import Status
from carpet.lesions.residual import Above
from carpet.lesions.tracks import Event
from carpet.report.mip_row import NoScan, RowScan
from carpet.report.numbers import decimal_text, missing_text, quantity_text, reason_text
from carpet.report.patient_responses import day_text
from carpet.report.patient_tracks import event_said
from carpet.report.trajectory import Event as Happened
from carpet.report.trajectory import Interval, Panel, Point, Trajectory
from carpet.response.ct_scans import CtLesion, Part, Seen, sum_mm2
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.shown import in_time, refused_codes, shown_name
from carpet.run.trial.track_pictures import tracked_scan
from carpet.run.trial.tracks import CourseTracks, GeometryOf
from carpet.run.trial.words import sentence

MM2_PER_CM2 = 100.0
NAMED_EVENTS = (Event.NEW.value, Event.REAPPEARED.value, Event.GONE.value)
FOLLOWED = (("tmtv", "TMTV", "mL", 1, True), ("tlg", "TLG", "g", 0, True), ("suv_max", "SUVmax", "g/mL", 1, False))
BEFORE_BRIDGING = "TD"


def mip_row(course: Course, tracks: CourseTracks, geometry_of: GeometryOf) -> tuple[list[RowScan | NoScan], str]:
    """Every scan in the order of days, what is missing or refused in its place; and the line below: time points still without a scan."""
    places = [((scan.day is None, scan.day or 0), _cell(course, tracks, scan, geometry_of)) for scan in in_time(course)]
    last = max((scan.day for scan in course.scans if scan.day is not None), default=None)
    later = []
    for name in _without_scan(course):
        window = course.windows[name]
        if last is not None and window.last_day < last:
            says = f"no scan, days {window.first_day} to {window.last_day}".replace("-", "−")
            places.append(((False, window.nominal_day), NoScan(name, "", says, wide=False)))
        else:
            later.append(name)
    places.sort(key=lambda one: one[0])
    foot = f"No scan at {', '.join(later)}." if later and places else ""
    return [cell for _, cell in places], foot


def _without_scan(course: Course) -> Iterator[str]:
    """Time points without a scan, refused ones included; the decision before bridging only where bridging may have been given."""
    taken = {shown_name(course, scan) for scan in course.scans}
    if course.patient.infusion_date is None:
        return
    for name in course.windows:
        if name not in taken and not (name == BEFORE_BRIDGING and course.patient.bridging is False):
            yield name


def _cell(course: Course, tracks: CourseTracks, scan: Scan, geometry_of: GeometryOf) -> RowScan | NoScan:
    name, day = shown_name(course, scan), day_text(scan.day) + (", baseline" if scan is course.baseline else "")
    if scan.study is None:
        return NoScan(name, day, f"PET refused: {_words(refused_codes(scan))}", wide=True)
    try:
        geometry = geometry_of(scan)
    except Refused as error:
        return NoScan(name, day, f"no picture: {_words(error.codes)}", wide=True)
    drawn = tracked_scan(name, tracks, scan, geometry)
    undecided = [lesion.region for lesion in geometry.lesions if lesion.status is Status.UNDECIDED]
    left_out = f", {len(undecided)} undecided" if undecided else ""
    lines = (f"{_number(scan, 'tmtv', 'TMTV')}{left_out}", _number(scan, "suv_max", "SUVmax"), _events(tracks, scan), _left(tracks, scan))
    below = tuple(line for line in lines if line)
    return RowScan(name, day, drawn.mip_coronal, drawn.mip_grid, drawn.regions, undecided, below)


def _words(codes: Iterable[str]) -> str:
    return "; ".join(map(sentence, codes))


def _number(scan: Scan, name: str, label: str) -> str:
    found = scan.value(name)
    if not found:
        return ""
    if found["value"] is None:
        return f"{label} {missing_text(found['reason_missing'] or 'NO_REASON_GIVEN')}"
    return f"{label} {quantity_text(float(found['value']), found['unit'], name=name)}"


def _events(tracks: CourseTracks, scan: Scan) -> str:
    """`new T04; gone T01, T02`; what had gone before is not told again, nor is gone what `_left` tells of."""
    told: dict[str, list[str]] = {event: [] for event in NAMED_EVENTS}
    before: dict[str, str] = {}
    for row in sorted(tracks.rows, key=lambda row: (row["day"], row["track"])):
        event = event_said(row)
        if row["study_uid"] == scan.study_uid and event in told and before.get(row["track"]) != event:
            told[event].append(row["track"])
        before[row["track"]] = event
    return "; ".join(f"{event} {', '.join(names)}" for event, names in told.items() if names)


def _left(tracks: CourseTracks, scan: Scan) -> str:
    """`T01: SUV 2.3 remains`: the hottest of what is left where no region is; `and 2 more` where there are several."""
    rows = [row for row in tracks.rows if row["study_uid"] == scan.study_uid and row["residual_suv_max"] is not None]
    mine = [row for row in rows if row["residual_above"] == Above.YES or row["event"] == Event.REMNANT]
    if not mine:
        return ""
    hottest = max(mine, key=lambda row: float(row["residual_suv_max"]))
    doubt = " ?" if hottest["residual_above"] == Above.UNSURE else ""
    more = f", and {len(mine) - 1} more" if len(mine) > 1 else ""
    return f"{hottest['track']}: SUV {decimal_text(float(hottest['residual_suv_max']), 1)} remains{doubt}{more}"


def trajectory(course: Course) -> Trajectory | None:
    """TMTV, TLG, SUVmax and SPD over days, with what was done and what happened; None without an infusion, which days are counted from."""
    if course.patient.infusion_date is None:
        return None
    scans = [scan for scan in in_time(course) if scan.day is not None]
    panels = [
        Panel(title, unit, tuple(_point(scan, name) for scan in scans), decimals, log) for name, title, unit, decimals, log in FOLLOWED
    ]
    panels.append(Panel("SPD by CT", "cm²", tuple(_spd(course)), 1))
    named = tuple((scan.day, shown_name(course, scan)) for scan in scans if scan.day is not None)
    return Trajectory(tuple(panels), named, tuple(_happened(course)), tuple(_intervals(course)))


def _point(scan: Scan, name: str) -> Point:
    assert scan.day is not None
    if scan.study is None:
        return Point(scan.day, None, "refused")
    found = scan.value(name)
    if not found:
        return Point(scan.day, None, "not asked for")
    reason = reason_text(str(found["reason_missing"] or ""))
    return Point(scan.day, None if found["value"] is None else float(found["value"]), reason)


def _spd(course: Course) -> Iterator[Point]:
    """The sum over the targets of each CT in ct_targets.csv; a partial sum is none."""
    targets = [one for one in course.ct_targets if one.target and one.kind != Part.SPLEEN]
    days = sorted({day for one in targets if (day := course.patient.day(one.date)) is not None})
    first = {one.lesion for one in targets if days and course.patient.day(one.date) == days[0]}
    for day in days:
        rows = [one for one in targets if course.patient.day(one.date) == day]
        try:
            sizes = [CtLesion(one.lesion, Part(one.kind), True, Seen(one.status), one.ldi_mm, one.sdi_mm).size for one in rows]
        except Refused:
            yield Point(day, None, "refused")
            continue
        whole = [size for size in sizes if size is not None]
        if len(whole) < len(rows) or first - {one.lesion for one in rows}:
            yield Point(day, None, "not all targets")
        else:
            yield Point(day, sum_mm2(whole) / MM2_PER_CM2)


def _happened(course: Course) -> Iterator[Happened]:
    patient = course.patient
    both = patient.new_therapy_date is not None and patient.new_therapy_date == patient.hsct_date
    told: Sequence[tuple[object, str, str]] = (
        (patient.enrolment_date, "decision", "decision"),
        (patient.infusion_date, "infusion", "infusion"),
        (patient.progression_date, "progression", "progression"),
        (patient.new_therapy_date, "new therapy, HSCT" if both else "new therapy", "therapy"),
        (None if both else patient.hsct_date, "HSCT", "therapy"),
        (patient.death_date, "death", "death"),
        (None if patient.death_date else patient.last_contact_date, "last contact", "contact"),
    )
    for date, label, what in told:
        day = patient.day(date) if date is not None else None  # type: ignore[arg-type]
        if day is not None:
            yield Happened(day, label, what)  # type: ignore[arg-type]


def _intervals(course: Course) -> Iterator[Interval]:
    """Bridging lies somewhere between the decision and lymphodepletion; its own dates are not known."""
    patient = course.patient
    depletion = patient.day(patient.lymphodepletion_date) if patient.lymphodepletion_date else None
    decided = patient.day(patient.enrolment_date) if patient.enrolment_date else None
    end = 0 if depletion is None else depletion
    if patient.bridging and decided is not None and decided < end:
        yield Interval(decided, end, "bridging, in this time")
    if depletion is not None and depletion < 0:
        yield Interval(depletion, 0, "lymphodepletion")
