"""Contract: cases are planned once and follow their scans; a room with accounts needs one, and two readers need accounts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from carpet.core.errors import Refused
from carpet.review.blinding import waits_for
from carpet.review.cases import Planned
from carpet.review.roles import Person, Role
from carpet.run.review.history import CARPET, open_history
from carpet.run.review.opening import open_room, plan_cases
from carpet.run.review.people import People
from carpet.run.review.readings import FOLDER
from carpet.run.review.room import PatientScans, Room
from carpet.run.review.views import queue_view

from .conftest import Clock, Opened, Rooms, copied


def test_every_measured_time_point_is_a_case_once(single: Opened) -> None:
    names = [one.id for one in single.room.history.cases()]
    assert names == ["A/TT", "A/M1", "A/M3", "B/TT", "B/M1", "C/TT"]
    head = single.room.history.head()
    plan_cases(single.room)
    assert single.room.history.head() == head


def test_a_room_with_accounts_needs_some(ran: Path, tmp_path: Path) -> None:
    folder = copied(ran, tmp_path / "trial")
    with pytest.raises(Refused, match="REVIEW_ACCOUNTS_NONE"), open_room(folder, only=None, now=Clock(), say=lambda step: None):
        pass
    assert not (folder / FOLDER / "README.txt").exists()  # which would say that there is a history


def test_a_trial_with_two_readers_is_not_opened_for_one(ran: Path, tmp_path: Path) -> None:
    folder = copied(ran, tmp_path / "trial")
    toml = folder / "trial.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("\nreaders = 1\n", "\nreaders = 2\n"), encoding="utf-8")
    with pytest.raises(Refused, match="REVIEW_TWO_READERS"), open_room(folder, only="Rea", now=Clock(), say=lambda step: None):
        pass
    assert not (folder / FOLDER).exists()


def test_cases_nobody_has_begun_follow_the_protocol(rooms: Rooms) -> None:
    alone = rooms(only="Rea")
    one = alone.browser().arrive()
    assert one.post("/api/cases/A/TT/sign", {}, version=0).status_code == 200
    protocol = alone.room.trial.protocol
    review = protocol.review.model_copy(update={"readers": 2})
    trial = replace(alone.room.trial, protocol=protocol.model_copy(update={"review": review}))
    plan_cases(replace(alone.room, trial=trial, people=People(dict(rooms.accounts), alone.clock)))
    begun, other = alone.room.history.case("A/TT"), alone.room.history.case("A/M1")
    assert (begun.rules.readers, begun.all_signed) == (1, True)
    assert (other.rules.readers, other.readings) == (2, ())
    last = alone.room.history.events("A/M1")[-1]
    assert (last.act, last.old["rules"]["readers"], last.new["rules"]["readers"]) == ("replanned", 1, 2)


def on_day(room: Room, shift: int) -> Room:
    """The room of the same trial after its infusion date was corrected by so many days."""
    patient = room.patients["A"]
    course = patient.course
    moved = {name: replace(scan, day=(scan.day or 0) + shift) for name, scan in course.at.items()}
    return replace(room, patients={**room.patients, "A": replace(patient, course=replace(course, at=moved, scans=tuple(moved.values())))})


def test_a_case_moves_with_its_scan(single: Opened) -> None:
    one = single.browser().arrive()
    assert one.post("/api/cases/A/TT/sign", {}, version=0).status_code == 200
    before = single.room.history.case("A/TT")
    after = on_day(single.room, -1)
    with pytest.raises(Refused, match="REVIEW_TRIAL_STALE"):
        after.case("A/TT")
    plan_cases(after)
    case = after.case("A/TT")
    assert (case.day, case.stands, case.study) == (before.day - 1, "Rea", before.study)
    assert after.history.events("A/TT")[-1].old["day"] == before.day
    head = after.history.head()
    plan_cases(after)
    assert after.history.head() == head


def with_scan_of(room: Room, timepoint: str, other: str) -> Room:
    """The room of the same trial where the scan of one time point of A stands for another."""
    patient = room.patients["A"]
    at = {timepoint: patient.course.at[other]}
    found = PatientScans(replace(patient.course, at=at), patient.tracks, {timepoint: patient.studies[other]}, patient.there)
    return replace(room, patients={**room.patients, "A": found})


def test_another_scan_of_the_same_time_point_is_another_case(single: Opened) -> None:
    one = single.browser().arrive()
    assert one.post("/api/cases/A/TT/sign", {}, version=0).status_code == 200
    patient = single.room.patients["A"]
    gone = replace(patient, studies={"TT": replace(patient.studies["TT"], study_uid="1.2.3")}, there=frozenset({"1.2.3"}))
    after = replace(single.room, patients={**single.room.patients, "A": gone})
    plan_cases(after)
    names = [case.id for case in after.history.cases() if case.patient == "A" and case.timepoint == "TT"]
    assert sorted(names) == ["A/TT", f"A/TT~{gone.studies['TT'].short}"]
    with pytest.raises(Refused, match="REVIEW_SCAN_GONE"):
        after.case("A/TT")
    assert after.case_at("A", "TT") == f"A/TT~{gone.studies['TT'].short}"
    version = after.history.case("A/TT").version_of("Rea")
    unlocked = one.post("/api/cases/A/TT/unlock", {"reason": "the scan has gone"}, version=version)
    assert unlocked.status_code == 200
    superseded = replace(gone, there=gone.there | patient.there)
    with pytest.raises(Refused, match="REVIEW_NO_TIME_POINT"):
        replace(after, patients={**after.patients, "A": superseded}).case("A/TT")


def test_no_later_scan_waits_for_one_that_cannot_be_read(single: Opened) -> None:
    room, reader = single.room, Person("Rea", Role.READER)
    patient = room.patients["A"]
    studies = {name: one for name, one in patient.studies.items() if name != "TT"}
    gone = replace(patient, studies=studies, there=patient.there - {patient.studies["TT"].study_uid})
    for now, waits in ((gone, ()), (patient, ("A/TT",))):
        after = replace(room, patients={**room.patients, "A": now})
        plan_cases(after)
        assert waits_for(after.case("A/M1"), after.history.cases(), reader) == waits
        shown = [one["case"] for one in queue_view(after, reader)["cases"]]
        assert ("A/TT" in shown) is bool(waits)
    assert [one.act for one in room.history.events("A/TT")][-2:] == ["left_out", "left_out"]


def test_cases_of_a_patient_who_is_no_more_in_the_table_are_left_out(single: Opened) -> None:
    room = single.room
    others = {name: one for name, one in room.patients.items() if name != "A"}
    for patients, left_out in ((others, True), (room.patients, False)):
        after = replace(room, patients=patients)
        plan_cases(after)
        assert {one.left_out for one in after.history.cases() if one.patient == "A"} == {left_out}
        assert not any(one.left_out for one in after.history.cases() if one.patient == "B")
        shown = {one["patient"] for one in queue_view(after, Person("Rea", Role.READER))["cases"]}
        assert ("A" in shown) is not left_out


def test_a_begun_case_keeps_its_scan_at_another_time_point(single: Opened) -> None:
    one = single.browser().arrive()
    assert one.post("/api/cases/A/TT/sign", {}, version=0).status_code == 200
    after = with_scan_of(single.room, "TD", "TT")
    plan_cases(after)
    assert (after.case("A/TT").timepoint, after.case("A/TT").stands) == ("TD", "Rea")
    with pytest.raises(Refused, match="REVIEW_NO_TIME_POINT"):
        after.case("A/M1")


def test_a_case_of_an_older_version_finds_its_scan_by_its_day(rooms: Rooms) -> None:
    opened = rooms(only="Rea")
    history = rooms.stack.enter_context(open_history(rooms.folder / "old.sqlite"))
    rules = opened.room.trial.protocol.review
    day = opened.room.patients["A"].course.at["TT"].day
    assert day is not None
    history.append("A/TT", Planned(patient="A", timepoint="TT", day=day, rules=rules), opened.room.stamp(CARPET), if_match=0)
    plan_cases(replace(opened.room, history=history))
    assert history.case("A/TT").study == opened.room.patients["A"].studies["TT"].study_uid
