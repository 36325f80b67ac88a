"""The same lesion over the scans of one patient, as rows, and what is new on each scan; kept as one step of the store per patient."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from carpet.clinical.table import place
from carpet.clinical.track_corrections import FILE, TrackCorrection
from carpet.core.errors import Notice, NotMeasurable, Refused
from carpet.core.record import Provenance
from carpet.dicom.series import pseudonym
from carpet.lesions.alignment import Alignment, Confidence, align
from carpet.lesions.residual import ScanUptake, scan_uptake
from carpet.lesions.surfaces import Surfaces
from carpet.lesions.track_corrections import UNKNOWN, Correction, override
from carpet.lesions.tracks import SMALL_ML, Appeared, Event, Sighting, Track
from carpet.lesions.tracks import Scan as PlacedScan
from carpet.run.notices import UNDECIDED_LEFT, UNREVIEWED
from carpet.run.store import Record, Step, Store
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.geometry import ScanGeometry
from carpet.run.trial.notices import CORRECTION_WITHOUT_SCAN, TRACKS_NOT_ALIGNED, notice_of

METHOD, VERSION = "tracks", "2"
CARRIED = (UNDECIDED_LEFT.code, UNREVIEWED.code)  # of a scan, which concern which of its regions are followed
NOT_TOLD = (Event.OUT_OF_FIELD, Event.NOT_ALIGNED, Event.REMNANT)  # no volume is known
BEGINS = (Event.NEW, Event.REAPPEARED)
ERROR_DECIMALS = 3  # 1 µm: below lie the last bits of the fit, which depend on the computer

GeometryOf = Callable[[Scan], ScanGeometry]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CourseTracks:
    """The tracks of one patient. step: the key of the step that made them; empty where none did.

    appeared: study UID of each later scan → the tracks on it that began, or came back, since the baseline (since the first scan where
    there is no baseline before it); () for none. None where nobody can tell: that scan, or the baseline, could not be aligned.
    """

    rows: tuple[Row, ...] = ()
    appeared: Mapping[str, tuple[Appeared, ...] | None] = field(default_factory=dict)
    flags: tuple[Notice, ...] = ()
    refusals: tuple[Notice, ...] = ()
    step: str = ""


def followed_scans(course: Course) -> dict[str, Scan]:
    """The measured scans in the order of their days, named by time point, else `day N`. Two of one day are left out: neither counts."""
    measured = [scan for scan in course.scans if scan.study is not None and scan.day is not None]
    days = [scan.day for scan in measured]
    single = sorted((scan for scan in measured if days.count(scan.day) == 1), key=lambda scan: scan.day or 0)
    return {course.timepoint_of(scan) or f"day {scan.day}": scan for scan in single}


def course_tracks(course: Course, geometry_of: GeometryOf, corrections: Sequence[TrackCorrection]) -> CourseTracks:
    """Every disease lesion of a patient followed from the first scan on; a reader's corrections stand above the rules.

    All scans are laid on the first. A correction that names what is not there is a refusal, and the others hold. Raises Refused where
    the geometry of a scan cannot be read.
    """
    scans = followed_scans(course)
    placed = tuple(_placed(scans, geometry_of))
    tracks, refusals = _corrected(course, scans, placed, corrections)
    aligned = {one.timepoint: one.alignment for one in placed}
    rows = [
        _row(course, scans[seen.timepoint], track, seen, aligned, first=placed[0].timepoint) for track in tracks for seen in track.sightings
    ]
    missed = [name for name in list(scans)[1:] if aligned[name] is None]
    flags = tuple(TRACKS_NOT_ALIGNED.at(name, f"with {placed[0].timepoint}") for name in missed)
    key = tracks_step(course, corrections).key
    return _told(course, CourseTracks(tuple(rows), {}, flags, tuple(dict.fromkeys(refusals)), key))


def _placed(scans: Mapping[str, Scan], geometry_of: GeometryOf) -> Iterator[PlacedScan]:
    """Each scan with its alignment to the first."""
    first: Surfaces | None = None
    for number, (name, scan) in enumerate(scans.items()):
        geometry = geometry_of(scan)
        if number == 0:
            first = geometry.surfaces
        alignment = _aligned(geometry.surfaces, first) if number else None
        yield PlacedScan(name, geometry.lesions, geometry.grid, alignment, _uptake(scan, geometry))


def _uptake(scan: Scan, geometry: ScanGeometry) -> ScanUptake:
    assert scan.study is not None
    return scan_uptake(
        geometry.blocks,
        [lesion.region for lesion in geometry.lesions],
        geometry.organs,
        liver_suv_max=scan.study.payload["reference_suv_max"].get("liver"),
        candidate_suv=geometry.candidate_suv,
    )


def _aligned(later: Surfaces | None, first: Surfaces | None) -> Alignment | None:
    if later is None or first is None:
        return None
    try:
        return align(later, first)
    except NotMeasurable:
        return None


def _corrected(
    course: Course, scans: Mapping[str, Scan], placed: Sequence[PlacedScan], rows: Sequence[TrackCorrection]
) -> tuple[tuple[Track, ...], list[Notice]]:
    """The tracks under all corrections that can hold, and why the others can't."""
    names = {scan.day: name for name, scan in scans.items()}
    held: list[Correction] = []
    refusals: list[Notice] = []
    for row in rows:
        try:
            one = _correction(course, names, row)
            override(placed, [one])
            held.append(one)
        except Refused as error:
            refusals += [_at_row(notice, row) for notice in error.notices]
    return override(placed, held), refusals


