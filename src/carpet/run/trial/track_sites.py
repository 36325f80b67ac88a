"""Lesion tracks whose site is not the same on all scans: the place of one of them is wrong, and with it the number of extranodal sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from carpet.core.lesion import Kind
from carpet.response.finding import Finding, When, finding
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.notices import TRACK_SITE_CHANGED
from carpet.run.trial.tracks import CourseTracks

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One track on two scans in sequence: the row of the later one, and both sites in words, nodal or extranodal beside them."""

    row: Row
    before: str
    now: str
    counts: bool

    def told(self) -> str:
        counted = "; the number of extranodal sites changes with it" if self.counts else ""
        return f"{self.row['track']}: {self.before}, {self.now}{counted}"


def changed_sites(course: Course, tracks: CourseTracks) -> Iterator[tuple[Finding, Scan | None]]:
    """A finding for each scan on which a track's largest lesion lies at another site than on the scan before that shows it."""
    scans = {scan.study_uid: scan for scan in course.scans}
    for one in _changes(course, tracks):
        scan = scans[one.row["study_uid"]]
        yield finding(TRACK_SITE_CHANGED, one.told(), When(course.timepoint_of(scan), one.row["day"])), scan


def with_changed_sites(course: Course, tracks: CourseTracks) -> CourseTracks:
    """The tracks, flagged at each row whose site is not that of the row before."""
    marked = {(one.row["track"], one.row["study_uid"]) for one in _changes(course, tracks)}
    if not marked:
        return tracks
    rows = (
        {**row, "flags": sorted({*row["flags"], TRACK_SITE_CHANGED.code})} if (row["track"], row["study_uid"]) in marked else row
        for row in tracks.rows
    )
    return replace(tracks, rows=tuple(rows))


def _changes(course: Course, tracks: CourseTracks) -> Iterator[SiteChange]:
    last: dict[str, tuple[str, str, str]] = {}
    for row in sorted(tracks.rows, key=lambda one: (one["day"], one["track"])):
        site = _site(course, row)
        if site is None:
            continue
        meaning, kind = site
        told = f"{meaning} ({kind}) on day {row['day']}"
        if row["track"] in last and last[row["track"]][0] != meaning:
            before, before_kind = last[row["track"]][1:]
            yield SiteChange(row, before, told, Kind.EXTRANODAL in (before_kind, kind))
        last[row["track"]] = (meaning, told, kind)


def _site(course: Course, row: Row) -> tuple[str, str] | None:
    """Site and kind of the track's largest lesion on this scan; None where it was not seen, is part of another track, or has no site."""
    if row["into"]:
        return None
    scan = next(one for one in course.scans if one.study_uid == row["study_uid"])
    mine = [one.payload for one in scan.lesions if one.payload["lesion_id"] in row["lesion_ids"]]
    largest = max(mine, key=lambda one: (one["volume_ml"], one["lesion_id"]), default=None)
    if largest is None or not largest.get("site"):
        return None
    return largest["site"]["meaning"], str(largest.get("kind", ""))
