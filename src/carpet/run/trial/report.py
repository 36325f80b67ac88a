"""The reports of a trial's patients: a page, a PDF and two figures each, renewed only where what they say has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from carpet.report.drawing import UNREVIEWED
from carpet.report.mip_row import mip_row_png
from carpet.report.patient_page import MIP_ROW, TRAJECTORY, patient_html, patient_pdf
from carpet.report.trajectory import trajectory_svg
from carpet.run.outputs import new_files
from carpet.run.store_schema import digest_of
from carpet.run.trial.folder import Trial
from carpet.run.trial.following import PICTURES as PAIRS
from carpet.run.trial.following import geometry_in
from carpet.run.trial.index import patient_folder
from carpet.run.trial.report_content import patient_course
from carpet.run.trial.report_pictures import mip_row, trajectory
from carpet.run.trial.shown import in_time
from carpet.run.trial.steps import CourseResult

PAGE, PDF = "index.html", "report.pdf"
HEAD_BYTES = 4096  # the digest stands in the first lines of the page


def report_page(patient_id: str) -> str:
    """Where the patient's page lies, below results/reports/."""
    return f"{patient_folder(patient_id)}/{PAGE}"


def write_report(trial: Trial, result: CourseResult) -> bool:
    """Write the patient's page, PDF and figures; False where they are there and would come out the same."""
    folder = patient_folder(result.course.patient.patient_id)
    reports = (path.parent.relative_to(trial.reports).as_posix() for path in trial.reports.glob(f"{folder}/*/report.html"))
    side_by_side = (path.relative_to(trial.figures).as_posix() for path in trial.figures.glob(f"{folder}/{PAIRS}"))
    course = patient_course(result, trial.protocol, frozenset((*reports, *side_by_side)))
    digest = _digest(result, course)
    pages, figures = trial.reports / folder, trial.figures / folder
    if _current(pages, figures, digest):
        return False
    pictures = _pictures(trial, result)
    (pages / PAGE).unlink(missing_ok=True)  # it must not vouch for files of a call that is stopped
    _write(figures, pictures, (MIP_ROW, TRAJECTORY))
    _write(pages, {PDF: patient_pdf(course, pictures)}, ())
    _write(pages, {PAGE: patient_html(course, pictures, digest=digest).encode()}, ())  # last: it vouches for the others
    return True


def _pictures(trial: Trial, result: CourseResult) -> dict[str, bytes]:
    """Those that can be drawn."""
    course = result.course
    row, foot = mip_row(course, result.tracks, geometry_in(trial, course))
    unread = any(scan.study is not None and scan.study.payload["status"] == UNREVIEWED for scan in course.scans)
    over_time = trajectory(course)
    made = {
        MIP_ROW: mip_row_png(row, status_text=UNREVIEWED if unread else "", foot=foot),
        TRAJECTORY: None if over_time is None else trajectory_svg(over_time),
    }
    return {name: content for name, content in made.items() if content is not None}


def _digest(result: CourseResult, course: Mapping[str, Any]) -> str:
    """Of all that the report is made of: rows, voxels kept of each scan, clinical dates as days, and the code that draws."""
    voxels = [scan.study.payload["geometry_sha256"] for scan in in_time(result.course) if scan.study is not None]
    return digest_of([course, voxels, repr(trajectory(result.course)), _code_sha256()])


@cache
def _code_sha256() -> str:
    digest = hashlib.sha256()
    rooms = [files("carpet.report"), files("carpet.report").joinpath("templates")]
    for file in sorted((file for room in rooms for file in room.iterdir() if file.is_file()), key=lambda file: file.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _current(pages: Path, figures: Path, digest: str) -> bool:
    page = pages / PAGE
    if not page.is_file() or not (pages / PDF).is_file():
        return False
    with page.open("rb") as file:
        head = file.read(HEAD_BYTES)
    shown = page.read_bytes()
    wanted = [figures / name for name, kind in ((MIP_ROW, b"data:image/png"), (TRAJECTORY, b"data:image/svg")) if kind in shown]
    return digest.encode() in head and all(path.is_file() for path in wanted)


def _write(folder: Path, content: Mapping[str, bytes], names: tuple[str, ...]) -> None:
    """The files whole or not at all; those of `names` that are no longer made are gone afterwards."""
    if not content and not any((folder / name).exists() for name in names):
        return
    with new_files(folder, names) as part:
        for name, data in content.items():
            (part / name).write_bytes(data)
