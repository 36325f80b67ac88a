"""The course of one patient: its scans by day from infusion, the time points they stand for, and how the numbers change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.notices import PATIENT_UNKNOWN
from carpet.clinical.readings import FILE as READINGS_FILE
from carpet.clinical.readings import Reading
from carpet.clinical.table import place
from carpet.core.errors import Notice, NotMeasurable
from carpet.core.protocol import DayWindow, Protocol
from carpet.dicom.series import pseudonym
from carpet.lesions.decisions import Decision
from carpet.response.kinetics import kinetics
from carpet.response.time_points import BASELINE_MISSING, NO_SCAN_IN_WINDOW, Schedule, Window, schedule
from carpet.run.store import Stored
from carpet.run.trial.notices import (
    INTERNAL,
    PATIENT_WITHOUT_SCANS,
    PATIENTS_SHARE_SCANS,
    READING_WITHOUT_SCAN,
    RECON_CHANGED,
    RECON_CHANGED_ACCEPTED,
    SCAN_NOT_USABLE_IN_WINDOW,
    STUDIES_SAME_DAY,
    STUDY_UNDATED,
)
from carpet.run.trial.studies import TrialStudy

if TYPE_CHECKING:
    from carpet.run.trial.calipers import CaliperRead
    from carpet.run.trial.central import CentralRead

FOLLOWED = ("tmtv", "tlg", "suv_max")
NO_KINETICS: Mapping[str, Any] = dict.fromkeys(("change", "per_day", "percent", "log_growth_per_day", "doubling_days"))


@dataclass(frozen=True)
class Scan:
    """One study as it is stored: its own record and those of its lesions, values, flags; `study` None where it was refused.

    decisions: the readers' rows with which it was measured.
    """

    study_uid: str
    short: str
    day: int | None
    study: Stored | None
    step: str
    lesions: tuple[Stored, ...] = ()
    values: tuple[Stored, ...] = ()
    flags: tuple[Stored, ...] = ()
    refusals: tuple[Stored, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def value(self, name: str) -> Mapping[str, Any]:
        """A biomarker of the main delineation; empty where there is no row of it."""
        if self.study is None:
            return {}
        segmenter = self.study.payload["segmenter"]
        same = (one.payload for one in self.values if one.payload["name"] == name and one.payload["segmenter"] == segmenter)
        return next(same, {})


@dataclass(frozen=True)
class Course:
    """One patient with scans, time points and clinical rows. at: time point → its scan; `refusals`, `flags`: of the course itself.

    accepted: day of a scan → who accepts that its scanner, reconstruction or voxels are not those of baseline (scans.csv).
    central: the scans that two people have signed in the reading room; calipers: what the readings that stand say of lesions on CT.
    """

    patient: Patient
    scans: tuple[Scan, ...]
    schedule: Schedule
    at: Mapping[str, Scan]
    windows: Mapping[str, Window]
    readings: tuple[Reading, ...] = ()
    ct_targets: tuple[CtTarget, ...] = ()
    refusals: tuple[Notice, ...] = ()
    flags: tuple[Notice, ...] = ()
    accepted: Mapping[int, str] = field(default_factory=dict)
    central: tuple[CentralRead, ...] = ()
    calipers: tuple[CaliperRead, ...] = ()

    def timepoint_of(self, scan: Scan) -> str:
        return next((name for name, one in self.at.items() if one is scan), "")

    def lost_at(self, name: str) -> tuple[Scan, ...]:
        """The scans in the window of a time point that has none, which were refused or share their day with another, by day."""
        if name in self.at or name not in self.windows or self.patient.infusion_date is None:
            return ()
        measured = Counter(one.day for one in self.scans if one.study is not None)
        within = [(one.day, one) for one in self.scans if one.day is not None and self.windows[name].holds(one.day)]
        lost = [(day, one) for day, one in within if one.study is None or measured[day] > 1]
        return tuple(one for _, one in sorted(lost, key=lambda pair: (pair[0], pair[1].study_uid)))

    @property
    def baseline(self) -> Scan | None:
        return self.at.get(self.schedule.baseline) if self.schedule.baseline else None

    def imaging_changed(self, before: Scan, now: Scan) -> str:
        """RECON_CHANGED where uptake and volume of both cannot be compared, RECON_CHANGED_ACCEPTED where a person accepts it; else empty.

        Acceptance is of a scan against the baseline: of two others, each that differs from the baseline must be accepted.
        """
        if not _differs(before, now):
            return ""
        first = self.baseline
        odd = [one for one in (before, now) if first is None or _differs(first, one)]
        return RECON_CHANGED_ACCEPTED.code if all(one.day in self.accepted for one in odd) else RECON_CHANGED.code


def matched(studies: Sequence[TrialStudy], tables: ClinicalTables) -> tuple[dict[str, list[TrialStudy]], tuple[tuple[str, Notice], ...]]:
    """patient_id → the studies of that patient; and (study UID, refusal) for each study that nobody, or more than one, claims."""
    claims: dict[str, list[str]] = defaultdict(list)
    for patient in tables.patients:
        claims[pseudonym(patient.dicom_patient_id or patient.patient_id)].append(patient.patient_id)
    of: dict[str, list[TrialStudy]] = {patient.patient_id: [] for patient in tables.patients}
    wrong: list[tuple[str, Notice]] = []
    for study in studies:
        whose = claims.get(study.patient, [])
        if len(whose) == 1:
            of[whose[0]].append(study)
        elif whose:
            wrong.append((study.study_uid, PATIENTS_SHARE_SCANS.at(study.study_uid, ", ".join(whose))))
        else:
            more = "no dicom_patient_id is the Patient ID of these scans"
            wrong.append((study.study_uid, PATIENT_UNKNOWN.at(study.study_uid, study.patient, more=more)))
    return of, tuple(wrong)


def course_of(patient: Patient, scans: Sequence[Scan], tables: ClinicalTables, protocol: Protocol) -> Course:
    """The patient's time points. Scans without a day, and two of one day, stand for none."""
    windows = {name: _window(one) for name, one in protocol.timepoints.items()}
    measured = [one for one in scans if one.study is not None]
    often = Counter(one.day for one in measured)
    infused = patient.infusion_date is not None
    usable = [one for one in measured if infused and one.day is not None and often[one.day] == 1]
    found = schedule(
        [one.day for one in usable if one.day is not None],
        windows=windows,
        lymphodepletion_day=None if patient.lymphodepletion_date is None else patient.day(patient.lymphodepletion_date),
        enrolment_day=None if patient.enrolment_date is None else patient.day(patient.enrolment_date),
        bridging=patient.bridging,
    )
    by_day = {one.day: one for one in usable}
    at = {name: by_day[day] for name, day in found.day_of.items()}
    readings = tuple(one for one in tables.readings if one.patient_id == patient.patient_id)
    targets = tuple(one for one in tables.ct_targets if one.patient_id == patient.patient_id)
    accepted = {patient.day(one.date): one.accept_recon_change for one in tables.scans if one.patient_id == patient.patient_id}
    course = Course(
        patient,
        tuple(scans),
        found,
        at,
        windows,
        readings,
        targets,
        tuple(_unusable(measured, often, infused)),
        accepted={day: name for day, name in accepted.items() if day is not None and name is not None},
    )
    return replace(course, flags=tuple(_flags(course, infused)))


