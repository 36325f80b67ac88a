"""Truth: closed form: SPD and days by hand; every scan and every gap in its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.core.errors import Refused
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import Protocol
from carpet.core.space import Grid, Region
from carpet.lesions.residual import Blocks
from carpet.report.mip_row import NoScan, RowScan
from carpet.report.patient_view import drawn_grid
from carpet.run.trial.course import Course, Scan, course_of
from carpet.run.trial.geometry import ScanGeometry
from carpet.run.trial.notices import GEOMETRY_UNREADABLE
from carpet.run.trial.report_pictures import mip_row, trajectory
from carpet.run.trial.tracks import CourseTracks

INFUSED = dt.date(2024, 3, 1)
A = Patient(
    patient_id="A",
    infusion_date=INFUSED,
    enrolment_date=INFUSED - dt.timedelta(40),
    lymphodepletion_date=INFUSED - dt.timedelta(2),
    bridging=True,
    progression_date=INFUSED + dt.timedelta(95),
    new_therapy_date=INFUSED + dt.timedelta(110),
    hsct_date=INFUSED + dt.timedelta(110),
    last_contact_date=INFUSED + dt.timedelta(300),
)
GRID = Grid((10, 8, 8), np.diag([4.0, 4.0, 4.0, 1.0]), "1.2")
BLOCKS = Blocks(GRID, np.ones(GRID.shape_kji, dtype=np.float32))


def course(scans: list[Any], patient: Patient = A, targets: tuple[CtTarget, ...] = ()) -> Course:
    return course_of(patient, scans, ClinicalTables((patient,), ct_targets=targets), Protocol())


def target(day: int, lesion: str, ldi: float | None, sdi: float | None, *, status: str = "present", kind: str = "node") -> CtTarget:
    date = INFUSED + dt.timedelta(day)
    return CtTarget(patient_id="A", date=date, lesion=lesion, kind=kind, target=True, status=status, ldi_mm=ldi, sdi_mm=sdi)


def geometry(scan: Scan) -> ScanGeometry:
    """Two regions, the second undecided."""
    regions = [Region(GRID, (n, 1, 1), np.ones((2, 2, 2), dtype=bool)) for n in (1, 6)]
    statuses = (Status.DISEASE, Status.UNDECIDED)
    lesions = tuple(
        Lesion(f"L0{n}", n, region, status, "r", "b") for n, (region, status) in enumerate(zip(regions, statuses, strict=True), 1)
    )
    return ScanGeometry(GRID, lesions, None, np.ones((10, 8), dtype=np.float32), drawn_grid(GRID), BLOCKS, (), 4.0)


def row(day: int, event: str, *, track: str = "T01", suv_max: float | None = None, above: str = "") -> dict[str, Any]:
    ids = [] if event in ("gone", "remnant") else ["L01"]
    said = {"study_uid": f"1.2.{day}", "day": day, "track": track, "event": event, "lesion_ids": ids, "into": "", "confidence": "high"}
    return said | {"residual_suv_max": suv_max, "residual_above": above, "residual_reason_missing": ""}


def test_every_scan_and_every_gap_stand_in_the_order_of_days(scan_at: Callable[..., Any]) -> None:
    lost = Scan("1.2.28", "s28", 28, None, "")
    cells, foot = mip_row(course([scan_at(91, tmtv=2.0), lost, scan_at(-3, tmtv=9.0)]), CourseTracks(), geometry)
    assert [(type(one), one.name, one.day) for one in cells] == [
        (NoScan, "TD", ""),
        (RowScan, "TT", "day −3, baseline"),
        (NoScan, "D7", ""),
        (NoScan, "M1", "day 28"),
        (RowScan, "M3", "day 91"),
    ]
    assert [(one.because, one.wide) for one in cells if isinstance(one, NoScan)] == [
        ("no scan, days −120 to −15", False),
        ("no scan, days 4 to 10", False),
        ("PET refused: carpet failed on this examination; the others were measured", True),
    ]
    assert foot == "No scan at M6, M12."
    spared, _ = mip_row(course([scan_at(-3, tmtv=9.0)], replace(A, bridging=False)), CourseTracks(), geometry)
    assert [one.name for one in spared] == ["TT"]


def test_numbers_undecided_regions_and_what_happened_stand_below(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-3, tmtv=9.0, suv_max=5.0), scan_at(29, tmtv=0.0, suv_max=None), scan_at(91, tmtv=0.0)]
    tracks = CourseTracks((row(-3, "present"), row(29, "gone"), row(91, "gone")))
    first, second, third = (one for one in mip_row(course(scans), tracks, geometry)[0] if isinstance(one, RowScan))
    assert ([one.track for one in first.regions], len(first.undecided)) == (["T01"], 1)
    assert first.below[0].startswith("TMTV 9")
    assert first.below[0].endswith(", 1 undecided")
    assert second.below[1:] == ("SUVmax – no lesion", "gone T01")
    assert len(third.below) == 1


def test_uptake_that_is_left_is_never_told_as_gone(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-3, tmtv=9.0), scan_at(29, tmtv=0.0), scan_at(91, tmtv=0.0)]
    first = (row(-3, "present"), row(-3, "present", track="T02"))
    second = (row(29, "gone", suv_max=2.34, above="yes"), row(29, "remnant", track="T02", suv_max=7.76, above="unsure"))
    third = (row(91, "gone", suv_max=1.2, above="no"), row(91, "gone", track="T02", suv_max=1.0, above="no"))
    cells, _ = mip_row(course(scans), CourseTracks((*first, *second, *third)), geometry)
    _, early, late = (one for one in cells if isinstance(one, RowScan))
    assert early.below[1:] == ("T02: SUV 7.8 remains ?, and 1 more",)
    assert late.below[1:] == ("gone T01, T02",)


def test_a_lost_geometry_is_said_in_place(scan_at: Callable[..., Any]) -> None:
    def lost(scan: Scan) -> ScanGeometry:
        raise Refused(GEOMETRY_UNREADABLE.at("x"))

    (cell,) = mip_row(course([scan_at(-3, tmtv=1.0)], replace(A, bridging=False)), CourseTracks(), lost)[0]
    assert isinstance(cell, NoScan)
    assert cell.because == f"no picture: {GEOMETRY_UNREADABLE.message}"
    assert mip_row(course([]), CourseTracks(), lost) == ([], "")


def test_numbers_over_days_and_why_there_is_none(scan_at: Callable[..., Any]) -> None:
    lost = Scan("1.2.28", "s28", 28, None, "")
    found = trajectory(course([scan_at(91, tmtv=0.0, tlg=0.0, suv_max=None), lost, scan_at(-3, tmtv=9.0, tlg=40.0, suv_max=5.0)]))
    assert found is not None
    points = {panel.title: [(point.day, point.value, point.says) for point in panel.points] for panel in found.panels}
    assert points["TMTV"] == [(-3, 9.0, ""), (28, None, "refused"), (91, 0.0, "")]
    assert points["SUVmax"] == [(-3, 5.0, ""), (28, None, "refused"), (91, None, "no lesion")]
    assert found.scans == ((-3, "TT"), (28, "M1"), (91, "M3"))


def test_spd_by_hand_and_no_partial_sum() -> None:
    targets = (
        *(target(-4, "n1", 40.0, 30.0), target(-4, "n2", 30.0, 20.0), target(-4, "spleen", 140.0, None, kind="spleen")),
        *(target(30, "n1", 24.0, 20.0), target(30, "n2", None, None, status="too_small")),
        *(target(60, "n1", None, None, status="absent"), target(60, "n2", None, None, status="absent")),
        target(90, "n1", 10.0, 10.0),
        *(target(120, "n1", 10.0, 20.0), target(120, "n2", 10.0, 10.0)),
    )
    found = trajectory(course([], targets=targets))
    assert found is not None
    assert [(point.day, point.value, point.says) for point in found.panels[-1].points] == [
        (-4, pytest.approx(18.0), ""),  # 40·30 + 30·20 mm²
        (30, pytest.approx(5.05), ""),  # 24·20 + 5·5
        (60, 0.0, ""),
        (90, None, "not all targets"),
        (120, None, "refused"),
    ]


def test_what_was_done_and_what_happened_as_days() -> None:
    found = trajectory(course([]))
    assert found is not None
    assert [(one.day, one.label) for one in found.events] == [
        (-40, "decision"),
        (0, "infusion"),
        (95, "progression"),
        (110, "new therapy, HSCT"),
        (300, "last contact"),
    ]
    assert [(one.first_day, one.last_day, one.label) for one in found.intervals] == [
        (-40, -2, "bridging, in this time"),
        (-2, 0, "lymphodepletion"),
    ]
    dead = trajectory(course([], replace(A, death_date=A.last_contact_date, bridging=False)))
    assert dead is not None
    assert [one.label for one in dead.events][-1] == "death"
    assert [one.label for one in dead.intervals] == ["lymphodepletion"]
    assert trajectory(course([], replace(A, infusion_date=None))) is None
