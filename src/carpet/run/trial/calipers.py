"""Lesions on CT that a reader of the reading room measured or looked for: as rows of ct_targets.csv, named by their tracks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from carpet.clinical.ct_targets import FILE, CtTarget
from carpet.clinical.notices import CT_KIND_VARIES
from carpet.clinical.table import place
from carpet.core.errors import Notice
from carpet.core.lesion import Kind
from carpet.run.trial.course import Course
from carpet.run.trial.notices import CT_ROW_REPLACED, CT_TABLE_SET_ASIDE
from carpet.run.trial.tracks import CourseTracks

DECIMALS = 1  # 0.1 mm [P]: a hand draws no better


@dataclass(frozen=True, slots=True)
class CaliperRead:
    """One lesion on the CT of one examination by the reading that stands. Diameters in mm, None where nothing was measured.

    lesion: the region on this scan; None without one. name: the lesion's on all scans; empty: that of the region's track. edit: the number
    of the edit that says it. alone: by the rules of the case its reader cannot see what others have measured on CT.
    """

    patient_id: str
    timepoint: str
    day: int
    study_uid: str
    reader: str
    lesion: str | None
    name: str
    counts_as: str | None
    target: bool
    seen: str
    ldi_mm: float | None = None
    sdi_mm: float | None = None
    edit: int = 0
    alone: bool = False

    def measured(self, ldi_mm: float, sdi_mm: float) -> CaliperRead:
        """With both diameters to 0.1 mm; a short one that is longer by what a hand may err is as long as the long one."""
        long = round(ldi_mm, DECIMALS)
        return replace(self, ldi_mm=long, sdi_mm=min(long, round(sdi_mm, DECIMALS)))


def with_calipers(course: Course, tracks: CourseTracks) -> Course:
    """The course with what was read on CT in the reading room among its CT lesions, and a flag for each row of the table that gives way.

    It takes the place of the table's row of the same lesion and day; of all rows of the patient where a reader could not see them.
    """
    read = read_on_ct(course, tracks)
    if not read:
        return course
    now = {(target.date, target.lesion): (one, target) for one, target in read}
    alone = any(one.alone for one, _ in read)
    kept = () if alone else tuple(row for row in course.ct_targets if (row.date, row.lesion) not in now)
    after = replace(course, ct_targets=(*kept, *(target for _, target in read)))
    gone = ((row, *now[row.date, row.lesion]) for row in course.ct_targets if (row.date, row.lesion) in now)
    told = _set_aside(course, read) if alone else (_replaced(*one) for one in gone)
    return replace(after, flags=(*course.flags, *told, *_two_kinds(after, read)))


def _set_aside(course: Course, read: Sequence[tuple[CaliperRead, CtTarget]]) -> Iterator[Notice]:
    if course.ct_targets:
        by = sorted({f"reader {one.reader} at {one.timepoint}" for one, _ in read})
        yield CT_TABLE_SET_ASIDE.at(FILE, f"{len(course.ct_targets)} rows left out; measured by {', '.join(by)}")


def _replaced(row: CtTarget, one: CaliperRead, target: CtTarget) -> Notice:
    found = f"{_sized(row)}; reader {one.reader} at {one.timepoint}: {_sized(target)}"
    return CT_ROW_REPLACED.at(place(FILE, row.row, "lesion"), found)


def _sized(row: CtTarget) -> str:
    said = f"{row.lesion}, {row.kind}, {row.status}"
    mm = " × ".join(f"{one:g}" for one in (row.ldi_mm, row.sdi_mm) if one is not None)
    return f"{said}, {mm} mm" if mm else said


def _two_kinds(course: Course, read: Sequence[tuple[CaliperRead, CtTarget]]) -> Iterator[Notice]:
    """What the table says of its own rows alone is told where it is read."""
    names = {target.lesion for _, target in read}
    for name, kind, first in kinds_apart(course):
        if name in names:
            yield CT_KIND_VARIES.at("lesions on CT", f"{name}: {kind}, first {first}")


def read_on_ct(course: Course, tracks: CourseTracks) -> tuple[tuple[CaliperRead, CtTarget], ...]:
    """What was read of lesions on CT, each with the row it is: the last word on each lesion of a day, be it of a region or by name."""
    found: dict[tuple[dt.date, str], tuple[CaliperRead, CtTarget]] = {}
    for read, target in _targets(course, tracks):
        found.pop((target.date, target.lesion), None)
        found[target.date, target.lesion] = (read, target)
    return tuple(found.values())


def kinds_apart(course: Course) -> tuple[tuple[str, str, str], ...]:
    """(lesion, kind, the kind it had first) of each CT lesion that is two kinds; () for none."""
    first: dict[str, str] = {}
    rows = sorted(course.ct_targets, key=lambda one: (one.date, one.lesion))
    apart = [(one.lesion, one.kind, known) for one in rows if (known := first.setdefault(one.lesion, one.kind)) != one.kind]
    return tuple(dict.fromkeys(apart))


def _targets(course: Course, tracks: CourseTracks) -> Iterator[tuple[CaliperRead, CtTarget]]:
    infused = course.patient.infusion_date
    for one in course.calipers if infused is not None else ():
        scan = next((scan for scan in course.at.values() if scan.study_uid == one.study_uid), None)
        region = None if scan is None else next((le.payload for le in scan.lesions if le.payload["lesion_id"] == one.lesion), None)
        if scan is None or (one.lesion is not None and region is None):
            continue  # the scan was refused, or stands for no time point now; that is told in refusals.csv
        kind = one.counts_as or ("node" if region is not None and region["kind"] == Kind.NODAL else "extranodal")
        assert infused is not None
        target = CtTarget(
            patient_id=one.patient_id,
            date=infused + dt.timedelta(days=one.day),
            lesion=one.name or name_of_region(tracks, scan.study_uid, one.lesion or "") or f"{one.timepoint} {one.lesion}",
            kind=kind,
            ldi_mm=one.ldi_mm,
            sdi_mm=one.sdi_mm,
            target=one.target,
            status=one.seen,
        )
        yield one, target


def name_of_region(tracks: CourseTracks, study_uid: str, lesion: str) -> str:
    """The track that goes through this region; empty for none."""
    rows = (row for row in tracks.rows if row["study_uid"] == study_uid and lesion in row["lesion_ids"])
    return next((str(row["track"]) for row in rows), "")