def _window(one: DayWindow) -> Window:
    return Window(one.first_day, one.last_day, one.nominal_day)


def _unusable(scans: Sequence[Scan], often: Mapping[int | None, int], infused: bool) -> Iterator[Notice]:
    if not infused:
        return
    yield from (STUDY_UNDATED.at(one.study_uid) for one in scans if one.day is None)
    for day in sorted(day for day, number in often.items() if day is not None and number > 1):
        yield STUDIES_SAME_DAY.at(f"day {day}", ", ".join(one.study_uid for one in scans if one.day == day))


def _flags(course: Course, infused: bool) -> Iterator[Notice]:
    """Without infusion there are no time points, and nothing can be missing; that is told with patients.csv."""
    if not course.scans:
        yield PATIENT_WITHOUT_SCANS.at("dicom/")
    if not infused:
        return
    yield from (_said_of_lost(course, one) for one in course.schedule.notices)
    days = {one.day for one in course.scans}
    for reading in course.readings:
        day = course.patient.day(reading.date)
        if day not in days:
            yield READING_WITHOUT_SCAN.at(place(READINGS_FILE, reading.row, "date"), f"day {day}")
    baseline = course.baseline
    for name, scan in course.at.items():
        if baseline is None or scan is baseline or not (changed := _differs(baseline, scan)):
            continue
        who = course.accepted.get(scan.day) if scan.day is not None else None
        yield RECON_CHANGED.at(name, changed) if who is None else RECON_CHANGED_ACCEPTED.at(name, f"{changed}; accepted by {who}")


