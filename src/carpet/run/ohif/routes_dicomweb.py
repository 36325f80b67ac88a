"""The service's addresses: searches (QIDO-RS) and retrievals (WADO-RS)."""

from __future__ import annotations

import json
from threading import Thread
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from carpet.core.errors import Refused
from carpet.run.ohif import wado
from carpet.run.ohif.accept import JSON_TYPES, takes_json
from carpet.run.ohif.archive import Instance
from carpet.run.ohif.notices import NOT_ACCEPTABLE
from carpet.run.ohif.qido import SERIES_UID, STUDY_UID, Level, found, query_of
from carpet.run.ohif.sending import Sent
from carpet.run.ohif.shelf import Shelf
from carpet.run.ohif.viewer import ROOT

router = APIRouter(prefix=ROOT, include_in_schema=False)
JSON = JSON_TYPES[0]
NOT_FUZZY = '299 carpet "fuzzymatching is not supported: names are matched by * and ?"'
OneTag = Annotated[str, Path(pattern="^[0-9A-Fa-f]{8}$")]


def shelf_of(request: Request) -> Shelf:
    shelf = request.app.state.shelf
    assert isinstance(shelf, Shelf)
    return shelf


def _root(request: Request) -> str:
    """The address by which the client calls the service, so that a browser finds what follows at the same origin."""
    doorway, host = request.app.state.doorway, request.headers["host"]
    return f"http://{host}{ROOT}" if host.endswith(f":{doorway.port}") else f"{doorway.address.rstrip('/')}{ROOT}"


def _accepted(request: Request) -> str:
    """All Accept headers as one."""
    return ", ".join(request.headers.getlist("accept"))


OnShelf = Annotated[Shelf, Depends(shelf_of)]


@router.get("/studies")
def search_studies(request: Request, shelf: OnShelf) -> Response:
    return _searched(request, shelf, Level.STUDY)


@router.get("/series")
def search_all_series(request: Request, shelf: OnShelf) -> Response:
    return _searched(request, shelf, Level.SERIES)


@router.get("/instances")
def search_all_instances(request: Request, shelf: OnShelf) -> Response:
    return _searched(request, shelf, Level.INSTANCE)


@router.get("/studies/{study}/series")
def search_series(request: Request, shelf: OnShelf, study: str) -> Response:
    """Whoever asks for the series of a study asks for their headers next."""
    shelf.archive.series_of(study)
    Thread(target=shelf.prepare, args=(study,), daemon=True).start()
    return _searched(request, shelf, Level.SERIES, (STUDY_UID, study))


@router.get("/studies/{study}/instances")
def search_instances_of_study(request: Request, shelf: OnShelf, study: str) -> Response:
    shelf.archive.series_of(study)
    return _searched(request, shelf, Level.INSTANCE, (STUDY_UID, study))


@router.get("/studies/{study}/series/{series}/instances")
def search_instances(request: Request, shelf: OnShelf, study: str, series: str) -> Response:
    shelf.archive.instances(study, series)
    return _searched(request, shelf, Level.INSTANCE, (STUDY_UID, study), (SERIES_UID, series))


def _searched(request: Request, shelf: Shelf, level: Level, *above: tuple[str, str]) -> Response:
    _require_json(request)
    query = query_of(level, [*above, *request.query_params.multi_items()])
    rows = found(shelf, query, _root(request))
    headers = {"warning": NOT_FUZZY} if query.fuzzy else {}
    if not rows:
        return Response(status_code=204, headers=headers)
    return Response(json.dumps(rows, allow_nan=False, separators=(",", ":")), media_type=JSON, headers=headers)


@router.get("/studies/{study}/metadata")
def study_metadata(request: Request, shelf: OnShelf, study: str) -> Response:
    return _metadata(request, shelf, study, tuple(shelf.archive.series_of(study)))


@router.get("/studies/{study}/series/{series}/metadata")
def series_metadata(request: Request, shelf: OnShelf, study: str, series: str) -> Response:
    return _metadata(request, shelf, study, (series,))


@router.get("/studies/{study}/series/{series}/instances/{instance}/metadata")
def instance_metadata(request: Request, shelf: OnShelf, study: str, series: str, instance: str) -> Response:
    return _metadata(request, shelf, study, (series,), instance)


def _metadata(request: Request, shelf: Shelf, study: str, series: tuple[str, ...], instance: str | None = None) -> Response:
    _require_json(request)
    texts = [text for one in series for text in shelf.texts(study, one, _root(request), instance)]
    return Response(f"[{','.join(texts)}]", media_type=JSON)


def _require_json(request: Request) -> None:
    if not takes_json(_accepted(request)):
        raise Refused(NOT_ACCEPTABLE.at("Accept", JSON))


@router.get("/studies/{study}")
def retrieve_study(request: Request, shelf: OnShelf, study: str) -> Response:
    return _sent(request, wado.files(shelf.archive.instances(study), _accepted(request)))


@router.get("/studies/{study}/series/{series}")
def retrieve_series(request: Request, shelf: OnShelf, study: str, series: str) -> Response:
    return _sent(request, wado.files(shelf.archive.instances(study, series), _accepted(request)))


@router.get("/studies/{study}/series/{series}/instances/{instance}")
def retrieve_instance(request: Request, shelf: OnShelf, study: str, series: str, instance: str) -> Response:
    return _sent(request, wado.files(shelf.archive.instances(study, series, instance), _accepted(request)))


@router.get("/studies/{study}/series/{series}/instances/{instance}/frames/{numbers}")
def retrieve_frames(request: Request, shelf: OnShelf, study: str, series: str, instance: str, numbers: str) -> Response:
    return _sent(request, wado.frames(_one(shelf, study, series, instance), numbers, _accepted(request)))


@router.get("/studies/{study}/series/{series}/instances/{instance}/bulkdata/{tag}")
def retrieve_bulk(request: Request, shelf: OnShelf, study: str, series: str, instance: str, tag: OneTag) -> Response:
    return _sent(request, wado.bulk_data(_one(shelf, study, series, instance), tag, _accepted(request)))


def _one(shelf: Shelf, study: str, series: str, instance: str) -> Instance:
    return shelf.archive.instances(study, series, instance)[0]


def _sent(request: Request, parts: wado.Parts) -> Response:
    return Sent(parts, request.app.state.tell)
