"""Truth: closed form: a course of three made-up scans, told row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.lesions.residual import Above, NotKnown
from carpet.lesions.tracks import Event
from carpet.report.patient_tracks import EVENTS, LEFT, NO_REGION, NOT_KNOWN, QUIET_EVENTS
from carpet.run.store import Stored
from carpet.run.trial.course import Scan, course_of
from carpet.run.trial.report_content import patient_course
from carpet.run.trial.steps import course_result

INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False, product="axi-cel")
READ = Reading(patient_id="A", date=dt.date(2024, 3, 30), reader="R", deauville="2", metabolic_response="CMR", new_lesions=False)


def refused(day: int | None) -> Scan:
    """A scan without a weight, its notice with a date that must not be told."""
    said = {"code": "WEIGHT_MISSING", "severity": "E", "message": "no weight on 2024-03-05", "where": f"1.2.{day}: (0010,1030)"}
    said |= {"found": "2024-03-05", "allowed": "", "remedy": ""}
    written: dict[str, Any] = dict.fromkeys(("chain", "step", "run", "who", "role", "reason", "created_at", "digest", "id"), "")
    return Scan(f"1.2.{day}", f"s{day}", day, None, f"step{day}", refusals=(Stored(kind="refusal", payload=said, sequence=1, **written),))


def told(scans: list[Any], *, patient: Patient = A, readings: tuple[Reading, ...] = (), there: frozenset[str] = frozenset()) -> Any:
    tables = ClinicalTables((patient,), readings=readings)
    return patient_course(course_result(course_of(patient, scans, tables, Protocol()), Protocol()), Protocol(), there)


def test_scans_stand_in_the_order_of_days_with_their_reports(scan_at: Callable[..., Any]) -> None:
    said = told([scan_at(91, tmtv=2.0), scan_at(-3, tmtv=9.0)], there=frozenset({"A/day_91_s91"}))
    assert [(one["timepoint"], one["day"], one["baseline"], one["report"]) for one in said["scans"]] == [
        ("TT", -3, True, ""),
        ("M3", 91, False, "day_91_s91/report.html"),
    ]
    assert said["scans"][0]["scanner"] == "M N"
    assert said["scans"][0]["liver"] == {"mean": 2.0, "reason_missing": None}


def test_a_refused_scan_is_told_at_the_time_point_it_would_have_stood_for(scan_at: Callable[..., Any]) -> None:
    said = told([scan_at(-3, tmtv=9.0), refused(28)])
    lost = said["scans"][1]
    assert (lost["timepoint"], lost["status"], lost["refused"], lost["uptake_min"]) == ("M1", "REFUSED", ["WEIGHT_MISSING"], None)
    (row,) = [row for row in said["refusals"] if row["code"] == "WEIGHT_MISSING"]
    assert (row["at"], row["where"], row["found"], row["message"]) == ("M1 (day 28)", "", "(date)", "no weight on (date)")


def test_a_scan_that_was_never_measured_is_told_too(scan_at: Callable[..., Any]) -> None:
    lost = Scan("1.2.28", "s28", 28, None, "")
    assert [row["code"] for row in told([scan_at(-3, tmtv=9.0), lost])["refusals"]] == ["INTERNAL"]


def test_where_criteria_differ_is_asked_time_point_by_time_point(scan_at: Callable[..., Any]) -> None:
    said = told([scan_at(-3, suv_max=20.0, suv_peak=18.0), scan_at(29, suv_max=9.0, suv_peak=8.0)], readings=(READ,))
    assert all(row["timepoint"] == "M1" for row in said["disagreements"])
    by_reader = [row for row in said["responses"] if row["assessor"] == "reader R" and row["criterion"].startswith("lugano_pet")]
    assert [row["category"] for row in by_reader] == ["CMR"]


def test_provenance_leads_to_steps_and_versions(scan_at: Callable[..., Any]) -> None:
    rows = dict(told([scan_at(-3, tmtv=9.0)])["provenance"])
    assert rows["TT (day −3), step of the store"] == "step-3"
    assert rows["TT (day −3), study"] == "1.2.-3"
    assert rows["Methods"].startswith("measure@")
    assert len(rows["Protocol, digest"]) == 64
    other = replace(A, product="tisa-cel")
    assert (
        dict(told([scan_at(-3, tmtv=9.0)], patient=other)["provenance"])["Course, step of the store"] != rows["Course, step of the store"]
    )


def test_no_calendar_date_is_in_the_content(scan_at: Callable[..., Any]) -> None:
    late = replace(A, progression_date=dt.date(2024, 9, 1), last_contact_date=dt.date(2024, 12, 1))
    assert "2024" not in repr(told([scan_at(-3, tmtv=9.0), refused(28)], patient=late, readings=(READ,)))


def test_without_infusion_and_scans_there_is_still_content() -> None:
    said = told([], patient=Patient(patient_id="A"))
    assert (said["scans"], said["responses"], said["patient"]["infused"]) == ([], [], False)
    assert [row["code"] for row in said["flags"]] == ["PATIENT_WITHOUT_SCANS"]


def test_every_code_on_the_page_has_its_sentence(scan_at: Callable[..., Any]) -> None:
    said = told([scan_at(-3, tmtv=9.0, suv_max=8.0), refused(28)], readings=(READ,))
    named = {code for row in (*said["responses"], *said["findings"]) for code in row["flags"]}
    named |= {code for one in said["scans"] for code in (*one["flags"], *one["refused"])}
    assert "WEIGHT_MISSING" in named
    assert [code for code in sorted(named) if " " not in said["says"][code]] == []
    assert [row["because"] for row in said["responses"] if "WEIGHT_MISSING" in row["because"]] == []


def test_readers_who_disagree_are_told_with_their_calls(scan_at: Callable[..., Any]) -> None:
    other = replace(READ, reader="S", deauville="4", metabolic_response="PMR")
    said = told([scan_at(-3, suv_max=20.0, suv_peak=18.0), scan_at(29, suv_max=9.0, suv_peak=8.0)], readings=(READ, other))
    (row,) = said["disputes"]
    assert (row["timepoint"], row["day"], [name for name, _ in row["readers"]]) == ("M1", 29, ["reader R", "reader S"])
    assert [dict(calls)["deauville"] for _, calls in row["readers"]] == ["2", "4"]
    assert [trigger for trigger, _ in row["triggers"]] == ["CATEGORY_DIFFERS", "DEAUVILLE_ACROSS_3_4"]


def test_the_page_has_words_for_every_event_and_all_that_may_be_left() -> None:
    assert {*EVENTS, *QUIET_EVENTS} == {*Event, NO_REGION}
    assert set(LEFT) == set(Above)
    assert set(NOT_KNOWN) == set(NotKnown)
