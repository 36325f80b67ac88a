"""Contract: a reader's call stands before the numbers', which are marked; what is missing, refused or disputed is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import Protocol
from carpet.run.trial.course import Scan, course_of
from carpet.run.trial.overview import natural, overview_row
from carpet.run.trial.steps import course_result

INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
M1 = Reading(patient_id="A", date=INFUSED + dt.timedelta(29), reader="R", deauville="2", metabolic_response="CMR", new_lesions=False)
M3 = replace(M1, date=INFUSED + dt.timedelta(91), deauville="5", metabolic_response="PMR")
NAMES = ("TT", "M1", "M3", "M6")


def row(scans: list[Any], *readings: Reading, links: Any = None) -> dict[str, Any]:
    tables = ClinicalTables((A,), readings=readings)
    return overview_row(course_result(course_of(A, scans, tables, Protocol()), Protocol()), NAMES, links or {})


def scans(scan_at: Callable[..., Any]) -> list[Any]:
    return [scan_at(-3, tmtv=40.0, suv_max=20.0, suv_peak=18.0), scan_at(29, tmtv=9.0, suv_max=9.0), scan_at(91, tmtv=8.0, suv_max=3.5)]


def shown(cell: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(one["category"], one["deauville"], one["numbers"]) for one in cell["calls"]]


def test_the_reader_stands_before_the_numbers_which_are_marked(scan_at: Callable[..., Any]) -> None:
    told = row(scans(scan_at), M1, links={"1.2.29": "A/x/report.html"})
    baseline, m1, m3, m6 = told["cells"]
    assert (baseline["baseline"], baseline["scan"], shown(baseline)) == (True, True, [])
    assert (shown(m1), m1["day"], m1["report"], m1["unlike"]) == ([("CR", "2", False)], "day 29", "A/x/report.html", "PR")
    assert shown(m3) == [("PR", "4", True)]
    assert (m6["scan"], m6["day"], m6["calls"]) == (False, "", [])


def test_best_is_of_readers_who_called_every_time_point(scan_at: Callable[..., Any]) -> None:
    def best(*readings: Reading) -> list[tuple[str, bool]]:
        return [(one["category"], one["numbers"]) for one in row(scans(scan_at), *readings)["best"]]

    assert best(M1) == [("PR", True)]
    assert best(M1, M3) == [("CR", False)]
    assert best(M1, M3, replace(M1, reader="S")) == [("CR", False)]
    assert row([], M1)["best"] == [{"category": "CR", "kind": "complete", "numbers": False}]
    assert row([])["best"] == []


def test_readers_who_agree_share_a_call_and_others_are_disputed(scan_at: Callable[..., Any]) -> None:
    agreed = row(scans(scan_at), M1, replace(M1, reader="S", deauville="1"))["cells"][1]
    assert (shown(agreed), agreed["disputed"]) == ([("CR", "2, 1", False)], False)
    differ = row(scans(scan_at), M1, replace(M1, reader="S", deauville="4", metabolic_response="PMR"))["cells"][1]
    assert (shown(differ), differ["disputed"]) == ([("CR", "2", False), ("PR", "4", False)], True)


def test_a_refused_scan_and_one_of_no_time_point(scan_at: Callable[..., Any]) -> None:
    told = row([scan_at(-3, tmtv=9.0), Scan("1.2.29", "s", 29, None, ""), scan_at(60, tmtv=1.0)], links={"1.2.60": "A/y/report.html"})
    assert told["cells"][1]["refused"].startswith("carpet failed on this examination")
    assert told["cells"][1]["scan"] is False
    assert told["others"] == [{"day": "day 60", "report": "A/y/report.html", "refused": False}]


def test_ids_stand_in_the_order_of_their_numbers() -> None:
    assert sorted(["P10", "P2", "A", "10", "9"], key=natural) == ["9", "10", "A", "P2", "P10"]
