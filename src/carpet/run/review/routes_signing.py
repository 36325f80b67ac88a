"""Signing and what follows: unlock with a reason, choose the reading that stands, name the readers of a case."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from carpet.review.cases import Case
from carpet.review.roles import Action, Person
from carpet.run.review.people import Visitor
from carpet.run.review.schemas import AssignIt, ChooseIt, SignIt, StartItAgain, State, UnlockIt
from carpet.run.review.web import REFUSALS, InRoom, KnownCase, OfCase, Version, writes

router = APIRouter(prefix="/api/cases/{patient}/{timepoint}", tags=["signing"], responses=REFUSALS)


@router.post("/sign", response_model=State)
def sign(
    room: InRoom, visitor: Annotated[Visitor, Depends(writes(Action.SIGN))], case: OfCase, version: Version, asked: SignIt
) -> dict[str, Any]:
    """The reading is signed and locked; the password is asked for again."""
    room.people.check_again(visitor.person, asked.password)
    return _state(room.sign(case, visitor.person, if_match=version), visitor.person)


@router.post("/unlock", response_model=State)
def unlock(
    room: InRoom, visitor: Annotated[Visitor, Depends(writes(Action.UNLOCK))], case: KnownCase, version: Version, asked: UnlockIt
) -> dict[str, Any]:
    """A signature is voided, with a reason; version: of the reading that is unlocked."""
    return _state(room.unlock(case, visitor.person, asked.whose, asked.reason, if_match=version), visitor.person)


@router.post("/start-again", response_model=State)
def start_again(
    room: InRoom, visitor: Annotated[Visitor, Depends(writes(Action.EDIT))], case: KnownCase, version: Version, asked: StartItAgain
) -> dict[str, Any]:
    """The own reading begins anew, with a reason: on the regions that there are now, and without the edits that stood."""
    return _state(room.start_again(case, visitor.person, asked.reason, if_match=version), visitor.person)


@router.post("/adjudicate", response_model=State)
def adjudicate(
    room: InRoom, visitor: Annotated[Visitor, Depends(writes(Action.ADJUDICATE))], case: OfCase, version: Version, asked: ChooseIt
) -> dict[str, Any]:
    """The reading that stands is chosen; the password is asked for again."""
    room.people.check_again(visitor.person, asked.password)
    return _state(room.choose(case, visitor.person, asked.choice, if_match=version, reason=asked.reason), visitor.person)


@router.post("/assign", response_model=State)
def assign(
    room: InRoom, visitor: Annotated[Visitor, Depends(writes(Action.ASSIGN))], case: OfCase, version: Version, asked: AssignIt
) -> dict[str, Any]:
    """Readers and adjudicator are named; version: of the case itself, as the answer has it."""
    after = room.assign(case, visitor.person, tuple(asked.readers), asked.adjudicator or "", if_match=version, reason=asked.reason)
    return _state(after, visitor.person) | {"version": after.version}


def _state(case: Case, person: Person) -> dict[str, Any]:
    own = case.reading_of(person.name)
    return {"case": case.id, "state": case.state, "reading": own.state if own else None, "version": case.version_of(person.name)}
