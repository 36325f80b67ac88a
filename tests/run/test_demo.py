"""Truth: the responses that phantoms were made to have, by hand. Contract: what is there is kept, what is not the demonstration's too."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.run import demo as demo_module
from carpet.run.demo import DEMONSTRATION, PLANNED, Missed, missed_answers, run_demo
from carpet.run.protocols import load_protocol
from carpet.run.store import Stamp
from carpet.run.trial.running import run_trial
from carpet.testing import course_scans
from carpet.testing.course_answers import planned_responses

AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def demo(folder: Path, *, patients: int = 1) -> tuple[str, tuple[Missed, ...]]:
    return run_demo(folder, patients=patients, workers=1, stamp=Stamp(run="a run", who="carpet", at=AT), say=lambda step: None)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the demonstration's own voxels and of the pages of single scans, which take longer."""
    monkeypatch.setattr(demo_module, "run_trial", partial(run_trial, tables_only=True))
    monkeypatch.setattr(course_scans, "PET_MM_KJI", (10.0, 8.0, 8.0))
    monkeypatch.setattr(course_scans, "CT_MM_KJI", (15.0, 6.0, 6.0))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_one_patient_comes_out_as_planned_and_a_second_call_goes_on(tmp_path: Path, coarse: None) -> None:
    folder = tmp_path / "demo"
    text, missed = demo(folder)
    planned = [one for one in planned_responses() if one.patient_id == "P01"]
    assert missed == ()
    assert f"{len(planned)} of {len(planned)}" in text
    assert load_protocol(folder / "trial.toml") == DEMONSTRATION
    index = folder / "results" / "reports" / "index.html"
    assert text.endswith(str(index.resolve()))
    assert "P01" in index.read_text(encoding="utf-8")
    assert list(csv.DictReader(io.StringIO((folder / PLANNED).read_text()))) == [asdict(one) for one in planned]
    scans, kept = contents(folder / "dicom"), (folder / "dicom" / "P01" / "TT").stat().st_mtime_ns
    shutil.rmtree(folder / "dicom" / "P01" / "M1")
    readings = folder / "clinical" / "readings.csv"
    readings.write_text(readings.read_text().replace("Dr A,2", "Dr A,1").replace("Dr A,1,no,CMR,CR", "Dr A,4,no,PMR,PR"))
    text, missed = demo(folder)
    assert contents(folder / "dicom") == scans
    assert (folder / "dicom" / "P01" / "TT").stat().st_mtime_ns == kept
    assert {(one.planned.assessor, one.planned.timepoint) for one in missed} == {("reader Dr A", "M3")}
    assert "P01 M3, lugano by reader Dr A: made to have CR, found PR" in text
    with pytest.raises(ProtocolError, match="another demonstration"):
        demo(folder, patients=2)


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(ProtocolError, match="name another folder"):
            demo(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_every_planned_answer_is_looked_for() -> None:
    planned = planned_responses()[:4]
    rows: list[dict[str, Any]] = [asdict(one) | {"criterion": f"{one.criterion}@1"} for one in planned]
    assert list(missed_answers(planned, rows)) == []
    rows[1]["category"] = "NMR"
    wrong = list(missed_answers(planned, rows[:3]))
    assert wrong == [Missed(planned[1], "NMR"), Missed(planned[3], "")]
    assert str(wrong[1]).endswith(f"made to have {planned[3].category}, found nothing")
    assert list(missed_answers([replace(planned[0], assessor="reader Dr Z")], rows)) == [
        Missed(replace(planned[0], assessor="reader Dr Z"), "")
    ]
