"""The web application of the reading room: routes, guards, and the page."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

import carpet.review
from carpet.run.review import routes_cases, routes_edits, routes_pictures, routes_session, routes_signing
from carpet.run.review.pictures import Pictures
from carpet.run.review.room import Room
from carpet.run.review.routes_page import page_routes
from carpet.run.review.security import Doorway, Guard
from carpet.run.review.web import AsciiAnswer, answer_refusals

DESCRIPTION = "/api/openapi.json"
STATIC = Path(carpet.review.__file__).parent / "static"


def review_app(room: Room, doorway: Doorway, *, static: Path = STATIC) -> FastAPI:
    """The application over an open room. static: the built page."""
    app = FastAPI(
        title="carpet review",
        version=version("carpet"),
        openapi_url=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        default_response_class=AsciiAnswer,
        redirect_slashes=False,
    )
    app.state.room, app.state.doorway, app.state.pictures = room, doorway, Pictures()
    for routes in (routes_session, routes_pictures, routes_edits, routes_signing, routes_cases):
        app.include_router(routes.router)
    answer_refusals(app)
    app.include_router(page_routes(static / "index.html"))
    if static.is_dir():
        app.mount("/", StaticFiles(directory=static), name="page")
    app.add_middleware(Guard, doorway=doorway)
    return app
