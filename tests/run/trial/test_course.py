"""Truth: time points and changes found by hand for scans made up for it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.clinical.scans import ScanRow
from carpet.core.protocol import DayWindow, Protocol
from carpet.dicom.series import Catalogue, pseudonym
from carpet.run.opening import Found
from carpet.run.trial.course import Scan, course_of, kinetics_rows, matched
from carpet.run.trial.studies import TrialStudy

ScanAt = Callable[..., Any]
INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)


def study(uid: str, patient_id: str) -> TrialStudy:
    return TrialStudy(Found(Catalogue((), (), 0), {}, ()), uid, pseudonym(patient_id), INFUSED, "")


def codes(notices: Any) -> list[str]:
    return [one.code for one in notices]


def test_scans_go_to_the_patient_whose_id_they_have() -> None:
    tables = ClinicalTables((A, Patient(patient_id="B", dicom_patient_id="MRN"), Patient(patient_id="C")))
    of, wrong = matched([study("1", "A"), study("2", "MRN"), study("3", "B")], tables)
    assert {who: [one.study_uid for one in found] for who, found in of.items()} == {"A": ["1"], "B": ["2"], "C": []}
    assert [(uid, notice.code) for uid, notice in wrong] == [("3", "PATIENT_UNKNOWN")]


def test_scans_that_two_patients_claim_belong_to_neither() -> None:
    tables = ClinicalTables((A, Patient(patient_id="B", dicom_patient_id="A")))
    of, wrong = matched([study("1", "A")], tables)
    assert of == {"A": [], "B": []}
    assert [notice.code for _, notice in wrong] == ["PATIENTS_SHARE_SCANS"]


def test_time_points_by_the_protocols_windows(scan_at: ScanAt) -> None:
    scans = [scan_at(-2), scan_at(29), scan_at(44)]
    course = course_of(A, scans, ClinicalTables((A,)), Protocol())
    assert {name: scan.day for name, scan in course.at.items()} == {"TT": -2, "M1": 29}
    assert course.baseline is scans[0]
    assert course.timepoint_of(scans[2]) == ""
    other = Protocol(
        timepoints={"TT": DayWindow(first_day=-9, last_day=-1, nominal_day=-1), "W6": DayWindow(first_day=40, last_day=50, nominal_day=42)}
    )
    assert {name: scan.day for name, scan in course_of(A, scans, ClinicalTables((A,)), other).at.items()} == {"TT": -2, "W6": 44}


def test_what_stands_for_no_time_point_is_told(scan_at: ScanAt) -> None:
    course = course_of(A, [scan_at(-2), scan_at(29), scan_at(29), scan_at(None)], ClinicalTables((A,)), Protocol())
    assert list(course.at) == ["TT"]
    assert codes(course.refusals) == ["STUDY_UNDATED", "STUDIES_SAME_DAY"]
    readings = (Reading(patient_id="A", date=INFUSED, reader="R", deauville="3"),)
    nothing = course_of(A, [], ClinicalTables((A,), readings=readings), Protocol())
    assert {"PATIENT_WITHOUT_SCANS", "BASELINE_MISSING", "READING_WITHOUT_SCAN"} <= set(codes(nothing.flags))


def test_a_refused_scan_is_not_no_scan(scan_at: ScanAt) -> None:
    """A person would say: the scan of day 28 was refused; month 3 has none."""
    refused = replace(scan_at(28), study=None, refusals=(scan_at(28, tmtv=1.0).values[0],))
    refused = replace(refused, refusals=(replace(refused.refusals[0], payload={"code": "SUV_WEIGHT_MISSING"}),))
    course = course_of(A, [scan_at(-2), refused, scan_at(180), scan_at(180)], ClinicalTables((A,)), Protocol())
    said = {one.where: (one.code, one.found) for one in course.flags if "IN_WINDOW" in one.code}
    assert said["M1"] == ("SCAN_NOT_USABLE_IN_WINDOW", "day 28 refused: SUV_WEIGHT_MISSING")
    assert said["M6"] == ("SCAN_NOT_USABLE_IN_WINDOW", "two examinations on day 180")
    assert said["M3"] == ("NO_SCAN_IN_WINDOW", "days 75 to 120")
    assert course.lost_at("M1") == (refused,)
    assert course.lost_at("TT") == ()
    first = course_of(A, [replace(refused, day=-2)], ClinicalTables((A,)), Protocol())
    assert [one.found for one in first.flags if one.code == "BASELINE_MISSING"] == [
        "none that can be used: day -2 refused: SUV_WEIGHT_MISSING"
    ]


def test_without_infusion_there_are_no_time_points_and_none_is_missed(scan_at: ScanAt) -> None:
    patient = Patient(patient_id="A")
    course = course_of(patient, [scan_at(None)], ClinicalTables((patient,)), Protocol())
    assert (dict(course.at), course.refusals, course.flags) == ({}, (), ())


def test_kinetics_from_each_to_the_next_and_from_baseline(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, tmtv=100.0), scan_at(28, tmtv=25.0), scan_at(90, tmtv=50.0)]
    rows = [row for row in kinetics_rows(course_of(A, scans, ClinicalTables((A,)), Protocol())) if row["biomarker"] == "tmtv"]
    assert [(row["from_timepoint"], row["to_timepoint"], row["from_baseline"]) for row in rows] == [
        ("TT", "M1", True),
        ("M1", "M3", False),
        ("TT", "M3", True),
    ]
    first = rows[0]
    assert (first["change"], first["per_day"], first["percent"]) == (-75.0, -2.5, -75.0)
    assert first["log_growth_per_day"] == pytest.approx(-math.log(4) / 30)
    assert first["doubling_days"] == pytest.approx(-15.0)
    assert rows[1]["doubling_days"] == pytest.approx(62.0)


def test_a_change_that_has_no_number_has_a_reason(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, suv_max=9.0), scan_at(28, suv_max=None, voxel=2.0)]
    course = course_of(A, scans, ClinicalTables((A,)), Protocol())
    row = {one["biomarker"]: one for one in kinetics_rows(course)}
    assert (row["suv_max"]["change"], row["suv_max"]["reason_missing"], row["suv_max"]["flags"]) == (None, "NO_LESION", ["RECON_CHANGED"])
    assert row["tlg"]["reason_missing"] == "NOT_ASKED_FOR"
    assert [(one.where, one.found) for one in course.flags if one.code == "RECON_CHANGED"] == [("M1", "voxel size")]


def test_another_reconstruction_takes_every_change_unless_a_person_accepts_it(scan_at: ScanAt) -> None:
    scans = [scan_at(-2, tmtv=100.0), scan_at(28, tmtv=25.0, voxel=2.0), scan_at(90, tmtv=50.0)]

    def changes(*days: int) -> dict[tuple[str, str], tuple[Any, str, list[str]]]:
        rows = tuple(ScanRow(patient_id="A", date=INFUSED + dt.timedelta(day), accept_recon_change="Dr B") for day in days)
        course = course_of(A, scans, ClinicalTables((A,), scans=rows), Protocol())
        flags.extend(one for one in course.flags if one.code.startswith("RECON"))
        found = (one for one in kinetics_rows(course) if one["biomarker"] == "tmtv")
        return {(row["from_timepoint"], row["to_timepoint"]): (row["change"], row["reason_missing"], row["flags"]) for row in found}

    flags: list[Any] = []
    refused, accepted = (None, "RECON_CHANGED", ["RECON_CHANGED"]), ["RECON_CHANGED_ACCEPTED"]
    assert changes() == {("TT", "M1"): refused, ("M1", "M3"): refused, ("TT", "M3"): (-50.0, "", [])}
    assert changes(28) == {("TT", "M1"): (-75.0, "", accepted), ("M1", "M3"): (25.0, "", accepted), ("TT", "M3"): (-50.0, "", [])}
    assert changes(90)["M1", "M3"] == refused
    assert [(one.code, one.where, one.found) for one in flags] == [
        ("RECON_CHANGED", "M1", "voxel size"),
        ("RECON_CHANGED_ACCEPTED", "M1", "voxel size; accepted by Dr B"),
        ("RECON_CHANGED", "M1", "voxel size"),
    ]


def test_a_refused_scan_has_a_day_and_no_value() -> None:
    refused = Scan("1.2", "s", 29, None, "step")
    assert refused.value("tmtv") == {}
    assert course_of(A, [refused], ClinicalTables((A,)), Protocol()).at == {}


def test_the_tables_of_a_run_hold_the_same_pairs(ran: Path) -> None:
    text = (ran / "results" / "tables" / "kinetics.csv").read_text()
    assert text.count("\nA,") == 9
    assert text.count("\nB,") == 3
