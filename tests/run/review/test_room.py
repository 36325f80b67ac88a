"""Contract: refused edits leave memory as it was, later rooms begin where earlier ones ended."""

from __future__ import annotations

import pytest

from carpet.core.errors import Refused
from carpet.review.cases import CaseState
from carpet.review.edits import Deauville, SetStatus
from carpet.review.roles import Person, Role
from carpet.run.review.history import Conflict

from .conftest import Opened, Rooms

REA = Person("Rea", Role.READER)


def test_numbers_are_those_of_the_history_whoever_asked_before(single: Opened) -> None:
    room = single.room
    case = room.case("A/TT")
    name = room.base(case).lesions[2].id
    with pytest.raises(Refused):
        room.edit(case, SetStatus(lesion="L99", status="disease"), REA, if_match=0)
    seen = room.edit(case, SetStatus(lesion=name, status="undecided"), REA, if_match=0)
    with pytest.raises(Refused, match="REVIEW_UNDECIDED_LEFT"):
        room.sign(seen.case, REA, if_match=seen.version)
    assert room.history.case("A/TT").version_of("Rea") == seen.version
    again = room.of(room.history.case("A/TT"), "Rea")
    assert again.numbers.values == seen.numbers.values


def test_an_edit_is_never_kept_before_it_was_made(single: Opened) -> None:
    """The page of a request may know a version that the request's own look at the case did not."""
    room = single.room
    stale = room.case("A/TT")
    now = room.edit(stale, Deauville(score="4"), REA, if_match=0).case
    head = room.history.head()
    with pytest.raises(Refused, match="EDIT_UNKNOWN_LESION"):
        room.edit(stale, SetStatus(lesion="L999", status="disease"), REA, if_match=now.version_of("Rea"))
    with pytest.raises(Conflict):
        room.edit(stale, SetStatus(lesion="L999", status="disease"), REA, if_match=now.version_of("Rea") + 1)
    assert room.history.head() == head
    assert room.sign(stale, REA, if_match=now.version_of("Rea")).readings[0].conclusion.deauville == "4"  # type: ignore[union-attr]


def test_clinical_data_are_hidden_where_the_protocol_says(rooms: Rooms) -> None:
    hidden, shown = (rooms(only="Rea", clinical=one).room for one in ("hidden", "shown"))
    measured = [name for name, one in shown.patients.items() if one.course.ct_targets]
    assert measured
    for room, there in ((hidden, False), (shown, True)):
        seen = room.of(room.case(f"{measured[0]}/M1"), "Rea")
        assert bool(room.on_ct(seen)) is there
        said = {row["criterion"].split("@")[0]: row["because"] for row in room.responses(seen)}
        assert ("no CT was measured" in said["lugano_ct"]) is not there


def test_who_signs_says_what_the_reading_says(single: Opened) -> None:
    room = single.room
    seen = room.edit(room.case("A/TT"), Deauville(score="4"), REA, if_match=0)
    done = room.sign(seen.case, REA, if_match=seen.version)
    said = done.readings[0].conclusion
    assert said is not None
    tmtv = seen.numbers.value("tmtv")
    assert (said.deauville, said.category, said.tmtv_ml) == ("4", None, getattr(tmtv, "value", None))
    assert done.state is CaseState.SETTLED
    later = room.edit(room.case("A/M1"), Deauville(score="2"), REA, if_match=0)
    told = room.conclusion(later)
    assert (told.category, told.progression_day, told.no_progression) == ("CR", None, True)


def test_an_unlocked_reading_goes_on_where_it_was(single: Opened) -> None:
    room = single.room
    done = room.sign(room.case("A/TT"), REA, if_match=0)
    opened = room.unlock(done, REA, None, "wrong patient", if_match=done.version_of("Rea"))
    assert opened.state is CaseState.READING
    assert opened.readings[0].voided[0].reason == "wrong patient"
