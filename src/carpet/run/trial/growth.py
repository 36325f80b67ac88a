"""What grew on an early scan, from TMTV, CT targets and lesion tracks; and what of this is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carpet.clinical.ct_targets import CtTarget
from carpet.core.errors import Refused
from carpet.lesions.alignment import Confidence
from carpet.lesions.tracks import Event
from carpet.response.compression import Mass, mass_of, masses_by_site
from carpet.response.ct_scans import CtLesion, Part, Seen, sum_mm2
from carpet.response.finding import When
from carpet.response.pseudoprogression import Followed
from carpet.response.seen_region import SeenRegion
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.notices import RECON_CHANGED
from carpet.run.trial.tracks import CourseTracks

Row = Mapping[str, Any]
TMTV = "tmtv"
UNSEEN = (Event.OUT_OF_FIELD, Event.NOT_ALIGNED)


def followed(course: Course, when: When, scan: Scan | None, tracks: CourseTracks) -> tuple[Followed, ...]:
    """TMTV from baseline, SPD from its nadir, and every disease track, each with what later scans show; without those not known."""
    by_pet = () if scan is None else (*_tmtv(course, scan), *_tracked(course, scan, tracks))
    return (*_spd(course, when), *by_pet)


def not_told(course: Course, scan: Scan | None, tracks: CourseTracks, *, new_lesions_read: bool) -> list[str]:
    """What growth cannot be told of on this scan, with the reason."""
    lacking = []
    if why := _why_no_change(course, scan):
        lacking.append(f"change of TMTV ({why})")
    alone = scan is None or tracks.appeared.get(scan.study_uid) is None
    if alone and not new_lesions_read:
        lacking.append("new lesions (no reader, and lesions could not be followed from baseline)")
    return lacking


def _why_no_change(course: Course, scan: Scan | None) -> str:
    """Why TMTV cannot be compared with baseline; empty where it can."""
    if course.baseline is None:
        return "no baseline"
    if scan is None:
        return "no PET"
    if not _comparable(course, scan):
        return RECON_CHANGED.code
    missing = next((one for one in (course.baseline, scan) if one.value(TMTV).get("value") is None), None)
    return "" if missing is None else missing.value(TMTV).get("reason_missing") or "NOT_ASKED_FOR"


def _comparable(course: Course, scan: Scan) -> bool:
    """Whether volumes of this scan and of baseline may be compared; a person may accept another reconstruction."""
    return course.baseline is not None and course.imaging_changed(course.baseline, scan) != RECON_CHANGED.code


def _tmtv(course: Course, scan: Scan) -> tuple[Followed, ...]:
    if _why_no_change(course, scan) or course.baseline is None or scan.day is None:
        return ()
    later = [
        (one.day, one.value(TMTV)["value"])
        for one in course.scans
        if one.study is not None and one.day is not None and one.day > scan.day and not _why_no_change(course, one)
    ]
    return (Followed("TMTV", "mL", course.baseline.value(TMTV)["value"], scan.value(TMTV)["value"], tuple(sorted(later))),)


def _spd(course: Course, when: When) -> tuple[Followed, ...]:
    """SPD of the targets of baseline, on the CT of this time point, against the smallest of all CTs before it."""
    sums = _sums(course)
    window = course.windows.get(when.timepoint)
    days = [day for day in sums if day == when.day or (window is not None and window.holds(day))]
    now = min(days, key=lambda day: (abs(day - when.day), day), default=None)
    before = [sums[day] for day in sums if now is not None and day < now]
    if now is None or not before:
        return ()
    return (Followed("SPD", "mm2", min(before), sums[now], tuple((day, sums[day]) for day in sums if day > now)),)


def _sums(course: Course) -> dict[int, float]:
    """Day → SPD (mm²) of the CTs that measured every target of the last CT before infusion; {} without such a CT."""
    rows = [
        (day, one) for one in course.ct_targets if (day := course.patient.day(one.date)) is not None and one.target and one.kind != "spleen"
    ]
    baseline = max((day for day, _ in rows if day <= 0), default=None)
    names = {one.lesion for day, one in rows if day == baseline}
    found = {}
    for day in sorted({day for day, _ in rows if baseline is not None and day >= baseline}):
        sizes = [_size(one) for on, one in rows if on == day and one.lesion in names]
        if len(sizes) == len(names) and all(size is not None for size in sizes):
            found[day] = sum_mm2([size for size in sizes if size is not None])
    return found


def _size(one: CtTarget) -> Any:
    try:
        return CtLesion(one.lesion, Part(one.kind), one.target, Seen(one.status), one.ldi_mm, one.sdi_mm).size
    except Refused:  # told with the responses
        return None


def _tracked(course: Course, scan: Scan, tracks: CourseTracks) -> Iterator[Followed]:
    disease = {one.payload["lesion_id"] for one in scan.lesions if one.payload["status"] == "disease"}
    appeared = _new_since_baseline(scan, tracks)
    for row in _here(scan, tracks):
        before = _baseline_ml(course, scan, row, appeared, tracks)
        if before is None or not disease & set(_ids(row)):
            continue
        same = [one for one in tracks.rows if one["track"] == row["track"] and one["day"] is not None and scan.day is not None]
        later = sorted((one["day"], one["volume_ml"]) for one in same if one["day"] > scan.day and _is_seen(one))
        unsure = ", low confidence" if row["confidence"] == Confidence.LOW else ""
        what = f"{'new lesion' if row['track'] in appeared else 'lesion'} {row['track']} ({', '.join(_ids(row))}{unsure})"
        yield Followed(what, "mL", before, row["volume_ml"], tuple(later), appeared=row["track"] in appeared)


def _new_since_baseline(scan: Scan, tracks: CourseTracks) -> set[str]:
    """Tracks that were not there at baseline; of what no earlier scan could have shown, nobody knows."""
    return {one.track for one in tracks.appeared.get(scan.study_uid) or () if one.event is not Event.FIRST_SEEN}


def _here(scan: Scan, tracks: CourseTracks) -> list[Row]:
    return [row for row in tracks.rows if row["study_uid"] == scan.study_uid and _ids(row) and _is_seen(row)]


def _ids(row: Row) -> list[str]:
    """As a list, or joined by semicolons as the table has them."""
    ids = row["lesion_ids"]
    return [one for one in (ids.split(";") if isinstance(ids, str) else ids) if one]


def _is_seen(row: Row) -> bool:
    return row["event"] not in UNSEEN and not row["into"] and row["volume_ml"] is not None


def _baseline_ml(course: Course, scan: Scan, row: Row, appeared: set[str], tracks: CourseTracks) -> float | None:
    """Volume of the track at baseline, 0 where it is new since; None where it is not known or cannot be compared."""
    if row["track"] in appeared:
        return 0.0
    if not _comparable(course, scan):
        return None
    uid = None if course.baseline is None else course.baseline.study_uid
    first = next((one for one in tracks.rows if one["study_uid"] == uid and one["track"] == row["track"] and _ids(one)), None)
    return None if first is None else float(first["volume_ml"])


def masses(
    course: Course, scan: Scan, regions: Sequence[SeenRegion], baseline: Sequence[SeenRegion] | None, tracks: CourseTracks
) -> tuple[Mass, ...]:
    """The disease of a scan, track by track; site by site where it could not be followed. No change where both cannot be compared."""
    if tracks.appeared.get(scan.study_uid) is None:
        return masses_by_site(regions, baseline if _comparable(course, scan) else None)
    appeared = _new_since_baseline(scan, tracks)
    found = []
    for row in _here(scan, tracks):
        members = [one for one in regions if one.id in _ids(row) and one.status == "disease"]
        if members:
            found.append(mass_of(members, _baseline_ml(course, scan, row, appeared, tracks)))
    return tuple(found)
