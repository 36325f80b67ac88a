"""The web application: DICOMweb below /dicomweb, and OHIF, or a page that says how to get it, at /."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from carpet.core.errors import NoticeKind, Refused
from carpet.run.ohif import notices, routes_dicomweb, routes_viewer
from carpet.run.ohif.sending import Tell
from carpet.run.ohif.shelf import Shelf
from carpet.run.ohif.viewer import Viewer
from carpet.run.review.security import HEADERS, Doorway, Guard, refusal

STATUS: Mapping[str, int] = {
    notices.OBJECT_UNKNOWN.code: 404,
    notices.FRAME_UNKNOWN.code: 404,
    notices.BULK_UNKNOWN.code: 404,
    notices.OBJECT_CHANGED.code: 410,
    notices.OBJECT_UNREADABLE.code: 500,
    notices.NOT_ACCEPTABLE.code: 406,
    notices.QUERY_MALFORMED.code: 400,
}


def ohif_app(shelf: Shelf, doorway: Doorway, viewer: Viewer | None, tell: Tell) -> FastAPI:
    """The application over the objects of a trial. tell: is told of answers that were broken off."""
    app = FastAPI(title="carpet ohif", version=version("carpet"), openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.shelf, app.state.doorway, app.state.viewer, app.state.tell = shelf, doorway, viewer, tell
    app.include_router(routes_dicomweb.router)
    app.include_router(routes_viewer.router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(OSError, _disk)
    app.add_middleware(Guard, doorway=doorway, headers=headers_of(viewer), unknown=notices.HOST_UNKNOWN)
    return app


def headers_of(viewer: Viewer | None) -> dict[str, str]:
    """The reading room's headers; with OHIF its own policy, and no other origin in its process."""
    if viewer is None:
        return HEADERS
    return HEADERS | {"content-security-policy": viewer.policy, "cross-origin-embedder-policy": "require-corp"}


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(STATUS.get(error.codes[0], 422), *error.notices)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kinds: Mapping[int, NoticeKind] = {404: notices.NO_SUCH_PLACE, 405: notices.READ_ONLY}
    return refusal(error.status_code, kinds.get(error.status_code, notices.MALFORMED).at(request.method), headers=dict(error.headers or {}))


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return refusal(400, *(notices.MALFORMED.at(".".join(map(str, one["loc"]))) for one in error.errors()))


async def _disk(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    return refusal(500, notices.OBJECT_UNREADABLE.at("disk", error.strerror or type(error).__name__))
