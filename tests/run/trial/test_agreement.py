"""Truth: closed form, two and three readers of a few scans, and every trigger by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.run.trial.agreement import adjudication_rows, agreement_rows
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.tables import SCHEMAS

INFUSED = dt.date(2024, 3, 1)


def read(day: int, reader: str, deauville: str | None = None, **said: Any) -> Reading:
    return Reading(patient_id="", date=INFUSED + dt.timedelta(days=day), reader=reader, deauville=deauville, **said)


def course(name: str, *readings: Reading, progression: int | None = None) -> Course:
    stated = None if progression is None else INFUSED + dt.timedelta(days=progression)
    patient = Patient(patient_id=name, infusion_date=INFUSED, progression_date=stated)
    return course_of(patient, [], ClinicalTables((patient,), readings=tuple(replace(one, patient_id=name) for one in readings)), Protocol())


def called(timepoint: str, day: int, category: str, criterion: str, assessor: str = "carpet") -> dict[str, Any]:
    return {"timepoint": timepoint, "day": day, "category": category, "criterion": f"{criterion}@1", "assessor": assessor}


def test_two_readers_by_time_point_and_together() -> None:
    courses = [
        (course("A", read(29, "R", "1"), read(29, "S", "2"), read(90, "R", "4"), read(90, "S", "4")), ()),
        (course("B", read(29, "R", "4"), read(29, "S", "4"), read(90, "R", "X"), read(90, "S", "5")), ()),
        (course("C", read(29, "R", "5"), read(29, "S", "5")), ()),
    ]
    rows = {(row["timepoint"], row["statistic"]): row for row in agreement_rows(courses)}
    assert all(set(row) == set(SCHEMAS["agreement"]) for row in rows.values())
    assert {(row["item"], row["raters"]) for row in rows.values()} == {("deauville", "reader R; reader S")}
    assert (rows["", "percent_agreement"]["value"], rows["", "percent_agreement"]["n"]) == (75.0, 4)
    # M1: 1-2, 4-4, 5-5: squared distance 1 of 3 observed; of all 9 pairs (1+9+16 + 4+0+1 + 9+1+0)/9 expected
    assert rows["M1", "kappa_quadratic"]["value"] == pytest.approx(1 - (1 / 3) / (41 / 9))
    # four cases: a number, and no interval that would look like certainty
    assert [rows["", "ac1"][key] for key in ("low", "high", "reason_missing")] == [None, None, "TOO_FEW_FOR_INTERVAL"]
    assert rows["", "percent_agreement"]["reason_missing"] == ""  # it has none by definition
    assert (rows["M3", "kappa_quadratic"]["value"], rows["M3", "kappa_quadratic"]["reason_missing"]) == (None, "TOO_FEW_CASES")


def test_readers_against_the_numbers() -> None:
    rows = (called("M1", 29, "2", "deauville"), called("M1", 29, "PMR", "lugano_pet"), called("M1", 29, "CR", "lugano_ct", "reader R"))
    courses = [(course(name, read(29, "R", "2", metabolic_response="CMR", ct_response="PR")), rows) for name in "AB"]
    found = {(row["item"], row["raters"]): row for row in agreement_rows(courses) if (row["statistic"], row["timepoint"]) == ("ac1", "")}
    # chance by AC1 of CMR and PMR, half each, among four categories: 2 · ¼ / 3
    assert {key: round(row["value"], 6) for key, row in found.items()} == {
        ("deauville", "carpet; reader R"): 1.0,
        ("metabolic_response", "carpet; reader R"): round(-(1 / 6) / (5 / 6), 6),
    }


def test_three_readers_together_where_one_did_not_read_all() -> None:
    courses = [(course(name, *(read(29, who, score) for who, score in scores)), ()) for name, scores in THREE.items()]
    rows = [row for row in agreement_rows(courses) if row["raters"] == "all readers" and not row["timepoint"]]
    assert [row["statistic"] for row in rows] == ["percent_agreement", "fleiss_kappa", "ac1"]
    # A: all agree; B: one of three pairs; C: two readers agree
    assert rows[0]["value"] == pytest.approx(100 * (1 + 1 / 3 + 1) / 3)


THREE = {
    "A": (("R", "2"), ("S", "2"), ("T", "2")),
    "B": (("R", "4"), ("S", "4"), ("T", "5")),
    "C": (("R", "5"), ("S", "5")),
}


def test_nobody_to_compare() -> None:
    assert agreement_rows([]) == []
    assert agreement_rows([(course("A", read(29, "R", "2")), ())]) == []
    assert adjudication_rows([(course("A", read(29, "R", "2")), ())]) == []


def test_cases_for_a_third_person() -> None:
    rows = [called("M1", 29, "CR", "lugano", "reader R"), called("M1", 29, "PR", "lugano", "reader S")]
    rows += [called("M3", 90, "PD", "lugano", who) for who in ("reader R", "reader S")]
    rows += [called("M3", 90, "CR", "lugano")]
    readings = [read(29, "R", "3"), read(29, "S", "4"), read(90, "R", "5"), read(90, "S", "5")]
    found = adjudication_rows([(course("A", *readings, progression=60), rows)])
    assert all(set(row) == set(SCHEMAS["adjudications"]) for row in found)
    assert [(row["timepoint"], row["day"], row["readers"], row["trigger"], row["because"]) for row in found] == [
        ("", None, "patients.csv; reader R", "PROGRESSION_DATE_DIFFERS", "progression on day 60 and day 90"),
        ("", None, "patients.csv; reader S", "PROGRESSION_DATE_DIFFERS", "progression on day 60 and day 90"),
        ("M1", 29, "reader R; reader S", "CATEGORY_DIFFERS", "CR and PR"),
        ("M1", 29, "reader R; reader S", "DEAUVILLE_ACROSS_3_4", "Deauville 3 and 4"),
    ]


def test_progression_that_one_reader_alone_sees() -> None:
    rows = [called("M1", 29, "CR", "lugano", who) for who in ("reader R", "reader S")]
    late = called("M3", 90, "PD", "lugano", "reader R")
    not_read = adjudication_rows([(course("A"), [*rows, late])])
    assert not_read == []  # S did not read that scan
    found = adjudication_rows([(course("A"), [*rows, late, called("M3", 90, "SD", "lugano", "reader S")])])
    assert [(row["trigger"], row["because"]) for row in found] == [("PROGRESSION_DATE_DIFFERS", "progression on day 90 and none")]
