"""Contract: a patient's course comes out of another process as out of this one, with the same files, and is kept once."""

from __future__ import annotations

import datetime as dt
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carpet.run.store import Stamp, Store, open_store
from carpet.run.trial.patients import PatientTask, keep
from carpet.run.trial.running import ready_trial
from carpet.run.trial.tracks import stored_tracks
from carpet.run.workers import outcomes

STAMP = Stamp(run="r", who="carpet", at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


def quiet(step: str) -> None:
    """Nobody listens."""


@pytest.fixture
def opened(ran: Path, tmp_path: Path) -> Iterator[tuple[Store, list[PatientTask]]]:
    """A copy of the trial that ran, and what is to be done for its patients as if no tracks were stored."""
    folder = Path(shutil.copytree(ran, tmp_path / "trial"))
    with ready_trial(folder, quiet) as ready, open_store(ready.trial.store) as store:
        yield store, [replace(task, found=None) for task in ready.tasks(store)]


def made_files(task: PatientTask) -> dict[str, bytes]:
    rooms = [room / task.course.patient.patient_id for room in (task.trial.reports, task.trial.figures)]
    return {path.name: path.read_bytes() for room in rooms for path in sorted(room.glob("*")) if path.is_file()}


def test_what_two_workers_give_is_what_this_process_gives(opened: tuple[Store, list[PatientTask]]) -> None:
    _, tasks = opened
    here, files = [task.done(quiet) for task in tasks], [made_files(task) for task in tasks]
    for task in tasks:
        shutil.rmtree(task.trial.figures / task.course.patient.patient_id)
        (task.trial.reports / task.course.patient.patient_id / "index.html").unlink()
    there = list(outcomes([(task.course.patient.patient_id, task) for task in tasks], number=2, say=quiet))
    assert [one.result.step for one in there] == [one.result.step for one in here]
    assert [one.tracks for one in there] == [one.tracks for one in here]
    assert [made_files(task) for task in tasks] == files
    assert {"index.html", "report.pdf", "mip_row.png", "tracks_TT_M1.png"} <= set(files[0])


def test_a_task_is_small_and_has_no_pixels(opened: tuple[Store, list[PatientTask]]) -> None:
    _, (first, *_) = opened
    sent = pickle.dumps(first)
    assert len(sent) < 500_000
    again = pickle.loads(sent)  # noqa: S301 our own
    assert again.course == first.course
    assert again.lost("SIGKILL").result.step == first.done(quiet).result.step


def test_tracks_and_course_are_kept_once_and_lost_tracks_never(opened: tuple[Store, list[PatientTask]]) -> None:
    store, (first, *_) = opened
    keep(store, first, first.done(quiet), STAMP)
    head = store.head()
    keep(store, first, first.done(quiet), STAMP)
    assert store.head() == head
    assert stored_tracks(store, first.course, first.corrections) == first.done(quiet).tracks
    shutil.rmtree(first.trial.geometry)
    lost = first.done(quiet)
    assert [one.code for one in lost.tracks.refusals] == ["GEOMETRY_UNREADABLE"]
    keep(store, first, lost, STAMP)
    assert stored_tracks(store, first.course, first.corrections) != lost.tracks
