"""The page itself, and the way in where there are no passwords: the key of the printed address becomes a cookie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse

from carpet.core.errors import Refused
from carpet.run.review.keys import PARAMETER
from carpet.run.review.web import doorway_of, room_of, set_session, visitor_of

NOT_BUILT = "The page of the reading room is not built here; `make web` in a checkout builds it. The interface itself is at /api.\n"
KEY_USED = (
    "This address has been used, or is not the one that carpet review has printed.\n"
    "Open the last address that stands in the window in which carpet review runs. Nothing is lost.\n"
)


def page_routes(index: Path) -> APIRouter:
    """The routes of the page. index: of the built page; where it is not there, a text says how it is built."""
    router = APIRouter()

    @router.get("/", include_in_schema=False, response_model=None)
    def page(request: Request, key: Annotated[str, Query(alias=PARAMETER, max_length=200)] = "") -> Response:
        if key:
            return _let_in(request, key)
        return FileResponse(index) if index.is_file() else PlainTextResponse(NOT_BUILT)

    return router


def _let_in(request: Request, key: str) -> Response:
    """A cookie for the key, and the address without it; who has a session already needs none."""
    visitor = room_of(request).people.let_in(key)
    onwards = RedirectResponse("/", status_code=303)
    if visitor is not None:
        set_session(onwards, visitor, doorway_of(request))
        return onwards
    try:
        visitor_of(request)
    except Refused:
        return PlainTextResponse(KEY_USED, status_code=403)
    return onwards
