"""What `carpet run` has stored, taken up again without a scan: by the reports and by the statistics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carpet.clinical import Patient
from carpet.core.errors import ProtocolError
from carpet.run.review.feeding import Signed, signed_readings
from carpet.run.store import Store
from carpet.run.trial.calipers import with_calipers
from carpet.run.trial.clinical import ClinicalFolder, with_places
from carpet.run.trial.course import course_of
from carpet.run.trial.folder import Trial, load_trial
from carpet.run.trial.following import geometry_in
from carpet.run.trial.running import run_step
from carpet.run.trial.steps import CourseResult, course_result, scan_in_store, stored_scans, with_reads
from carpet.run.trial.tracks import CourseTracks, stored_tracks

OF_STATISTICS = ("cohort", "scores", "review")  # sections of the protocol that no stored measurement or response depends on


def stored_trial(folder: Path) -> Trial:
    """The trial, whose dicom/ may be gone; raises ProtocolError where nothing is stored yet."""
    trial = load_trial(folder, scans=False)
    if not trial.store.is_file():
        raise ProtocolError(f"{str(folder)!r} has no results yet; `carpet run` makes them")
    return trial


def is_of_protocol(store: Store, trial: Trial) -> bool:
    """Whether measurements and responses were made by this software and this protocol; sections of statistics may have changed."""
    now = [one.payload for one in run_step(trial).records]
    stored = [one.payload for one in store.current("run", chain=run_step(trial).chain)]
    return [_measured_by(one) for one in stored] == [_measured_by(one) for one in now]


def _measured_by(said: Mapping[str, Any]) -> tuple[Any, Any]:
    return {name: section for name, section in said["protocol"].items() if name not in OF_STATISTICS}, said["software"]


def stored_signed(store: Store, trial: Trial, said: ClinicalFolder) -> Signed:
    """What was signed of the scans that the last run has found, by their days in that run; raises as `signed_readings`."""
    days = {one.patient_id: {uid: day for uid, _, day, _ in stored_scans(store, one)} for one in said.tables.patients}
    return signed_readings(trial, said.tables, days)


def stored_result(store: Store, trial: Trial, said: ClinicalFolder, signed: Signed, patient: Patient) -> CourseResult | None:
    """The patient's course as the last run has stored it; None where it would come out as another today."""
    scans = [scan_in_store(store, *one) for one in stored_scans(store, patient)]
    course = signed.course(course_of(patient, scans, signed.tables, trial.protocol))
    corrections = tuple(one for one in said.tables.track_corrections if one.patient_id == patient.patient_id)
    tracks = stored_tracks(store, course, corrections) or CourseTracks()
    result = course_result(with_calipers(course, tracks), trial.protocol, tracks)
    if not store.done(result.step.key):
        return None
    return with_places(with_reads(result, geometry_in(trial, course)), said.placed)
