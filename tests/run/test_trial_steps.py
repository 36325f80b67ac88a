"""Contract: a course is one step: the same facts the same ids, another fact another step; its records lead back to the scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.core.errors import Severity
from carpet.core.protocol import DayWindow, Protocol
from carpet.run.store import open_store
from carpet.run.trial import ready_trial
from carpet.run.trial_course import course_of
from carpet.run.trial_notices import STUDY_UNDATED
from carpet.run.trial_steps import course_result, notice_of, stored_scan

A = Patient(patient_id="A", infusion_date=dt.date(2024, 3, 1), bridging=False)


def result(scans: list[Any], tables: ClinicalTables, protocol: Protocol | None = None) -> Any:
    return course_result(course_of(A, scans, tables, protocol or Protocol()), protocol or Protocol())


def test_the_same_facts_are_the_same_step(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-2, tmtv=10.0), scan_at(29, tmtv=5.0)]
    one = result(scans, ClinicalTables((A,)))
    assert result(scans[::-1], ClinicalTables((A,))).step.key == one.step.key
    read = ClinicalTables((A,), readings=(Reading(patient_id="A", date=dt.date(2024, 3, 30), reader="R", deauville="2"),))
    assert result(scans, read).step.key != one.step.key
    windows = {"TT": DayWindow(first_day=-9, last_day=-1, nominal_day=-1)}
    assert result(scans, ClinicalTables((A,)), Protocol(timepoints=windows)).step.key != one.step.key


def test_responses_lead_back_to_both_scans(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)]
    records = result(scans, ClinicalTables((A,))).step.records
    assessed = [one for one in records if one.kind == "assessment"]
    assert {one.name.split()[0] for one in assessed} == {"M1"}
    assert all(one.parents == tuple(scan.study.id for scan in scans) for one in assessed)
    assert {one.kind for one in records} == {"assessment", "measurement", "missing", "flag"}


def test_a_notice_comes_back_as_it_was() -> None:
    notice = STUDY_UNDATED.at("1.2", "x")
    assert notice_of(notice.as_dict()) == notice
    assert notice_of(notice.as_dict()).severity is Severity.ERROR


def test_a_stored_scan_has_its_values_and_a_refused_one_its_reasons(ran: Path) -> None:
    with ready_trial(ran, lambda step: None) as ready, open_store(ready.trial.store) as store:
        patient = ready.tables.patient("C")
        assert patient is not None
        first, second = (stored_scan(store, one, patient, ready.trial.protocol) for one in ready.studies["C"])
        assert (first.day, first.value("tmtv")["unit"], bool(first.lesions)) == (-4, "mL", True)
        assert (second.day, second.study, [one.payload["code"] for one in second.refusals]) == (28, None, ["WEIGHT_MISSING"])
        stale = stored_scan(store, ready.studies["C"][0], patient, Protocol(suv={"uptake_window_min": (1.0, 2.0)}))
        assert (stale.study, stale.values) == (None, ())
