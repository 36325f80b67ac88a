"""Contract: a scan stands by its day; a refused one by the time point it would have stood for, where none other does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.core.protocol import Protocol
from carpet.run.trial.course import Scan, course_of
from carpet.run.trial.shown import in_time, refused_codes, shown_name

A = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False)


def lost(day: int | None) -> Scan:
    return Scan(f"1.2.{day}", f"s{day}", day, None, "")


def test_names_are_of_time_points_only_where_one_is_free(scan_at: Callable[..., Any]) -> None:
    scans = (lost(None), lost(500), lost(92), lost(31), scan_at(29, tmtv=1.0))
    made = course_of(A, scans, ClinicalTables((A,)), Protocol())
    assert [(scan.day, shown_name(made, scan)) for scan in in_time(made)] == [(29, "M1"), (31, ""), (92, "M3"), (500, ""), (None, "")]


def test_without_infusion_there_are_no_time_points() -> None:
    nobody = Patient(patient_id="A")
    made = course_of(nobody, (lost(29),), ClinicalTables((nobody,)), Protocol())
    assert [shown_name(made, scan) for scan in in_time(made)] == [""]


def test_a_scan_that_nobody_measured_failed_within() -> None:
    assert refused_codes(lost(29)) == ["INTERNAL"]
