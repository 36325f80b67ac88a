"""Truth: closed form, endpoints of courses written down here; and the planted trial's by hand."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.cohort.endpoints import ENDPOINTS, RULE_SETS
from carpet.core.protocol import Protocol
from carpet.run.trial.course import course_of
from carpet.run.trial.endpoints import CourseEndpoints, course_endpoints, effect_rows, endpoint_rows, rules_of
from carpet.run.trial.tables import SCHEMAS

INFUSED = dt.date(2024, 3, 1)
A = Patient(row=2, patient_id="A", infusion_date=INFUSED, enrolment_date=dt.date(2024, 1, 31), last_contact_date=dt.date(2024, 12, 31))
DAYS = {"D7": 6, "M1": 29, "M3": 90}


def called(timepoint: str, category: str, criterion: str = "lugano@1", back: int | None = None) -> dict[str, Any]:
    said = {"timepoint": timepoint, "day": DAYS[timepoint], "criterion": criterion, "assessor": "reader R", "category": category}
    return said | {"dated_to_day": back}


def made(*rows: dict[str, Any], patient: Patient = A) -> CourseEndpoints:
    return course_endpoints(course_of(patient, [], ClinicalTables((patient,)), Protocol()), rows, Protocol())


def by_key(course: CourseEndpoints) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["endpoint"], row["rules"]): row for row in endpoint_rows([course])}


def test_every_endpoint_by_every_rules_has_one_row_of_the_schema() -> None:
    rows = by_key(made(called("M1", "PR"), called("M3", "PD")))
    assert rows.keys() == {(name, rules) for name in ENDPOINTS for rules in (*RULE_SETS, "lyric")}
    assert all(set(row) == set(SCHEMAS["endpoints"]) for row in rows.values())
    pfs = rows["PFS", "default"]
    assert (pfs["event"], pfs["days"], pfs["origin"], pfs["caused_by"]) == (1, 90, "infusion", "M3 lugano@1 by reader R")
    assert (pfs["rule"], pfs["because"], pfs["flags"]) == ("PROGRESSION", "progression on day 90", ["PROGRESSION_NOT_STATED"])
    assert (rows["DOR", "default"]["days"], rows["DOR", "default"]["origin"]) == (61, "first response")
    assert (rows["PFS", "enrolment"]["days"], rows["OS", "default"]["days"]) == (120, 305)


def test_no_number_has_its_reason_in_words() -> None:
    row = by_key(made(called("M1", "SD")))["DOR", "default"]
    assert (row["event"], row["days"], row["origin"], row["reason_missing"]) == (None, None, "", "NO_RESPONSE")
    assert row["because"].startswith("no complete or partial response")


def test_facts_that_contradict_each_other_are_refused_once_and_nothing_is_left() -> None:
    course = made(called("M3", "CR"), patient=replace(A, last_contact_date=INFUSED + dt.timedelta(days=50)))
    assert [one.code for one in course.refusals] == ["EVENT_AFTER_LAST_CONTACT"]
    assert {row["reason_missing"] for row in endpoint_rows([course])} == {"EVENT_AFTER_LAST_CONTACT"}
    assert all(row["patients"] == 0 for row in effect_rows([course]))


def test_lyric_stands_beside_lugano() -> None:
    rows = (called("D7", "PD"), called("M1", "PD"), called("D7", "IR1", "lyric@1"), called("M1", "CR", "lyric_follow_up@1"))
    found = by_key(made(*rows))
    assert (found["PFS", "default"]["event"], found["PFS", "default"]["days"]) == (1, 6)
    assert (found["PFS", "lyric"]["event"], found["PFS", "lyric"]["days"]) == (0, 29)


def test_early_progression_lasts_as_long_as_month_1() -> None:
    assert {one.early_days for one in rules_of(Protocol())} == {45}
    assert {one.early_days for one in rules_of(Protocol(timepoints={}))} == {31}


def test_effects_in_sum_and_by_patient() -> None:
    treated = replace(A, patient_id="B", new_therapy_date=INFUSED + dt.timedelta(days=60))
    rows = effect_rows([made(called("M1", "PR"), called("M3", "PD")), made(called("M1", "PR"), called("M3", "PD"), patient=treated)])
    assert all(set(row) == set(SCHEMAS["rule_effects"]) for row in rows)
    (total,) = [row for row in rows if (row["patient_id"], row["endpoint"], row["rules"]) == ("", "PFS", "ema")]
    assert (total["events"], total["days"], total["default_events"], total["default_days"], total["changed"]) == (2, 180, 1, 150, 1)
    assert {row["patient_id"] for row in rows} == {"", "A", "B"}


def test_the_planted_trial(ran: Path) -> None:
    with (ran / "results" / "tables" / "endpoints.csv").open(newline="", encoding="utf-8") as file:
        rows = {(row["patient_id"], row["endpoint"], row["rules"]): row for row in csv.DictReader(file)}
    # A: the reader calls progression on day 91
    assert (rows["A", "PFS", "default"]["event"], rows["A", "PFS", "default"]["days"]) == ("1", "91")
    assert rows["A", "PFS", "default"]["caused_by"] == "M3 lugano@1 by reader Dr R"
    # B: CT calls progression on day 90, which nobody confirms; the last scan without it is of day 30
    assert (rows["B", "PFS", "default"]["event"], rows["B", "PFS", "default"]["days"]) == ("0", "30")
    assert "PROGRESSION_UNCONFIRMED" in rows["B", "PFS", "default"]["flags"]
