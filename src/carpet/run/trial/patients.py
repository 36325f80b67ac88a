"""What a run makes of one patient's scans once they are measured: the lesion tracks, the course with its responses, and the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from carpet.clinical.track_corrections import TrackCorrection
from carpet.run.store import Stamp, Store
from carpet.run.trial.calipers import with_calipers
from carpet.run.trial.clinical import Placed, with_places
from carpet.run.trial.course import Course
from carpet.run.trial.folder import Trial
from carpet.run.trial.following import geometry_in, pictured_tracks
from carpet.run.trial.report import write_report
from carpet.run.trial.steps import CourseResult, course_result, with_reads
from carpet.run.trial.tracks import CourseTracks, tracks_step

Say = Callable[[str], None]


class PatientOutcome(NamedTuple):
    """tracks: as the store keeps them; those of the result are flagged by the sites of the course besides."""

    tracks: CourseTracks
    result: CourseResult


@dataclass(frozen=True)
class PatientTask:
    """All that it needs, small enough to go to another process: what is stored of the scans, clinical rows, paths; no pixels, no store.

    found: the tracks as the store has them; None where it has none. placed: see `with_places`.
    """

    trial: Trial
    course: Course
    corrections: tuple[TrackCorrection, ...]
    found: CourseTracks | None
    placed: Placed
    tables_only: bool

    def done(self, say: Say) -> PatientOutcome:
        """What follows from the scans, pictures and report written; the store is not touched. Files come before records."""
        say("lesion tracks")
        tracks = pictured_tracks(self.trial, self.course, self.corrections, found=self.found, tables_only=self.tables_only)
        result = self.result(tracks)
        if not self.tables_only:
            say("report")
            write_report(self.trial, result)
        return PatientOutcome(tracks, result)

    def result(self, tracks: CourseTracks) -> CourseResult:
        """What follows from the scans and these tracks; nothing is written."""
        result = course_result(with_calipers(self.course, tracks), self.trial.protocol, tracks)
        return with_places(with_reads(result, geometry_in(self.trial, self.course)), self.placed)

    def lost(self, how: str) -> PatientOutcome:
        """The process died of it, and no number may be missing for that: it is done where the failure will be seen."""
        return self.done(lambda step: None)


def keep(store: Store, task: PatientTask, outcome: PatientOutcome, stamp: Stamp) -> None:
    """Write the steps of tracks and course; tracks that could not be made are none."""
    if task.found is None and outcome.tracks.step:
        store.write(tracks_step(task.course, task.corrections, outcome.tracks), stamp)
    store.write(outcome.result.step, stamp)
