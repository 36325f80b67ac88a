"""Which picture shows which two scans of a patient with their lesion tracks, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from carpet.lesions.alignment import Confidence
from carpet.lesions.tracks import Event
from carpet.report.tracks import GONE, TrackedRegion, TrackedScan, tracks_png
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.geometry import ScanGeometry
from carpet.run.trial.index import SAFE_NAME
from carpet.run.trial.tracks import CourseTracks, GeometryOf, Row, followed_scans


def track_pairs(course: Course) -> dict[str, tuple[str, str]]:
    """File name → the names of the two scans, each followed by the next; tracks_TT_M1.png."""
    scans = followed_scans(course)
    words = {name: name if SAFE_NAME.fullmatch(name) else f"day_{scan.day}" for name, scan in scans.items()}
    return {f"tracks_{words[before]}_{words[now]}.png": (before, now) for before, now in pairwise(scans)}


def track_picture(course: Course, tracks: CourseTracks, geometry_of: GeometryOf, *, before: str, now: str) -> bytes:
    """The picture of two scans as PNG; raises Refused where the geometry of one cannot be read."""
    scans = followed_scans(course)
    one, other = scans[before], scans[now]
    gone = frozenset(row["track"] for row in _rows(tracks, other) if row["event"] == Event.GONE)
    unread = any(scan.study is not None and scan.study.payload["status"] == "UNREVIEWED" for scan in (one, other))
    return tracks_png(
        tracked_scan(_title(before, one), tracks, one, geometry_of(one), gone=gone),
        tracked_scan(_title(now, other), tracks, other, geometry_of(other)),
        alignment_text="; ".join(_alignment(tracks, name, scan, next(iter(scans))) for name, scan in ((before, one), (now, other))),
        status_text="UNREVIEWED" if unread else "",
    )


def tracked_scan(
    title: str, tracks: CourseTracks, scan: Scan, geometry: ScanGeometry, *, gone: frozenset[str] = frozenset()
) -> TrackedScan:
    """One scan ready to be drawn, its disease in the colours of the tracks. gone: tracks that the next scan no longer shows."""
    return TrackedScan(title, geometry.mip_coronal, geometry.mip_grid, tuple(_regions(tracks, scan, geometry, gone)))


def _regions(tracks: CourseTracks, scan: Scan, geometry: ScanGeometry, gone: frozenset[str]) -> Iterator[TrackedRegion]:
    region = {lesion.id: lesion.region for lesion in geometry.lesions}
    for row in _rows(tracks, scan):
        track = row["into"] or row["track"]  # what merged goes on under the other's name
        for lesion in row["lesion_ids"]:
            if row["into"] and any(lesion in one["lesion_ids"] for one in _rows(tracks, scan) if one["track"] == row["into"]):
                continue
            event = GONE if row["track"] in gone else row["event"]
            yield TrackedRegion(region[lesion], track, event, row["confidence"] == Confidence.HIGH)


def _rows(tracks: CourseTracks, scan: Scan) -> list[Row]:
    return [row for row in tracks.rows if row["study_uid"] == scan.study_uid]


def _title(name: str, scan: Scan) -> str:
    return name if name == f"day {scan.day}" else f"{name} (day {scan.day})"


def _alignment(tracks: CourseTracks, name: str, scan: Scan, first: str) -> str:
    """How a scan was laid on the first one, in words."""
    if name == first:
        return f"{name}: the first scan"
    row = next((row for row in _rows(tracks, scan) if row["aligned_by"]), None)
    if row is None:
        return f"{name}: not aligned with {first}" if name in {one.where for one in tracks.flags} else f"{name}: no lesion followed"
    return f"{name} aligned with {first} by {row['aligned_by']}, residual {row['alignment_error_mm']:.1f} mm"
