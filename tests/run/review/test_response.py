"""Truth: the stored rows. Without an edit the response is the one that `carpet run` has stored; a score decides the reader's."""

from __future__ import annotations

from carpet.review.edits import Deauville, NewLesions
from carpet.review.roles import Person, Role
from carpet.run.review.response import Reviewed, response_rows_of
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


def test_the_readers_score_decides_the_readers_response(single: Opened) -> None:
    room = single.room
    room.sign(room.case("A/TT"), REA, if_match=0)
    seen = room.edit(room.case("A/M1"), Deauville(score="5"), REA, if_match=0)
    seen = room.edit(seen.case, NewLesions(present=True), REA, if_match=seen.version)
    rows = {(row["criterion"].split("@")[0], row["assessor"]): row["category"] for row in room.responses(seen)}
    assert rows["lugano_pet", "reader Rea"] == "PMD"
    assert {assessor for _, assessor in rows} == {"carpet", "reader Rea"}  # Dr R of readings.csv is not shown
