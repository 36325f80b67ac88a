"""Looking at a case: the case itself, its history, its numbers, its decisions as a table."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request
from starlette.responses import Response

from carpet.review.blinding import streams_seen
from carpet.review.cases import Case, Name
from carpet.review.roles import Action
from carpet.run.review import export
from carpet.run.review.people import Visitor
from carpet.run.review.pictures import Pictures, draw_ahead
from carpet.run.review.room import Seen
from carpet.run.review.schemas import CaseView, History, Measurements
from carpet.run.review.views import act_view, case_view
from carpet.run.review.web import REFUSALS, InRoom, KnownCase, OfCase, reads

router = APIRouter(prefix="/api/cases/{patient}/{timepoint}", tags=["cases"], responses=REFUSALS)
Whose = Annotated[
    Name | None, Query(alias="reading", description="whose reading; the own one, or the one that stands, where it is left out")
]
Looks = Annotated[Visitor, Depends(reads(Action.SEE))]


def seen_by(room: InRoom, case: OfCase, visitor: Looks, whose: Whose = None) -> Seen:
    """The case as this person may see it."""
    return room.seen(case, visitor.person, asked=whose)


AsSeen = Annotated[Seen, Depends(seen_by)]


def pictures_of(request: Request) -> Pictures:
    pictures = request.app.state.pictures
    assert isinstance(pictures, Pictures)
    return pictures


Drawn = Annotated[Pictures, Depends(pictures_of)]


@router.get("", response_model=CaseView)
def case(request: Request, room: InRoom, visitor: Looks, seen: AsSeen, afterwards: BackgroundTasks) -> dict[str, Any]:
    """The case as this person may see it; the next one of the queue is made ready meanwhile."""
    afterwards.add_task(draw_ahead, room, pictures_of(request), seen.case, visitor.person)
    return case_view(room, seen, visitor.person)


@router.get("/history", response_model=History)
def history(room: InRoom, one: KnownCase, visitor: Annotated[Visitor, Depends(reads(Action.HISTORY))]) -> dict[str, Any]:
    """Who changed what, when and why, as far as this person may see it."""
    room.looked_at(one, visitor.person)
    return {"acts": [act_view(event) for event in room.history.events(one.id, streams=streams_seen(one, visitor.person))]}


@router.get("/measurements", response_model=Measurements)
def measurements(seen: AsSeen) -> dict[str, Any]:
    """All numbers of the reading, by every delineation that the protocol asks for."""
    return export.measurements(seen)


@router.get("/decisions.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def decisions(room: InRoom, one: OfCase, visitor: Annotated[Visitor, Depends(reads(Action.EXPORT))], whose: Whose = None) -> Response:
    """The reading as `carpet measure --decisions` takes it."""
    seen = room.seen(one, visitor.person, asked=whose)
    return _file(export.decisions_csv(seen, room.study(one).asked.decisions), one, "decisions_{}.csv", "text/csv; charset=utf-8")


@router.get("/reading.json", response_class=Response, responses={200: {"content": {"application/json": {}}}})
def whole_reading(room: InRoom, one: OfCase, visitor: Annotated[Visitor, Depends(reads(Action.EXPORT))], whose: Whose = None) -> Response:
    """The reading with every edit, also those that no table can say, as `carpet measure --decisions` takes it."""
    seen = room.seen(one, visitor.person, asked=whose)
    return _file(export.exported(seen, room.study(one).asked.decisions), one, "reading_{}.json", "application/json")


def _file(text: str, one: Case, name: str, media_type: str) -> Response:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in one.id)
    named = {"content-disposition": f'attachment; filename="{name.format(plain)}"'}
    return Response(text.encode(), media_type=media_type, headers=named)
