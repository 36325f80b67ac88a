"""Coming and going: who is here, log-in, log-out, and the queue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from carpet.core.errors import Refused
from carpet.review.roles import Action
from carpet.run.review.people import Visitor
from carpet.run.review.room import Room
from carpet.run.review.schemas import LogIn, Me, Queue
from carpet.run.review.views import queue_view
from carpet.run.review.web import REFUSALS, InRoom, Writer, doorway_of, end_session, reads, set_session, visitor_of

router = APIRouter(prefix="/api", tags=["session"], responses=REFUSALS)


@router.get("/me", response_model=Me)
def me(request: Request, response: Response, room: InRoom) -> dict[str, Any]:
    """Who is here. Where one person reads without a password, the session begins here."""
    try:
        visitor = visitor_of(request)
    except Refused:
        welcomed = room.people.welcome()
        if welcomed is None:
            raise
        visitor = welcomed
        set_session(response, visitor, doorway_of(request))
    return _told(visitor, room)


@router.post("/login", response_model=Me)
def log_in(asked: LogIn, request: Request, response: Response, room: InRoom) -> dict[str, Any]:
    """A new session, whatever cookie the browser has sent."""
    visitor = room.people.log_in(asked.name, asked.password)
    set_session(response, visitor, doorway_of(request))
    return _told(visitor, room)


@router.post("/logout", status_code=204)
def log_out(request: Request, room: InRoom, visitor: Writer) -> Response:
    """The session is over."""
    room.people.log_out(visitor)
    response = Response(status_code=204)
    end_session(response, doorway_of(request))
    return response


@router.get("/queue", response_model=Queue)
def cases_of(room: InRoom, visitor: Annotated[Visitor, Depends(reads(Action.QUEUE))]) -> dict[str, Any]:
    """The cases this person has to do with; what waits for the person comes first."""
    return queue_view(room, visitor.person)


def _told(visitor: Visitor, room: Room) -> dict[str, Any]:
    return {
        "name": visitor.person.name,
        "role": visitor.person.role,
        "accounts": room.people.only is None,
        "form_token": visitor.form_token,
        "trial": room.trial.protocol.name,
    }
