"""What the routes share: who asks, of which version, with which token; and how what is refused becomes an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Path, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from carpet.core.errors import Notice, Refused
from carpet.review import notices as reasons
from carpet.review.cases import Case, case_id
from carpet.review.edits import SHOWN
from carpet.review.roles import Action, require
from carpet.run.review import server_notices
from carpet.run.review.history import Conflict
from carpet.run.review.people import Visitor
from carpet.run.review.room import Room
from carpet.run.review.schemas import ConflictSaid, Refusal
from carpet.run.review.security import Doorway
from carpet.run.review.views import act_view

STATUS: Mapping[str, int] = {
    kind.code: status
    for status, kinds in {
        401: (reasons.SESSION_OVER, reasons.LOGIN_FAILED),
        403: (
            reasons.ROLE_FORBIDS,
            reasons.NOT_YOURS,
            reasons.BLINDED,
            reasons.IN_ORDER,
            server_notices.FORM_TOKEN_WRONG,
            server_notices.KEY_NEEDED,
        ),
        404: (reasons.CASE_UNKNOWN, server_notices.NO_CT, server_notices.NO_SUCH_PLACE),
        423: (reasons.LOCKED,),
        428: (server_notices.VERSION_MISSING,),
        429: (reasons.LOGIN_WAIT,),
    }.items()
    for kind in kinds
}
_WORDS = {
    400: "the body cannot be read",
    401: "nobody is logged in, or name or password is wrong",
    403: "not by this person, not now, or not from this page",
    404: "there is no such case, or nothing of this kind",
    413: "the request is too long",
    421: "not by this name",
    422: "the data do not allow it; the notices say why",
    423: "the reading is signed",
    428: "If-Match is missing",
    429: "too many failed log-ins",
    503: "the history cannot be written",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    **{status: {"model": Refusal, "description": words} for status, words in _WORDS.items()},
    409: {"model": ConflictSaid, "description": "somebody wrote first"},
}
VERSION = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


class AsciiAnswer(JSONResponse):
    """JSON in ASCII: half a surrogate pair that somebody sent must not keep the answer from being sent."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def room_of(request: Request) -> Room:
    room = request.app.state.room
    assert isinstance(room, Room)
    return room


def doorway_of(request: Request) -> Doorway:
    doorway = request.app.state.doorway
    assert isinstance(doorway, Doorway)
    return doorway


def cookie_name(doorway: Doorway) -> str:
    """Cookies do not tell ports apart: two rooms on one machine have two names."""
    return f"{'__Host-' if doorway.tls else ''}carpet_{doorway.port}"


def set_session(response: Response, visitor: Visitor, doorway: Doorway) -> None:
    response.set_cookie(cookie_name(doorway), visitor.token.hex(), httponly=True, samesite="strict", secure=doorway.tls, path="/")


def end_session(response: Response, doorway: Doorway) -> None:
    response.delete_cookie(cookie_name(doorway), httponly=True, samesite="strict", secure=doorway.tls, path="/")


def visitor_of(request: Request) -> Visitor:
    """Who asks; raises Refused (REVIEW_SESSION_OVER)."""
    return room_of(request).people.visitor(request.cookies.get(cookie_name(doorway_of(request)), ""))


def _writer(request: Request, sent: Annotated[str, Header(alias="X-CSRF-Token")] = "") -> Visitor:
    """Who asks for a change, from a page of ours."""
    visitor = visitor_of(request)
    if not visitor.sent_form_token(sent):
        raise Refused(server_notices.FORM_TOKEN_WRONG.at("X-CSRF-Token"))
    return visitor


def reads(action: Action) -> Callable[..., Visitor]:
    """Lets in whose role may ever do this."""

    def allowed(request: Request) -> Visitor:
        visitor = visitor_of(request)
        require(visitor.person, action)
        return visitor

    return allowed


def writes(action: Action) -> Callable[..., Visitor]:
    """Lets in whose role may ever change this, from a page of ours."""

    def allowed(visitor: Annotated[Visitor, Depends(_writer)]) -> Visitor:
        require(visitor.person, action)
        return visitor

    return allowed


def _known_case(
    request: Request,
    _: Annotated[Visitor, Depends(visitor_of)],
    patient: Annotated[str, Path(min_length=1, max_length=64)],
    timepoint: Annotated[str, Path(min_length=1, max_length=100)],
) -> Case:
    """For whoever is let in: to nobody else is told which cases there are."""
    return room_of(request).history.case(case_id(patient, timepoint))


def _case(request: Request, known: Annotated[Case, Depends(_known_case)]) -> Case:
    """One whose scan can be read."""
    room_of(request).study(known)
    return known


def version_of(if_match: Annotated[str, Header(alias="If-Match", description='the version that was seen, as "7"')] = "") -> int:
    """The version of the reading that the page has seen."""
    found = VERSION.fullmatch(if_match.strip())
    if found is None:
        raise Refused(server_notices.VERSION_MISSING.at("If-Match", if_match[:SHOWN]))
    return int(found.group(1))


InRoom = Annotated[Room, Depends(room_of)]
OfCase = Annotated[Case, Depends(_case)]
KnownCase = Annotated[Case, Depends(_known_case)]  # also where its scan cannot be read now
Version = Annotated[int, Depends(version_of)]
Writer = Annotated[Visitor, Depends(_writer)]


def answer_refusals(app: FastAPI) -> None:
    """Every refusal becomes an answer in words; no traceback leaves the server."""
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(OSError, _disk)


async def _conflict(request: Request, error: Exception) -> Response:
    assert isinstance(error, Conflict)
    return _answer(409, error.notices, version=error.version, since=[act_view(one) for one in error.since])


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    status = STATUS.get(error.codes[0], 422)
    return _answer(status, error.notices, headers=_wait(error.notices[0]) if status == 429 else None)


def _wait(notice: Notice) -> dict[str, str]:
    """Retry-After, from the seconds that the notice tells."""
    return {"retry-after": notice.found.split(" ")[0]}


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        server_notices.MALFORMED.at(".".join(map(str, one["loc"])), repr(one.get("input"))[:SHOWN], more=str(one["msg"]))
        for one in error.errors()
    ]
    return _answer(422, faults)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kinds = {404: server_notices.NO_SUCH_PLACE, 405: server_notices.WRONG_METHOD}
    kind = kinds.get(error.status_code, server_notices.MALFORMED)
    return _answer(error.status_code, [kind.at(request.method)], headers=dict(error.headers or {}))


async def _disk(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    return _answer(503, [server_notices.HISTORY_DISK.at("history", error.strerror or type(error).__name__)])


def _answer(status: int, notices: Any, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    return AsciiAnswer({"notices": [one.as_dict() for one in notices], **more}, status, dict(headers or {}))
