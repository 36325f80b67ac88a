"""Contract: refused edits leave memory as it was, later rooms begin where earlier ones ended."""

from __future__ import annotations

import pytest

from carpet.core.errors import Refused
from carpet.review.cases import CaseState
from carpet.review.edits import Deauville, SetStatus
from carpet.review.roles import Person, Role

from .conftest import Opened

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
