"""Contract: an examination is what its files hold: not their names; it is measured once; a failure stops nobody else."""

from __future__ import annotations

import datetime as dt
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.core.protocol import BiomarkerProtocol, DayWindow, Protocol, SegmentProtocol
from carpet.run.opening import found_under
from carpet.run.store import Stamp, open_store
from carpet.run.trial import studies as room
from carpet.run.trial.folder import Trial
from carpet.run.trial.scan_page import Heading
from carpet.run.trial.studies import Task, Wanted, is_due, kept, study_records, study_step
from carpet.testing import Storage, Visit, simple_phantom, write_study

HEADING = Heading("ONE", 30, "M1")
STAMP = Stamp(run="r", who="carpet", at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


def quiet(step: str) -> None:
    """Nobody listens."""


def studies_in(folder: Path) -> Any:
    with found_under([folder], Protocol().suv) as found:
        return room.trial_studies(found)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    write_study(simple_phantom(spacing_mm=10.0), tmp_path / "dicom" / "one", visit=Visit(patient_id="ONE"))
    (tmp_path / "results").mkdir()
    return Trial(tmp_path, Protocol())


def task_of(trial: Trial, study: Any) -> Task:
    wanted = Wanted(trial.reports / "one", trial.seg / "one.seg.dcm", trial.geometry / "one.npz", tables_only=True, heading=HEADING)
    return Task(study, trial.protocol, wanted, STAMP, trial.results / "logs")


def test_names_and_copies_of_files_are_no_content(trial: Trial, tmp_path: Path) -> None:
    (study,), without = studies_in(trial.dicom)
    other = tmp_path / "other"
    write_study(simple_phantom(spacing_mm=10.0), other, visit=Visit(patient_id="ONE"))
    for number, path in enumerate(sorted(other.rglob("*.dcm"), reverse=True)):
        path.rename(other / f"{number:04d}")
    shutil.copy(other / "0000", other / "copy")
    assert studies_in(other)[0][0].sha256 == study.sha256
    assert without == ()
    (other / "0001").unlink()
    assert studies_in(other)[0][0].sha256 != study.sha256


def test_a_ct_alone_is_told_apart(tmp_path: Path) -> None:
    written = write_study(simple_phantom(spacing_mm=10.0), tmp_path, storage=Storage())
    for path in written.pet_files:
        path.unlink()
    assert studies_in(tmp_path) == ((), (written.study_uid,))


def test_the_key_depends_on_what_a_measurement_depends_on(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)
    key = study_step(study, Protocol()).key
    windows = {"TT": DayWindow(first_day=-9, last_day=-1, nominal_day=-1)}
    assert study_step(study, Protocol(timepoints=windows)).key == key
    assert study_step(study, Protocol(name="other")).key != key  # the scan's page says it
    assert study_step(study, Protocol(segment=SegmentProtocol(method="suv2.5"))).key != key
    assert study_step(study, Protocol(biomarkers=BiomarkerProtocol(names=("tmtv",)))).key != key


def test_it_is_due_once_and_again_when_its_files_are_gone(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)
    task = task_of(trial, study)
    with open_store(trial.store) as store:
        assert is_due(store, task)
        assert kept(store, task, task.done(quiet)) == ()
        assert {one.name for one in store.current("measurement", study=study.study_uid)} >= {"tmtv suv4.0"}
        assert not is_due(store, task)
        head = store.head()
        content = task.wanted.geometry.read_bytes()
        task.wanted.geometry.write_bytes(content[:-9])
        assert is_due(store, task)
        task.wanted.geometry.write_bytes(content)
        assert not is_due(store, task)
        shutil.rmtree(trial.reports)
        assert is_due(store, task)
        assert kept(store, task, task.done(quiet)) == ()
        assert (store.head(), task.wanted.there) == (head, True)


def test_files_of_another_protocol_whose_record_was_never_written_are_made_again(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)
    task = task_of(trial, study)
    tables = task.wanted.report / "measurements.json"
    with open_store(trial.store) as store:
        kept(store, task, task.done(quiet))
        right, geometry = tables.read_bytes(), task.wanted.geometry.read_bytes()
        replace(task, protocol=Protocol(biomarkers=BiomarkerProtocol(names=("tmtv",)))).done(quiet)
        assert (tables.read_bytes() != right, task.wanted.geometry.read_bytes() == geometry) == (True, True)
        assert is_due(store, task)
        kept(store, task, task.done(quiet))
        assert not is_due(store, task)
    assert tables.read_bytes() == right


def test_a_scan_stopped_while_its_files_are_written_has_no_geometry(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    (study,), _ = studies_in(trial.dicom)
    task = task_of(trial, study)
    task.done(quiet)

    def stopped(*given: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "write_geometry", stopped)
    with pytest.raises(KeyboardInterrupt):
        task.done(quiet)
    assert not task.wanted.geometry.exists()


def test_files_under_another_day_go_and_with_a_refusal_all(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)

    def on(day: str, short: str = study.short) -> Wanted:
        seg, geometry = (f"{day}_{short}{ending}" for ending in (room.SEG_ENDING, room.GEOMETRY_ENDING))
        return Wanted(trial.reports / "P" / f"{day}_{short}", trial.seg / "P" / seg, trial.geometry / "P" / geometry, True, HEADING)

    def there() -> set[str]:
        return {path.name for path in trial.results.glob("*/P/*")}

    task = task_of(trial, study)
    neighbour = on("day_1", "00000000").geometry
    neighbour.parent.mkdir(parents=True)
    neighbour.touch()
    for day in ("day_1", "day_2"):
        assert isinstance(replace(task, wanted=on(day)).done(quiet), tuple)
        if day == "day_1":
            on(day).seg.parent.mkdir(parents=True)
            on(day).seg.touch()
    assert there() == {f"day_2_{study.short}", f"day_2_{study.short}.npz", neighbour.name}
    wrong = replace(study, asked=room.Asked(series_uid="1.2.3"))
    (first, *_) = replace(task, study=wrong, wanted=on("day_2")).done(quiet)
    assert first.kind == "refusal"
    assert there() == {neighbour.name}
    assert trial.dicom.is_dir()


def test_a_task_is_small(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)
    sent = pickle.dumps(task_of(trial, study))
    again = pickle.loads(sent)  # noqa: S301 our own
    assert len(sent) < 200 * (10 + 2 * len(list(trial.dicom.rglob("*.dcm"))))
    assert again.step.key == task_of(trial, study).step.key
    assert isinstance(again.done(quiet), tuple)


def test_a_bug_is_logged_and_nothing_is_stored(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    (study,), _ = studies_in(trial.dicom)

    def broken(*given: Any) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(room, "surveyed_study", broken)
    with open_store(trial.store) as store:
        (notice,) = kept(store, task_of(trial, study), task_of(trial, study).done(quiet))
        assert (notice.code, notice.found) == ("INTERNAL", "ZeroDivisionError")
        assert store.head().sequence == 0
    (log,) = (trial.results / "logs").iterdir()
    assert "on purpose" in log.read_text()


def test_records_without_dates_and_names(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)
    records = study_records(study, Protocol(), say=quiet)
    assert {one.kind for one in records} >= {"study", "lesion", "measurement", "flag"}
    text = repr([one.payload for one in records])
    assert "2024-03-14" not in text
    assert "PHANTOM" not in text
    assert {one.patient for one in records} == {study.patient}


def test_pages_of_another_day_are_made_again_and_hold_no_date(trial: Trial) -> None:
    (study,), _ = studies_in(trial.dicom)
    task = task_of(trial, study)
    task = replace(task, wanted=replace(task.wanted, tables_only=False))
    page = task.wanted.report / "report.html"
    with open_store(trial.store) as store:
        kept(store, task, task.done(quiet))
        assert not is_due(store, task)
        text = page.read_text()
        assert "ONE, day 30" in text
        assert study.date.isoformat() not in text
        assert study.patient not in text
        moved = replace(task, wanted=replace(task.wanted, heading=Heading("ONE", 31, "M1")))
        assert is_due(store, moved)
        head = store.head()
        kept(store, moved, moved.done(quiet))
        assert (is_due(store, moved), store.head()) == (False, head)
    assert "ONE, day 31" in page.read_text()
