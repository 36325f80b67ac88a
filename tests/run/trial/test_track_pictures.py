"""Contract: each scan stands beside the next, its disease in the colour of its track; what is gone, new or unsure is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import DayWindow, Protocol
from carpet.lesions.residual import blocks_of
from carpet.report.mip import project
from carpet.report.patient_view import drawn_grid
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.geometry import ScanGeometry
from carpet.run.trial.notices import TRACKS_NOT_ALIGNED
from carpet.run.trial.track_pictures import track_pairs, track_picture, tracked_scan
from carpet.run.trial.tracks import CourseTracks
from carpet.testing import simple_phantom

A = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False)
SCAN = simple_phantom(spacing_mm=8.0)
REGIONS = [SCAN.truth.regions[fact.label] for fact in SCAN.planted]
GRID = SCAN.suv.grid
GEOMETRY = ScanGeometry(
    GRID,
    tuple(Lesion(f"L{n:02d}", n, region, Status.DISEASE, "phantom", "planted") for n, region in enumerate(REGIONS, start=1)),
    None,
    project(SCAN.suv, "coronal"),
    drawn_grid(GRID),
    blocks_of(SCAN.suv),
    (),
    4.0,
)


def row(day: int, track: str, event: str, *lesions: str, into: str = "", confidence: str = "high", by: str = "bone") -> dict[str, Any]:
    said = {"study_uid": f"1.2.{day}", "day": day, "track": track, "event": event, "lesion_ids": list(lesions), "into": into}
    return said | {"confidence": confidence, "aligned_by": "" if day < 0 else by, "alignment_error_mm": None if day < 0 else 1.04}


BEFORE = (row(-3, "T01", "present", "L01"), row(-3, "T02", "present", "L02"), row(-3, "T03", "present", "L03"))
AFTER = (row(29, "T01", "merged", "L01"), row(29, "T02", "merged", "L01", into="T01"), row(29, "T03", "gone"))
BEGUN = (row(29, "T04", "new", "L02", confidence="low"),)
TRACKS = CourseTracks((*BEFORE, *AFTER, *BEGUN))


@pytest.fixture
def course(scan_at: Callable[..., Any]) -> Course:
    return course_of(A, [scan_at(-3), scan_at(29), scan_at(60)], ClinicalTables((A,)), Protocol())


def test_a_pair_is_a_scan_and_the_next(course: Course, scan_at: Callable[..., Any]) -> None:
    assert track_pairs(course) == {"tracks_TT_M1.png": ("TT", "M1"), "tracks_M1_day_60.png": ("M1", "day 60")}
    odd = Protocol(
        timepoints={"TT": DayWindow(first_day=-9, last_day=-1, nominal_day=-1), "../x": DayWindow(first_day=1, last_day=9, nominal_day=5)}
    )
    assert set(track_pairs(course_of(A, [scan_at(-3), scan_at(5)], ClinicalTables((A,)), odd))) == {"tracks_TT_day_5.png"}


def test_regions_have_their_tracks_names_and_events(course: Course) -> None:
    tt, m1, _ = course.scans
    first = tracked_scan("TT", TRACKS, tt, GEOMETRY, gone=frozenset({"T03"}))
    assert [one.label for one in first.regions] == ["T01", "T02", "T03 gone"]
    assert [one.region for one in first.regions] == REGIONS
    later = tracked_scan("M1", TRACKS, m1, GEOMETRY)
    assert [one.label for one in later.regions] == ["T01 merged", "T04 new ?"]  # T02 goes on as T01
    assert np.array_equal(later.mip_coronal, GEOMETRY.mip_coronal)


def test_the_picture_says_how_the_scans_were_aligned(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    from carpet.report import tracks as drawn

    said: list[tuple[str, ...]] = []
    real = drawn.tracks_figure

    def noted(earlier: Any, later: Any, **words: str) -> Any:
        said.append((earlier.title, later.title, *words.values()))
        return real(earlier, later, **words)

    monkeypatch.setattr(drawn, "tracks_figure", noted)
    png = track_picture(course, TRACKS, lambda scan: GEOMETRY, before="TT", now="M1")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert track_picture(course, TRACKS, lambda scan: GEOMETRY, before="TT", now="M1") == png
    lost = replace(TRACKS, flags=(TRACKS_NOT_ALIGNED.at("M1"),), rows=(*BEFORE, row(29, "T04", "first seen", "L02", by="")))
    track_picture(course, lost, lambda scan: GEOMETRY, before="TT", now="M1")
    assert said[0] == ("TT (day -3)", "M1 (day 29)", "TT: the first scan; M1 aligned with TT by bone, residual 1.0 mm", "UNREVIEWED")
    assert said[-1][2] == "TT: the first scan; M1: not aligned with TT"
