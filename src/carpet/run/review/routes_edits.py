"""Changing a reading: edits, and taking the last one back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends

from carpet.core.errors import Refused
from carpet.review.edits import AnyEdit, Edit, undo_of
from carpet.review.notices import NOT_YOURS
from carpet.review.roles import Action
from carpet.run.review.applied import OF_VOXELS
from carpet.run.review.people import Visitor
from carpet.run.review.room import Room, Seen
from carpet.run.review.schemas import EditedSaid, Reasoned
from carpet.run.review.views import changeable
from carpet.run.review.web import REFUSALS, InRoom, OfCase, Version, writes

router = APIRouter(prefix="/api/cases/{patient}/{timepoint}", tags=["edits"], responses=REFUSALS)
Edits = Annotated[Visitor, Depends(writes(Action.EDIT))]


@router.post("/edits", response_model=EditedSaid)
def edit(room: InRoom, visitor: Edits, case: OfCase, version: Version, change: Annotated[AnyEdit, Body()]) -> dict[str, Any]:
    """One edit, with a reason where one is given; it is on the disk when the answer comes."""
    before = case.reading_of(visitor.person.name)
    taken = [one.edit for one in before.standing if one.number == getattr(change, "edit", None)] if before else []
    said, change = change.reason, change.model_copy(update={"reason": ""})
    return _told(room, room.edit(case, change, visitor.person, if_match=version, reason=said), (change, *taken))


@router.post("/undo", response_model=EditedSaid)
def undo(room: InRoom, visitor: Edits, case: OfCase, version: Version, why: Reasoned | None = None) -> dict[str, Any]:
    """Takes the last edit that stands back; both stay in the history. What was signed once needs a reason."""
    reading = case.reading_of(visitor.person.name)
    if reading is None:
        raise Refused(NOT_YOURS.at(case.id, visitor.person.role))
    change = undo_of(reading.standing)
    taken = reading.standing[-1].edit
    return _told(room, room.edit(case, change, visitor.person, if_match=version, reason=why.reason if why else ""), (taken,))


def _told(room: Room, seen: Seen, changed: tuple[Edit, ...]) -> dict[str, Any]:
    return changeable(room, seen) | {"voxels_changed": any(isinstance(one, OF_VOXELS) for one in changed)}