def _correction(course: Course, names: Mapping[int | None, str], row: TrackCorrection) -> Correction:
    """The row with days turned into scans. Its comment stays in the clinical table: results hold no free text."""

    def named(column: str) -> str:
        day = course.patient.day(getattr(row, column))
        if day is None or day not in names:
            raise Refused(CORRECTION_WITHOUT_SCAN.at(place(FILE, row.row, column), "no infusion" if day is None else f"day {day}"))
        return names[day]

    timepoint = named("date")
    same_as = None if row.same_as_lesion is None else (named("same_as_date"), row.same_as_lesion)
    return Correction(timepoint, row.lesion_id, row.reader, row.track or "", same_as, row.new is True)


def _at_row(notice: Notice, row: TrackCorrection) -> Notice:
    """The notice with the place in the table; those of the tracks name scan and lesion only."""
    if notice.where.startswith(FILE):
        return notice
    column = "lesion_id" if notice.code == UNKNOWN.code and notice.found == notice.where else "track" if row.track else "same_as_lesion"
    found = notice.found if column == "lesion_id" else f"{notice.where}: {notice.found}"
    return replace(notice, where=place(FILE, row.row, column), found=found)


def _row(course: Course, scan: Scan, track: Track, seen: Sighting, aligned: Mapping[str, Alignment | None], *, first: str) -> Row:
    alignment = aligned[seen.timepoint]
    lost = {TRACKS_NOT_ALIGNED.code} if alignment is None and seen.timepoint != first else set()
    told = seen.event not in NOT_TOLD and not seen.into
    return {
        "timepoint": course.timepoint_of(scan),
        "day": scan.day,
        "study_uid": scan.study_uid,
        "track": track.id,
        "event": seen.event.value,
        "lesion_ids": list(seen.lesion_ids),
        "volume_ml": float(seen.volume_ml) if told else None,
        "residual_suv_max": seen.residual.suv_max if seen.residual else None,
        "residual_above": seen.residual.above.value if seen.residual and seen.residual.above else "",
        "residual_reason_missing": seen.residual.reason_missing if seen.residual else "",
        "confidence": seen.confidence.value,
        "because": seen.because,
        "into": seen.into,
        "aligned_by": alignment.by if alignment else "",
        "alignment_error_mm": round(float(alignment.residual_mm), ERROR_DECIMALS) if alignment else None,
        "flags": sorted({one.payload["code"] for one in scan.flags if one.payload["code"] in CARRIED} | lost),
    }


