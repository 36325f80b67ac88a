"""Truth: METHODS D.1, D.2: which CT belongs to which time point, and the marrow that a reader saw, by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.readings import Reading
from carpet.core.errors import Notice
from carpet.core.protocol import Protocol
from carpet.response.ct_scans import CtCourse
from carpet.response.rule import Verdict
from carpet.run.trial.by_ct import as_read, by_ct, ct_course, marrow_involved
from carpet.run.trial.course import Course, course_of
from carpet.run.trial.moments import Assessor, Moment, NoCall

INFUSED = dt.date(2024, 3, 1)
A = Patient(patient_id="A", infusion_date=INFUSED, bridging=False)
NUMBERS = Assessor("carpet", None, False, None, ())
RULED = Verdict("lugano_ct@1", "PR", "CT-PR", "why")


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(days=day)


def ct(day: int, ldi: float = 20.0, name: str = "n1") -> CtTarget:
    return CtTarget(patient_id="A", date=on(day), lesion=name, kind="node", ldi_mm=ldi, sdi_mm=10, target=True, status="present")


def read(day: int, reader: str = "R", **said: Any) -> Reading:
    return Reading(patient_id="A", date=on(day), reader=reader, **said)


def course(scan_at: Callable[..., Any], *rows: CtTarget, readings: tuple[Reading, ...] = ()) -> Course:
    return course_of(A, [scan_at(-2), scan_at(29)], ClinicalTables((A,), ct_targets=rows, readings=readings), Protocol())


def at(ct_day: int | None) -> Moment:
    return Moment("M1", 29, None, ct_day, ())


def refusing(notices: list[Notice]) -> Callable[[Notice], None]:
    return notices.append


def test_the_course_of_ct_ends_at_the_time_point(scan_at: Callable[..., Any]) -> None:
    found = ct_course(course(scan_at, ct(-20), ct(-4), ct(7), ct(31), ct(90)), at(31), NUMBERS, refuse=refusing([]))
    assert isinstance(found, CtCourse)
    assert [scan.day for scan in found.scans] == [-4, 7, 31]  # the CT before infusion that is nearest to the baseline PET


def test_why_there_is_no_course_of_ct(scan_at: Callable[..., Any]) -> None:
    notices: list[Notice] = []

    def why(*rows: CtTarget, day: int | None = 31) -> Any:
        return ct_course(course(scan_at, *rows), at(day), NUMBERS, refuse=refusing(notices))

    assert why() == NoCall("no CT was measured (ct_targets.csv)")
    assert why(ct(31)) == NoCall("no CT at baseline (ct_targets.csv)")
    assert why(ct(-4), day=None) == NoCall("no CT at this time point (ct_targets.csv)")
    assert notices == []
    assert why(ct(-4), ct(31), ct(31, name="n2")) == NoCall("refused: CT_BASELINE_MISSING", ("CT_BASELINE_MISSING",))
    assert [one.code for one in notices] == ["CT_BASELINE_MISSING"]


def test_a_lesion_listed_late_names_its_row_and_leaves_the_response_open(scan_at: Callable[..., Any]) -> None:
    notices: list[Notice] = []
    late = CtTarget(row=7, patient_id="A", date=on(31), lesion="n9", kind="node", ldi_mm=30, sdi_mm=20, target=False, status="present")
    found = ct_course(course(scan_at, ct(-4), ct(31), late), at(31), NUMBERS, refuse=refusing(notices))
    assert [(one.code, one.where, one.found) for one in notices] == [
        ("CT_LISTED_LATE", "ct_targets.csv row 7, column status", "present, first listed on day 31")
    ]
    said = by_ct(NUMBERS, found)
    assert isinstance(said, Verdict)
    assert (said.category, said.rule) == ("NE", "CT-NE-rest")


def test_the_marrow_of_a_time_point(scan_at: Callable[..., Any]) -> None:
    readings = (read(29, marrow_involved=False), read(29, "S", marrow_involved=True), read(29, "T"), read(90, marrow_involved=True))
    one = course(scan_at, readings=readings)

    def by(reader: int) -> Assessor:
        return Assessor("reader", readings[reader], False, None, ())

    assert [marrow_involved(one, 31, who) for who in (NUMBERS, by(0), by(1), by(2))] == [True, False, True, True]
    assert marrow_involved(one, -2, NUMBERS) is None
    assert marrow_involved(one, 60, NUMBERS) is None


def test_the_reader_stands_above_the_rules() -> None:
    assert as_read(None, RULED, criterion="lugano_ct@1", compared=True) == RULED
    same, other = (as_read(one, RULED, criterion="lugano_ct@1", compared=True) for one in ("PR", "SD"))
    assert (same.flags, other.flags) == ((), ("READING_DIFFERS",))
    assert isinstance(other, Verdict)
    assert (other.category, other.rule) == ("SD", "READING")
    assert as_read("SD", NoCall("none"), criterion="lugano_ct@1", compared=True).flags == ()


def test_the_response_by_ct(scan_at: Callable[..., Any]) -> None:
    found = ct_course(course(scan_at, ct(-4, 40.0), ct(31, 20.0)), at(31), NUMBERS, refuse=refusing([]))
    called = by_ct(NUMBERS, found)
    assert isinstance(called, Verdict)
    assert called.category == "PR"
    assert by_ct(NUMBERS, NoCall("none")) == NoCall("none")


def test_what_is_said_of_the_marrow_on_the_day_itself_comes_first(scan_at: Callable[..., Any]) -> None:
    one = course(scan_at, readings=(read(27, marrow_involved=True), read(31, marrow_involved=False)))
    assert [marrow_involved(one, day, NUMBERS) for day in (27, 29, 31)] == [True, True, False]
