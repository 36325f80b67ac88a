"""Contract: a course is one step: the same facts the same ids, another fact another step; its records lead back to the scans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading
from carpet.clinical.scans import ScanRow
from carpet.core.protocol import DayWindow, Protocol
from carpet.run.store import open_store
from carpet.run.trial.course import course_of
from carpet.run.trial.notices import CORRECTION_WITHOUT_SCAN, CT_TABLE_SET_ASIDE, TRACKS_NOT_ALIGNED
from carpet.run.trial.running import ready_trial
from carpet.run.trial.steps import course_result, scan_in_store, stored_scan, stored_scans
from carpet.run.trial.tracks import CourseTracks

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
    accepted = ScanRow(patient_id="A", date=dt.date(2024, 3, 30), accept_recon_change="Dr B")
    assert result(scans, ClinicalTables((A,), scans=(accepted,))).step.key != one.step.key


def test_a_row_that_gave_way_makes_another_step(scan_at: Callable[..., Any]) -> None:
    course = course_of(A, [scan_at(-2, tmtv=10.0)], ClinicalTables((A,)), Protocol())
    one, two = (replace(course, flags=(CT_TABLE_SET_ASIDE.at("ct_targets.csv", f"{n} rows left out"),)) for n in (3, 4))
    assert course_result(one, Protocol()).step.key != course_result(two, Protocol()).step.key


def test_responses_lead_back_to_both_scans(scan_at: Callable[..., Any]) -> None:
    scans = [scan_at(-2, suv_max=10.0), scan_at(29, suv_max=3.0)]
    records = result(scans, ClinicalTables((A,))).step.records
    assessed = [one for one in records if one.kind == "assessment" and not one.name.startswith(("best ", "conversion "))]
    assert {one.name.split()[0] for one in assessed} == {"M1"}
    assert all(one.parents == tuple(scan.study.id for scan in scans) for one in assessed)
    assert {one.kind for one in records} == {"assessment", "measurement", "missing", "flag"}


def test_tracks_tell_their_notices_and_make_another_step(scan_at: Callable[..., Any]) -> None:
    course = course_of(A, [scan_at(-2, tmtv=10.0), scan_at(29, tmtv=5.0)], ClinicalTables((A,)), Protocol())
    alone = course_result(course, Protocol())
    flag, refusal = TRACKS_NOT_ALIGNED.at("M1"), CORRECTION_WITHOUT_SCAN.at("track_corrections.csv row 2, column date")
    tracks = CourseTracks((), {"1.2.29": None}, (flag,), (refusal,), "key of the tracks")
    made = course_result(course, Protocol(), tracks)
    assert (made.flags[-1], made.refusals[-1], made.tracks) == (flag, refusal, tracks)
    assert made.step.key != alone.step.key
    # they stand in the tracks' own step
    assert not {flag.code, refusal.code} & {one.payload.get("code") for one in made.step.records}


def test_a_stored_scan_has_its_values_and_a_refused_one_its_reasons(ran: Path) -> None:
    with ready_trial(ran, lambda step: None) as ready, open_store(ready.trial.store) as store:
        patient = ready.tables.patient("C")
        assert patient is not None
        first, second = (stored_scan(store, one, patient, ready.trial.protocol) for one in ready.studies["C"])
        assert (first.day, first.value("tmtv")["unit"], bool(first.lesions)) == (-4, "mL", True)
        assert (second.day, second.study, [one.payload["code"] for one in second.refusals]) == (28, None, ["WEIGHT_MISSING"])
        stale = stored_scan(store, ready.studies["C"][0], patient, Protocol(suv={"uptake_window_min": (1.0, 2.0)}))
        assert (stale.study, stale.values) == (None, ())


def test_the_scans_of_a_course_are_found_again_without_the_files(ran: Path) -> None:
    with ready_trial(ran, lambda step: None) as ready, open_store(ready.trial.store) as store:
        patient = ready.tables.patient("C")
        assert patient is not None
        from_files = [stored_scan(store, one, patient, ready.trial.protocol) for one in ready.studies["C"]]
        kept = stored_scans(store, patient)
        assert [(one.study_uid, one.short, one.day, one.step) for one in from_files] == list(kept)
        assert [scan_in_store(store, *one).values for one in kept] == [one.values for one in from_files]
        assert stored_scans(store, Patient(patient_id="nobody")) == ()
        assert scan_in_store(store, "1.2", "s", 3, "0" * 64).study is None
