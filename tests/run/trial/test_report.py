"""Contract: a report is renewed when what it is made of has changed, whole when it is there, and the same in any process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.core.protocol import Protocol
from carpet.run.trial import report as room
from carpet.run.trial.course import Scan, course_of
from carpet.run.trial.folder import Trial
from carpet.run.trial.report import report_page, write_report
from carpet.run.trial.steps import CourseResult, course_result

A = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False)


def result(scans: list[Any], patient: Patient = A) -> CourseResult:
    return course_result(course_of(patient, scans, ClinicalTables((patient,)), Protocol()), Protocol())


def with_voxels(scan: Scan) -> Scan:
    assert scan.study is not None
    said: Any = scan.study.payload
    said["geometry_sha256"] = "00"
    return scan


def made(trial: Trial) -> dict[str, bytes]:
    return {str(path.relative_to(trial.root)): path.read_bytes() for path in sorted(trial.results.rglob("*")) if path.is_file()}


def test_it_is_renewed_only_when_something_has_changed(scan_at: Callable[..., Any], tmp_path: Path) -> None:
    trial, scans = Trial(tmp_path / "t", Protocol()), [with_voxels(scan_at(-3, tmtv=9.0, tlg=40.0, suv_max=5.0))]
    assert write_report(trial, result(scans))
    first = made(trial)
    assert {Path(name).name for name in first} == {"index.html", "report.pdf", "mip_row.png", "trajectory.svg"}
    assert not write_report(trial, result(scans))
    (trial.reports / "A" / "report.pdf").unlink()
    assert write_report(trial, result(scans))
    assert made(trial) == first
    other = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False, new_therapy_date=dt.date(2024, 9, 1))
    assert write_report(trial, result(scans, other))
    assert made(trial).keys() == first.keys()
    assert made(trial)["results/figures/A/trajectory.svg"] != first["results/figures/A/trajectory.svg"]


def test_a_page_does_not_vouch_for_files_of_a_call_that_was_stopped(
    scan_at: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, scans = Trial(tmp_path / "t", Protocol()), [with_voxels(scan_at(-3, tmtv=9.0, tlg=40.0, suv_max=5.0))]
    write_report(trial, result(scans))
    first = made(trial)
    other = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False, new_therapy_date=dt.date(2024, 9, 1))
    monkeypatch.setattr(room, "patient_html", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_report(trial, result(scans, other))
    monkeypatch.undo()
    assert write_report(trial, result(scans))
    assert made(trial) == first


def stopped(*given: Any, **more: Any) -> None:
    raise KeyboardInterrupt


def test_the_same_course_elsewhere_is_the_same_bytes(scan_at: Callable[..., Any], tmp_path: Path) -> None:
    scans = [with_voxels(scan_at(day, tmtv=9.0, suv_max=5.0)) for day in (-3, 29)]
    for name, order in (("one", scans), ("other", scans[::-1])):
        write_report(Trial(tmp_path / name, Protocol()), result(order))
    assert made(Trial(tmp_path / "one", Protocol())) == made(Trial(tmp_path / "other", Protocol()))


def test_a_figure_that_is_no_longer_made_is_gone(scan_at: Callable[..., Any], tmp_path: Path) -> None:
    trial, refused = Trial(tmp_path / "t", Protocol()), Scan("1.2.28", "s28", 28, None, "")
    write_report(trial, result([with_voxels(scan_at(-3, tmtv=9.0))]))
    assert (trial.figures / "A" / "trajectory.svg").is_file()
    assert write_report(trial, result([refused]))
    assert not (trial.figures / "A" / "trajectory.svg").exists()
    assert (trial.figures / "A" / "mip_row.png").is_file()
    assert "REFUSED: carpet failed on this examination" in (trial.reports / "A" / "index.html").read_text()
    assert write_report(trial, result([]))
    assert [path.name for path in (trial.figures / "A").glob("*")] == []


def test_an_id_that_can_name_no_folder_gets_another(tmp_path: Path) -> None:
    assert report_page("P001") == "P001/index.html"
    odd = "../../<script>"
    assert report_page(odd).startswith("patient-")
    trial = Trial(tmp_path / "t", Protocol())
    assert write_report(trial, result([], Patient(patient_id=odd)))
    page = (trial.reports / report_page(odd)).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
