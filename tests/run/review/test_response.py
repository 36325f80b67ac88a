"""Truth: the stored rows. Without an edit the response is the one that `carpet run` has stored; a score decides the reader's."""

from __future__ import annotations

from carpet.review.edits import Deauville, NewLesions, SetStatus
from carpet.review.roles import Person, Role
from carpet.run.review.response import Reviewed, followed_anew, response_rows_of
from carpet.run.review.views import changeable
from carpet.run.trial.response import response_rows

from .conftest import Opened

REA = Person("Rea", Role.READER)


def test_without_an_edit_it_is_as_stored(single: Opened) -> None:
    room, patient = single.room, single.room.patients["B"]
    case = room.history.case("B/M1")
    reviewed = Reviewed("M1", room.base(case), None)
    here = {row["criterion"]: row for row in response_rows_of(patient.course, patient.tracks, (reviewed,), room.trial.protocol)}
    rows, _ = response_rows(patient.course, room.trial.protocol, tracks=patient.tracks)
    stored = {row["criterion"]: row for row in rows if (row["timepoint"], row["assessor"]) == ("M1", "carpet")}
    assert here == stored
    assert not followed_anew(patient.course, (reviewed,))


def test_what_is_new_by_the_numbers_waits_for_the_run_where_regions_were_changed(single: Opened) -> None:
    room = single.room
    before = next(one for one in room.base(room.case("A/TT")).lesions if one.status == "disease")
    seen = room.edit(room.case("A/TT"), Deauville(score="4"), REA, if_match=0)
    assert not room.followed_anew(seen)
    seen = room.edit(seen.case, SetStatus(lesion=before.id, status="physiologic"), REA, if_match=seen.version)
    assert room.followed_anew(seen)
    room.sign(seen.case, REA, if_match=seen.version)
    later = changeable(room, room.edit(room.case("A/M1"), Deauville(score="2"), REA, if_match=0))["response"]
    assert {(row["by"], row["provisional"]) for row in later} == {("reader Rea", False), ("carpet", True)}


def test_the_readers_score_decides_the_readers_response(single: Opened) -> None:
    room = single.room
    room.sign(room.case("A/TT"), REA, if_match=0)
    seen = room.edit(room.case("A/M1"), Deauville(score="5"), REA, if_match=0)
    seen = room.edit(seen.case, NewLesions(present=True), REA, if_match=seen.version)
    rows = {(row["criterion"].split("@")[0], row["assessor"]): row["category"] for row in room.responses(seen)}
    assert rows["lugano_pet", "reader Rea"] == "PMD"
    assert {assessor for _, assessor in rows} == {"carpet", "reader Rea"}  # Dr R of readings.csv is not shown
