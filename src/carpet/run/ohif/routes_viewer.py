"""The viewer's addresses: OHIF's files, the configuration that carpet writes for it, and its page for every address within it."""

from __future__ import annotations

import os

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from carpet.run.ohif.routes_dicomweb import OnShelf
from carpet.run.ohif.viewer import CONFIG, NO_SERVICE_WORKER, PAGE, ROOT, SERVICE_WORKER, Viewer, config_script, page_without_viewer

router = APIRouter(include_in_schema=False)
SCRIPT = "text/javascript"
KEPT = {"cache-control": "no-cache"}  # of OHIF's own files: asked for again, not sent again


@router.get("/{path:path}")
def viewer_file(request: Request, shelf: OnShelf, path: str) -> Response:
    """A file of OHIF, else its page: /viewer?StudyInstanceUIDs=… is an address within that page."""
    viewer: Viewer | None = request.app.state.viewer
    if path.startswith(ROOT.lstrip("/")) or (viewer is None and path):
        raise HTTPException(404)
    if viewer is None:
        return HTMLResponse(page_without_viewer(shelf.archive, request.app.state.doorway.address))
    made = {CONFIG: config_script(), SERVICE_WORKER: NO_SERVICE_WORKER}
    if path in made:
        return Response(made[path], media_type=SCRIPT)
    file, said = StaticFiles(directory=viewer.folder).lookup_path(path)
    if path not in ("", PAGE) and said is not None and os.path.isfile(file):
        return FileResponse(file, headers=KEPT, stat_result=said)
    if path != PAGE and "." in path.rpartition("/")[2]:
        raise HTTPException(404)
    return HTMLResponse(viewer.page)