def _told(course: Course, tracks: CourseTracks) -> CourseTracks:
    """The tracks with what is new on each scan, which follows from their rows."""
    names = list(followed_scans(course))
    scans = list(followed_scans(course).values())
    missed = {notice.where for notice in tracks.flags if notice.code == TRACKS_NOT_ALIGNED.code}
    baseline = next((n for n, scan in enumerate(scans) if scan is course.baseline), 0)
    appeared: dict[str, tuple[Appeared, ...] | None] = {}
    for n, scan in enumerate(scans[1:], start=1):
        since = baseline if baseline < n else 0
        found = tuple(_appeared(tracks.rows, [one.study_uid for one in scans[since + 1 : n + 1]]))
        mine = [row for row in tracks.rows if row["study_uid"] == scan.study_uid]
        unknown = names[n] in missed and any(row["event"] == Event.FIRST_SEEN for row in mine)
        appeared[scan.study_uid] = None if unknown or (found and names[since] in missed) else found
    return replace(tracks, appeared=appeared)


def _appeared(rows: Sequence[Row], since: Sequence[str]) -> Iterator[Appeared]:
    """The tracks seen on the last of these scans that began, or came back, on one of them. since: study UIDs in order.

    One that no earlier scan could have shown began there as well, but unsure.
    """
    began_here = (*BEGINS, Event.FIRST_SEEN)
    for row in rows:
        if row["study_uid"] != since[-1] or not row["lesion_ids"] or row["into"]:
            continue
        own = [one for one in rows if one["track"] == row["track"] and one["study_uid"] in since and one["event"] in began_here]
        if not own:
            continue
        began = own[-1]
        because = row["because"] if began is row else f"{began['event']} on day {began['day']}, {began['because']}; {row['because']}"
        low = began["event"] == Event.FIRST_SEEN or Confidence.LOW in (row["confidence"], began["confidence"])
        yield Appeared(
            row["track"],
            tuple(row["lesion_ids"]),
            Event(began["event"]),
            row["volume_ml"],
            row["volume_ml"] < SMALL_ML,
            Confidence.LOW if low else Confidence.HIGH,
            because,
        )


def tracks_step(course: Course, corrections: Sequence[TrackCorrection], tracks: CourseTracks | None = None) -> Step:
    """The step that follows this patient's lesions: made of these scans under these names, and these corrections."""
    scans = followed_scans(course)
    baseline = "" if course.baseline is None else course.timepoint_of(course.baseline)
    parameters = {"scans": [[name, scan.day, scan.study_uid] for name, scan in scans.items()], "baseline": baseline}
    said = hashlib.sha256("\n".join(repr(one) for one in corrections).encode()).hexdigest()
    parents = (*(scan.step for scan in scans.values()), said)
    provenance = Provenance(METHOD, VERSION, "", parameters, parents, f"carpet {version('carpet')}")
    return Step(f"tracks:{course.patient.patient_id}", provenance, tuple(_records(course, scans, tracks or CourseTracks())))


def _records(course: Course, scans: Mapping[str, Scan], tracks: CourseTracks) -> Iterator[Record]:
    patient = pseudonym(course.patient.dicom_patient_id or course.patient.patient_id)
    of = {scan.study_uid: (name, scan.study.id) for name, scan in scans.items() if scan.study is not None}
    first = next(iter(of.values()), ("", ""))[1]
    for row in tracks.rows:
        name, study = of[row["study_uid"]]
        kind = "missing" if row["volume_ml"] is None else "measurement"
        parents = tuple(dict.fromkeys((first, study)))
        yield Record(kind=kind, name=f"track {row['track']} {name}", payload=row, patient=patient, day=row["day"], parents=parents)
    for kind, notices in (("refusal", tracks.refusals), ("flag", tracks.flags)):
        for number, notice in enumerate(notices, start=1):
            yield Record(kind=kind, name=f"{number:03d} {notice.code}", payload=notice.as_dict(), patient=patient)


def stored_tracks(store: Store, course: Course, corrections: Sequence[TrackCorrection]) -> CourseTracks | None:
    """The tracks as the store has them; None where they were made of something else, or never."""
    step = tracks_step(course, corrections)
    if not store.done(step.key):
        return None
    kept = {kind: [one.payload for one in store.current(kind, chain=step.chain)] for kind in ("measurement", "missing", "flag", "refusal")}
    rows = sorted((*kept["measurement"], *kept["missing"]), key=lambda row: (int(row["track"][1:]), row["day"]))
    flags, refusals = (tuple(notice_of(one) for one in kept[kind]) for kind in ("flag", "refusal"))
    return _told(course, CourseTracks(tuple(rows), {}, flags, refusals, step.key))
