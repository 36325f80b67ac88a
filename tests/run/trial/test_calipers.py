"""Contract: what was measured in the reading room stands among the CT lesions, named by its track; each row that gives way is told."""

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
NODE = CaliperRead("P1", "M1", 29, "1.2", "Rea", "L04", "", None, True, "present").measured(21.04, 12.0)


def region(name: str, kind: str) -> Stored:
    said: dict[str, Any] = dict.fromkeys(("chain", "step", "run", "who", "role", "reason", "created_at", "digest"), "")
    return Stored(kind="lesion", payload={"lesion_id": name, "kind": kind}, name=name, id=name, sequence=1, **said)


def course(*calipers: CaliperRead, table: tuple[CtTarget, ...] = ()) -> Course:
    scan = Scan("1.2", "s", 29, None, "", (region("L04", "nodal"), region("L05", "marrow")))
    schedule = Schedule(baseline=None, day_of={"M1": 29}, notices=())
    patient = Patient(patient_id="P1", infusion_date=INFUSED)
    return Course(patient, (scan,), schedule, {"M1": scan}, {}, ct_targets=table, calipers=calipers)


def row(day: int, lesion: str, kind: str, *, number: int = 0) -> CtTarget:
    date, size = INFUSED + dt.timedelta(day), {"ldi_mm": 40.0, "sdi_mm": 30.0}
    return CtTarget(row=number, patient_id="P1", date=date, lesion=lesion, kind=kind, **size, target=True, status="present")


def rows(one: Course) -> list[tuple[str, str, float | None, float | None, str]]:
    return [(row.lesion, row.kind, row.ldi_mm, row.sdi_mm, row.status) for row in with_calipers(one, TRACKS).ct_targets]


def test_a_lesion_is_named_by_its_track_by_its_reader_or_by_its_region() -> None:
    named = replace(NODE, name="n1", counts_as="extranodal")
    alone = replace(NODE, lesion="L05", seen="new")
    gone = CaliperRead("P1", "M1", 29, "1.2", "Rea", None, "n2", "node", True, "absent")
    assert rows(course(NODE, named, alone, gone)) == [
        ("T01", "node", 21.0, 12.0, "present"),
        ("n1", "extranodal", 21.0, 12.0, "present"),
        ("M1 L05", "extranodal", 21.0, 12.0, "new"),
        ("n2", "node", None, None, "absent"),
    ]
    assert {row.date for row in with_calipers(course(NODE), TRACKS).ct_targets} == {INFUSED + dt.timedelta(29)}


def test_it_takes_the_place_of_the_tables_row_and_of_no_other() -> None:
    table = (row(29, "T01", "node"), row(29, "T02", "node"))
    assert rows(course(NODE, table=table)) == [("T02", "node", 40.0, 30.0, "present"), ("T01", "node", 21.0, 12.0, "present")]


def flags(one: Course) -> list[tuple[str, str, str]]:
    return [(flag.code, flag.where, flag.found) for flag in with_calipers(one, TRACKS).flags]


def test_each_row_that_gives_way_is_told_and_none_besides() -> None:
    table = (row(29, "T01", "node", number=7), row(29, "T02", "node", number=8), row(-4, "T01", "node", number=2))
    gone = CaliperRead("P1", "M1", 29, "1.2", "Rea", None, "T02", "node", True, "absent")
    assert flags(course(NODE, gone, table=table)) == [
        (
            "CT_ROW_REPLACED",
            "ct_targets.csv row 7, column lesion",
            "T01, node, present, 40 × 30 mm; reader Rea at M1: T01, node, present, 21 × 12 mm",
        ),
        (
            "CT_ROW_REPLACED",
            "ct_targets.csv row 8, column lesion",
            "T02, node, present, 40 × 30 mm; reader Rea at M1: T02, node, absent",
        ),
    ]
    assert flags(course(NODE, table=table[2:])) == []


def test_two_kinds_by_room_and_table_are_told() -> None:
    node = replace(NODE, counts_as="extranodal")
    table = (row(-4, "T01", "node"), row(-4, "T02", "node"), row(90, "T02", "extranodal"))  # T02: told where the table is read
    assert flags(course(node, table=table)) == [("CT_KIND_VARIES", "lesions on CT", "T01: extranodal, first node")]


def test_who_reads_without_the_table_leaves_none_of_its_rows() -> None:
    blind = replace(NODE, alone=True, name="a", counts_as="extranodal")
    table = (row(-4, "a", "node"), row(29, "a", "node"), row(29, "b", "node"))
    assert rows(course(blind, table=table)) == [("a", "extranodal", 21.0, 12.0, "present")]
    assert flags(course(blind, table=table)) == [("CT_TABLE_SET_ASIDE", "ct_targets.csv", "3 rows left out; measured by reader Rea at M1")]
    assert flags(course(blind)) == []
    lost = replace(blind, study_uid="1.3")  # nothing was measured that counts: the table is all there is
    assert len(rows(course(lost, table=table))) == 3
    assert flags(course(lost, table=table)) == []


def test_of_a_region_or_scan_that_is_not_there_nothing_is_known() -> None:
    assert rows(course(replace(NODE, lesion="L99"))) == []
    assert rows(course(replace(NODE, study_uid="1.3"))) == []
    bare = course()
    assert with_calipers(bare, TRACKS) is bare
    assert rows(replace(course(NODE), patient=Patient(patient_id="P1"))) == []


def test_the_last_word_on_a_lesion_of_a_day_counts() -> None:
    gone = CaliperRead("P1", "M1", 29, "1.2", "Rea", None, "T01", "node", True, "absent", edit=7)
    assert rows(course(NODE, gone)) == [("T01", "node", None, None, "absent")]
    assert [(read.edit, row.lesion) for read, row in read_on_ct(course(NODE, gone), TRACKS)] == [(7, "T01")]
    assert rows(course(gone, NODE)) == [("T01", "node", 21.0, 12.0, "present")]


def test_two_kinds_of_one_lesion_are_told() -> None:
    table = (row(29, "n1", "extranodal"), row(-4, "n1", "node"), row(-4, "n2", "node"), row(29, "n2", "node"))
    assert kinds_apart(course(table=table)) == (("n1", "extranodal", "node"),)
    assert kinds_apart(course(table=table[1:])) == ()
