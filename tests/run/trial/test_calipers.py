"""Contract: what was measured in the reading room stands among the CT lesions, named by its track, in the table's row's place."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from carpet.clinical import Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.response.time_points import Schedule
from carpet.run.store import Stored
from carpet.run.trial.calipers import CaliperRead, kinds_apart, read_on_ct, with_calipers
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.tracks import CourseTracks

INFUSED = dt.date(2024, 3, 1)
TRACKS = CourseTracks(({"study_uid": "1.2", "track": "T01", "lesion_ids": ["L01", "L04"]},))
NODE = CaliperRead("P1", "M1", 29, "Rea", "L04", "", None, True, "present").measured(21.04, 12.0)


def region(name: str, kind: str) -> Stored:
    said: dict[str, Any] = dict.fromkeys(("chain", "step", "run", "who", "role", "reason", "created_at", "digest"), "")
    return Stored(kind="lesion", payload={"lesion_id": name, "kind": kind}, name=name, id=name, sequence=1, **said)


def course(*calipers: CaliperRead, table: tuple[CtTarget, ...] = ()) -> Course:
    scan = Scan("1.2", "s", 29, None, "", (region("L04", "nodal"), region("L05", "marrow")))
    schedule = Schedule(baseline=None, day_of={"M1": 29}, notices=())
    patient = Patient(patient_id="P1", infusion_date=INFUSED)
    return Course(patient, (scan,), schedule, {"M1": scan}, {}, ct_targets=table, calipers=calipers)


def rows(one: Course) -> list[tuple[str, str, float | None, float | None, str]]:
    return [(row.lesion, row.kind, row.ldi_mm, row.sdi_mm, row.status) for row in with_calipers(one, TRACKS).ct_targets]


def test_a_lesion_is_named_by_its_track_by_its_reader_or_by_its_region() -> None:
    named = replace(NODE, name="n1", counts_as="extranodal")
    alone = replace(NODE, lesion="L05", seen="new")
    gone = CaliperRead("P1", "M1", 29, "Rea", None, "n2", "node", True, "absent")
    assert rows(course(NODE, named, alone, gone)) == [
        ("T01", "node", 21.0, 12.0, "present"),
        ("n1", "extranodal", 21.0, 12.0, "present"),
        ("M1 L05", "extranodal", 21.0, 12.0, "new"),
        ("n2", "node", None, None, "absent"),
    ]
    assert {row.date for row in with_calipers(course(NODE), TRACKS).ct_targets} == {INFUSED + dt.timedelta(29)}


def test_it_takes_the_place_of_the_tables_row_and_of_no_other() -> None:
    date = INFUSED + dt.timedelta(29)
    table = tuple(
        CtTarget(patient_id="P1", date=date, lesion=name, kind="node", ldi_mm=40.0, sdi_mm=30.0, target=True, status="present")
        for name in ("T01", "T02")
    )
    assert rows(course(NODE, table=table)) == [("T02", "node", 40.0, 30.0, "present"), ("T01", "node", 21.0, 12.0, "present")]


def test_of_a_region_or_scan_that_is_not_there_nothing_is_known() -> None:
    assert rows(course(replace(NODE, lesion="L99"))) == []
    assert rows(course(replace(NODE, timepoint="M3"))) == []
    bare = course()
    assert with_calipers(bare, TRACKS) is bare
    assert rows(replace(course(NODE), patient=Patient(patient_id="P1"))) == []


def test_the_last_word_on_a_lesion_of_a_day_counts() -> None:
    gone = CaliperRead("P1", "M1", 29, "Rea", None, "T01", "node", True, "absent", edit=7)
    assert rows(course(NODE, gone)) == [("T01", "node", None, None, "absent")]
    assert [(read.edit, row.lesion) for read, row in read_on_ct(course(NODE, gone), TRACKS)] == [(7, "T01")]
    assert rows(course(gone, NODE)) == [("T01", "node", 21.0, 12.0, "present")]


def test_two_kinds_of_one_lesion_are_told() -> None:
    def row(day: int, lesion: str, kind: str) -> CtTarget:
        date = INFUSED + dt.timedelta(day)
        return CtTarget(patient_id="P1", date=date, lesion=lesion, kind=kind, ldi_mm=40.0, sdi_mm=30.0, target=True, status="present")

    table = (row(29, "n1", "extranodal"), row(-4, "n1", "node"), row(-4, "n2", "node"), row(29, "n2", "node"))
    assert kinds_apart(course(table=table)) == (("n1", "extranodal", "node"),)
    assert kinds_apart(course(table=table[1:])) == ()
