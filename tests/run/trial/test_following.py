"""Contract: tracks are computed once; what is gone or altered below results/geometry is measured again; pictures go with their tracks."""

from __future__ import annotations

import csv
import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical.track_corrections import TrackCorrection
from carpet.run.store import Stamp, Store, open_store
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.folder import Trial
from carpet.run.trial.following import pictured_tracks
from carpet.run.trial.running import ready_trial
from carpet.run.trial.steps import stored_scan
from carpet.run.trial.tracks import CourseTracks, stored_tracks, tracks_step

Call = Callable[..., Any]
STAMP = Stamp(run="r", who="carpet", at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


@dataclass(frozen=True)
class Open:
    """Patient A of the trial that ran, with the store open."""

    store: Store
    trial: Trial
    course: Course

    def tracks(self, *corrections: TrackCorrection, tables_only: bool = True) -> CourseTracks:
        found = stored_tracks(self.store, self.course, corrections)
        tracks = pictured_tracks(self.trial, self.course, corrections, found=found, tables_only=tables_only)
        if found is None and tracks.step:
            self.store.write(tracks_step(self.course, corrections, tracks), STAMP)
        return tracks

    def new_at_m3(self) -> TrackCorrection:
        """A reader's word that a lesion which came back is another one."""
        lesion = next(row for row in self.tracks().rows if row["event"] == "reappeared")["lesion_ids"][0]
        return TrackCorrection(row=2, patient_id="A", date=dt.date(2024, 5, 31), lesion_id=lesion, reader="Dr R", new=True)

    @property
    def pictures(self) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (self.trial.figures / "A").glob("*")}


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """The trial that ran; its scans are linked."""
    shutil.copytree(ran / "dicom", tmp_path / "trial" / "dicom", copy_function=os.link)
    return Path(shutil.copytree(ran, tmp_path / "trial", ignore=shutil.ignore_patterns("dicom"), dirs_exist_ok=True))


def read(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


@contextmanager
def opened(folder: Path) -> Iterator[Open]:
    with ready_trial(folder, lambda step: None) as ready, open_store(ready.trial.store) as store:
        patient = ready.tables.patient("A")
        assert patient is not None
        scans = [stored_scan(store, study, patient, ready.trial.protocol) for study in ready.studies["A"]]
        yield Open(store, ready.trial, course_of(patient, scans, ready.tables, ready.trial.protocol))


def test_tracks_that_stand_are_read_not_made(folder: Path) -> None:
    with opened(folder) as one:
        head = one.store.head()
        shutil.rmtree(one.trial.geometry)
        tracks = one.tracks()
        assert {row["event"] for row in tracks.rows} == {"present", "gone", "reappeared"}
        assert (one.store.head(), one.pictures) == (head, {})
        lost = one.tracks(one.new_at_m3())
        assert ([notice.code for notice in lost.refusals], lost.rows, lost.step) == (["GEOMETRY_UNREADABLE"], (), "")
        assert one.store.head() == head


def test_a_correction_is_another_step_and_both_stay(folder: Path) -> None:
    with opened(folder) as one:
        said = one.new_at_m3()
        before, corrected = one.tracks(), one.tracks(said)
        assert [row["event"] for row in corrected.rows if row["lesion_ids"] == [said.lesion_id] and row["day"] == 91] == ["new"]
        head = one.store.head()
        assert one.tracks(said) == corrected
        assert one.store.head() == head
        assert one.tracks() == before  # the reader took the word back: the earlier step stands again
        assert one.store.verify() == ()


def test_pictures_are_made_once_and_go_with_their_tracks(folder: Path) -> None:
    with opened(folder) as one:
        one.tracks(tables_only=False)
        first = one.pictures
        assert set(first) == {"tracks_TT_M1.png", "tracks_M1_M3.png"}
        content = {path.name: path.read_bytes() for path in (one.trial.figures / "A").iterdir()}
        assert all(png[:8] == b"\x89PNG\r\n\x1a\n" for png in content.values())
        (one.trial.figures / "A" / "tracks_TT_M1.png").unlink()
        one.tracks(tables_only=False)
        assert one.pictures["tracks_M1_M3.png"] == first["tracks_M1_M3.png"]
        assert {path.name: path.read_bytes() for path in (one.trial.figures / "A").iterdir()} == content
        one.tracks(one.new_at_m3())
        assert one.pictures == {}  # they showed other tracks


def test_geometry_that_is_gone_or_altered_is_measured_again_and_nothing_else(folder: Path, call: Call) -> None:
    files = sorted((folder / "results" / "geometry").rglob("*.npz"))
    content = [path.read_bytes() for path in files]
    assert len(files) == 6  # one of seven scans was refused
    reports = {path: path.stat().st_mtime_ns for path in (folder / "results" / "reports").rglob("measurements.json")}
    tables = {path: path.read_bytes() for path in (folder / "results" / "tables").iterdir()}
    with open_store(folder / "results" / "carpet.sqlite") as store:
        head = store.head()
        files[0].unlink()
        files[4].write_bytes(content[4][:1000])
        assert call("run", folder, "--tables-only").status == 1
        assert store.head() == head
    assert [path.read_bytes() for path in files] == content
    again = {path.parent.name for path, stamp in reports.items() if path.stat().st_mtime_ns != stamp}
    assert again == {files[0].stem, files[4].stem}
    assert {path: path.read_bytes() for path in tables} == tables


def test_a_fresh_run_has_the_same_tracks_to_the_byte(planted: Any, ran: Path, tmp_path: Path, call: Call) -> None:
    folder = planted.copied(tmp_path / "trial")
    for name in ("A-3", "A29", "A91", "C-4", "C28", "nobody"):
        shutil.rmtree(folder / "dicom" / name)
    assert call("run", folder, "--tables-only").status == 0
    one, other = ((root / "results" / "tables" / "lesion_tracks.csv").read_text().splitlines() for root in (ran, folder))
    assert other == [one[0], *(line for line in one if line.startswith("B,"))]
    assert [path.read_bytes() for path in sorted((folder / "results" / "geometry").rglob("*.npz"))] == [
        path.read_bytes() for path in sorted((ran / "results" / "geometry" / "B").iterdir())
    ]


def test_corrections_are_read_from_the_clinical_table(folder: Path, call: Call) -> None:
    tables = folder / "results" / "tables"
    lesion = next(row for row in read(tables / "lesion_tracks.csv") if row["event"] == "reappeared")["lesion_ids"]
    rows = f"A,2024-05-31,{lesion},Dr R,,,,yes,it is another node\nA,2024-05-31,L77,Dr R,T01,,,,\nB,2024-03-31,L01,Dr R,T01,,,yes,\n"
    head = "patient_id,date,lesion_id,reader,track,same_as_date,same_as_lesion,new,comment\n"
    (folder / "clinical" / "track_corrections.csv").write_text(head + rows)
    assert call("run", folder, "--tables-only").status == 1
    (row,) = [one for one in read(tables / "lesion_tracks.csv") if (one["event"], one["day"]) == ("new", "91")]
    assert (row["patient_id"], row["lesion_ids"], row["confidence"]) == ("A", lesion, "high")
    assert row["because"] == "T7: the reader Dr R said new"
    refused = {(one["patient_id"], one["code"], one["where"]) for one in read(tables / "refusals.csv")}
    assert ("A", "TRACK_UNKNOWN", "track_corrections.csv row 3, column lesion_id") in refused
    assert ("", "TRACK_CORRECTION_UNCLEAR", "track_corrections.csv row 4, column track") in refused
    assert "another node" not in (tables / "lesion_tracks.csv").read_text()
