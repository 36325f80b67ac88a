"""Truth: METHODS J and issue 6, state by state: who sees whose reading, which scans, and what waits for whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.core.protocol import ReviewProtocol
from carpet.review.blinding import (
    NOTHING,
    Sight,
    days_seen,
    is_due,
    queue,
    require_in_order,
    require_sight,
    sight,
    streams_seen,
    waits_for,
)
from carpet.review.cases import (
    Adjudicated,
    Assigned,
    Case,
    Compared,
    Disagreement,
    LeftOut,
    Opened,
    Planned,
    Signed,
    choice_of,
    planned,
    take,
)
from carpet.review.roles import Person, Role
from carpet.review.signature import Conclusion, reading_digest, signed

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
CARPET, DI = Person("carpet", Role.MACHINE), Person("di", Role.ADMINISTRATOR)
ANN, BEN, EVE = (Person(name, Role.READER) for name in ("ann", "ben", "eve"))
CY, VI = Person("cy", Role.ADJUDICATOR), Person("vi", Role.VIEWER)
DIFFER = (Disagreement(trigger="TMTV_DIFFERS", because="100.0 and 200.0 mL"),)


def assigned(day: int = 29, *, patient: str = "P007", **rules: Any) -> Case:
    case = planned(Planned(patient=patient, timepoint=f"D{day}", day=day, rules=ReviewProtocol(**{"readers": 2} | rules)), CARPET)
    return take(case, Assigned(readers=("ann", "ben")[: case.rules.readers], adjudicator="cy" if case.rules.readers == 2 else ""), by=DI)


def signed_by(case: Case, *people: Person) -> Case:
    for person in people:
        case = take(case, Opened(), by=person)
        digest = reading_digest(case.id, person.name, standing=(), conclusion=Conclusion())
        act = Signed(signature=signed(person.name, digest, at=AT, meaning="reading"), conclusion=Conclusion())
        case = take(case, act, by=person)
    return case


def compared(case: Case, *, differ: bool) -> Case:
    return take(case, Compared(disagreements=DIFFER if differ else ()), by=CARPET)


def chosen(case: Case, reader: str) -> Case:
    signature = signed("cy", choice_of(case, "cy", reader), at=AT, meaning="choice")
    return take(case, Adjudicated(choice=reader, signature=signature), by=CY)


START = assigned()
ONE = signed_by(START, BEN)
BOTH = signed_by(START, ANN, BEN)
AGREED, DISPUTED = compared(BOTH, differ=False), compared(BOTH, differ=True)
SETTLED = chosen(DISPUTED, "ben")
TWO, ALL = ("ann", "ben"), ("ann", "ben", "cy")


@pytest.mark.parametrize(
    ("case", "ann", "ben", "cy", "vi"),
    [
        (START, ("ann",), ("ben",), (), ()),
        (ONE, ("ann",), ("ben",), (), ()),
        (BOTH, TWO, TWO, (), ()),
        (AGREED, TWO, TWO, (), ("ann",)),
        (DISPUTED, TWO, TWO, ALL, ()),
        (SETTLED, ALL, ALL, ALL, ("ben",)),
    ],
    ids=["start", "one", "both", "agreed", "disputed", "settled"],
)
def test_whose_reading_each_sees(case: Case, ann: Any, ben: Any, cy: Any, vi: Any) -> None:
    for person, readings in ((ANN, ann), (BEN, ben), (CY, cy), (VI, vi), (EVE, ()), (DI, ALL)):
        seen = sight(case, person)
        assert seen.readings == readings, person
        assert seen.images is bool(readings)
        assert set(streams_seen(case, person)) == {*readings, *([""] if seen.course else [])}


def test_disagreements_are_told_when_both_readings_are() -> None:
    for case, told in ((START, False), (ONE, False), (BOTH, True), (DISPUTED, True)):
        assert sight(case, ANN).course is told
        assert sight(case, DI).course
    assert not sight(SETTLED, VI).course
    assert sight(DISPUTED, CY).course
    alone = assigned(readers=1)
    assert sight(alone, ANN) == Sight(images=True, clinical=False, readings=("ann",), course=True)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ADJUDICATOR, Role.VIEWER])
def test_another_role_of_a_reader_sees_nothing_more(role: Role) -> None:
    assert sight(SETTLED, Person("ann", role)) == NOTHING
    assert sight(DISPUTED, Person("cy", Role.READER if role is Role.ADJUDICATOR else role)) == NOTHING


@pytest.mark.parametrize(("clinical", "shown"), [("hidden", False), ("shown", True)])
def test_clinical_data_as_the_protocol_says(clinical: str, shown: bool) -> None:
    case = compared(signed_by(assigned(clinical=clinical), ANN, BEN), differ=True)
    assert sight(case, ANN).clinical is sight(case, CY).clinical is shown
    assert sight(case, DI).clinical


@pytest.mark.parametrize(("later", "seen"), [("hidden", (-3, 29)), ("shown", (-3, 29, 90))])
def test_later_scans_as_the_protocol_says(later: str, seen: tuple[int, ...]) -> None:
    case = compared(signed_by(assigned(later_scans=later), ANN, BEN), differ=True)
    assert days_seen(case, [90, -3, 29, 29], ANN) == days_seen(case, [90, -3, 29], CY) == seen
    assert days_seen(case, [90, -3, 29], DI) == (-3, 29, 90)
    assert days_seen(case, [90, -3, 29], EVE) == ()


def test_scans_are_read_in_the_order_of_time() -> None:
    early, late, other = assigned(-3), assigned(90), assigned(-5, patient="P008")
    every = (late, early, other)
    assert waits_for(late, every, ANN) == ("P007/D-3",)
    assert waits_for(early, every, ANN) == waits_for(late, every, DI) == waits_for(late, every, EVE) == ()
    with pytest.raises(Refused) as caught:
        require_in_order(late, every, ANN)
    assert caught.value.codes == ("REVIEW_IN_ORDER",)
    require_in_order(late, (late, signed_by(early, ANN), other), ANN)
    assert waits_for(late, (late, signed_by(early, ANN), other), BEN) == ("P007/D-3",)
    assert waits_for(late, (late, take(early, LeftOut(left_out=True), by=CARPET)), ANN) == ()
    shown = assigned(90, later_scans="shown")
    assert waits_for(shown, (early, shown), ANN) == ()


def test_the_queue_shows_what_is_due_first() -> None:
    done, due, strange = signed_by(assigned(-3), ANN), assigned(29), assigned(29, patient="P006", readers=1)
    assert [one.id for one in queue((done, due, strange), ANN)] == ["P006/D29", "P007/D29", "P007/D-3"]
    assert [one.id for one in queue((done, due, strange), BEN)] == ["P007/D-3", "P007/D29"]
    assert queue((done, due), EVE) == queue((done, due), CY) == queue((done, due), VI) == ()
    assert [is_due(one, CY) for one in (START, BOTH, AGREED, DISPUTED, SETTLED)] == [False, False, False, True, False]
    assert [is_due(one, ANN) for one in (START, ONE, BOTH)] == [True, True, False]
    assert not is_due(START, DI)


def test_what_is_hidden_is_refused() -> None:
    assert require_sight(START, ANN, reading="ann").images
    for case, person, reading in ((START, ANN, "ben"), (START, CY, None), (AGREED, VI, "ben"), (START, EVE, None)):
        with pytest.raises(Refused) as caught:
            require_sight(case, person, reading=reading)
        assert caught.value.codes == ("REVIEW_BLINDED",)
    with pytest.raises(Refused) as caught:
        require_sight(START, CARPET)
    assert caught.value.codes == ("REVIEW_ROLE_FORBIDS",)