def _said_of_lost(course: Course, notice: Notice) -> Notice:
    """No scan is one thing, and a scan that cannot be used another."""
    if notice.code == NO_SCAN_IN_WINDOW.code and (lost := course.lost_at(notice.where)):
        return SCAN_NOT_USABLE_IN_WINDOW.at(notice.where, _why_lost(lost))
    if notice.code == BASELINE_MISSING.code and (lost := (*course.lost_at("TT"), *course.lost_at("TD"))):
        return replace(notice, found=f"none that can be used: {_why_lost(lost)}")
    return notice


def _why_lost(scans: Sequence[Scan]) -> str:
    """`day 28 refused: SUV_WEIGHT_MISSING; two examinations on day 31`."""
    refused = (f"day {one.day} refused: {_codes(one)}" for one in scans if one.study is None)
    double = (f"two examinations on day {one.day}" for one in scans if one.study is not None)
    return "; ".join(dict.fromkeys((*refused, *double)))


def _codes(scan: Scan) -> str:
    return ", ".join(dict.fromkeys(str(one.payload["code"]) for one in scan.refusals)) or INTERNAL.code


def _differs(before: Scan, now: Scan) -> str:
    """What of scanner, reconstruction and voxels differs; empty where nothing does."""
    assert before.study is not None
    assert now.study is not None
    one, other = before.study.payload["pet"], now.study.payload["pet"]
    differs = [name for name in ("manufacturer", "model", "reconstruction") if one[name] != other[name]]
    sizes = ([round(mm, 2) for mm in pet["spacing_mm_kji"] or ()] for pet in (one, other))
    return ", ".join([*differs, *(["voxel size"] if next(sizes) != next(sizes) else [])])


def kinetics_rows(course: Course) -> list[dict[str, Any]]:
    """A row for each followed biomarker and pair of time points: from each to the next, and from baseline to each later one."""
    names = sorted(course.at, key=lambda name: course.schedule.day_of[name])
    pairs = list(pairwise(names))
    first = course.schedule.baseline
    pairs += [(first, name) for name in names[names.index(first) + 1 :] if (first, name) not in pairs] if first else []
    return [_kinetics(course, biomarker, *pair) for pair in pairs for biomarker in FOLLOWED]


def _kinetics(course: Course, name: str, before: str, now: str) -> dict[str, Any]:
    one, other = course.at[before], course.at[now]
    assert one.day is not None
    assert other.day is not None
    values = [_known(scan, name) for scan in (one, other)]
    changed = course.imaging_changed(one, other)
    row: dict[str, Any] = {
        "biomarker": name,
        "unit": (one.value(name) or other.value(name)).get("unit", ""),
        "from_timepoint": before,
        "to_timepoint": now,
        "from_day": one.day,
        "to_day": other.day,
        "from_baseline": before == course.schedule.baseline,
        "before": values[0][0],
        "now": values[1][0],
        **NO_KINETICS,
        "reason_missing": "",
        "flags": sorted({flag for scan in (one, other) for flag in scan.value(name).get("flags", ())} | ({changed} if changed else set())),
    }
    (v_before, why_before), (v_now, why_now) = values
    if v_before is None or v_now is None:
        return row | {"reason_missing": why_before or why_now}
    if changed == RECON_CHANGED.code:
        return row | {"reason_missing": changed}
    try:
        found = kinetics(v_before, v_now, days=other.day - one.day)
    except NotMeasurable as error:
        return row | {"reason_missing": error.reason}
    return row | {key: getattr(found, key) for key in NO_KINETICS} | {"reason_missing": found.reason}


def _known(scan: Scan, name: str) -> tuple[float | None, str]:
    """The number, or why there is none."""
    found = scan.value(name)
    if not found:
        return None, "NOT_ASKED_FOR"
    return found["value"], found["reason_missing"] or ""
