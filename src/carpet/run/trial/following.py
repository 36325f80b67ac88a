"""A patient's lesion tracks in a run: as they stand in the store, else made now, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from carpet.clinical.track_corrections import TrackCorrection
from carpet.core.errors import Refused
from carpet.run.outputs import new_files
from carpet.run.trial.course import Course
from carpet.run.trial.folder import Trial
from carpet.run.trial.geometry import read_geometry
from carpet.run.trial.index import patient_folder, study_name
from carpet.run.trial.track_pictures import track_pairs, track_picture
from carpet.run.trial.tracks import CourseTracks, GeometryOf, course_tracks

PICTURES = "tracks_*.png"


def geometry_in(trial: Trial, course: Course) -> GeometryOf:
    """What reads the geometry of the patient's scans; it raises Refused where that is not there or damaged."""
    folder = trial.geometry / patient_folder(course.patient.patient_id)
    return lambda scan: read_geometry(folder / f"{study_name(scan.day, scan.short)}.npz")


def pictured_tracks(
    trial: Trial, course: Course, corrections: Sequence[TrackCorrection], *, found: CourseTracks | None, tables_only: bool
) -> CourseTracks:
    """The patient's tracks with their pictures. Where a scan's geometry is lost there are none, and a refusal.

    found: the tracks as the store has them; None where it has none. Pictures come before records, so that those of earlier tracks are
    gone before these tracks stand.
    """
    folder, geometry_of = trial.figures / patient_folder(course.patient.patient_id), geometry_in(trial, course)
    try:
        tracks = course_tracks(course, geometry_of, corrections) if found is None else found
        pairs = {} if tables_only else track_pairs(course)
        wanted = {name: pair for name, pair in pairs.items() if found is None or not (folder / name).is_file()}
        made = {name: track_picture(course, tracks, geometry_of, before=one, now=other) for name, (one, other) in wanted.items()}
    except Refused as error:
        return CourseTracks(refusals=error.notices)
    _renew(folder, made, stale={path.name for path in folder.glob(PICTURES)} if found is None else set())
    return tracks


def _renew(folder: Path, made: Mapping[str, bytes], *, stale: set[str]) -> None:
    if not made and not stale:
        return
    with new_files(folder, stale) as part:
        for name, content in made.items():
            (part / name).write_bytes(content)
