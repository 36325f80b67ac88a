"""The voxels of a case: PET, CT and regions as NIfTI, the rotating projection as a sprite."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from carpet.core.errors import Refused
from carpet.core.space import Grid, Volume
from carpet.dicom.nifti import write_volume
from carpet.run.review.room import Seen
from carpet.run.review.routes_cases import AsSeen, Drawn
from carpet.run.review.scan_file import CT_NIFTI, PET_NIFTI, SPIN_PNG
from carpet.run.review.server_notices import NO_CT, PICTURE_OUTDATED
from carpet.run.review.web import REFUSALS

router = APIRouter(prefix="/api/cases/{patient}/{timepoint}", tags=["pictures"], responses=REFUSALS)
NIFTI, PNG = "application/gzip", "image/png"
PACKED: dict[int | str, dict[str, Any]] = {200: {"content": {NIFTI: {"schema": {"type": "string", "format": "binary"}}}}}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}}
Version = Annotated[str, Query(max_length=20, description="of the case, as its answer has it; of another one nothing is given")]
Every = Annotated[
    int, Query(ge=1, le=4, description="only every so many voxels in each direction, to be looked at until the rest is there")
]


class LargeFile(FileResponse):
    """A file of hundreds of megabytes, read in pieces that keep the line busy."""

    chunk_size = 4 * 2**20


@router.get("/pet", response_class=LargeFile, responses=PACKED)
def pet(seen: AsSeen, every: Every = 1) -> Response:
    """SUVbw (g/mL), float32."""
    if every > 1:
        return _thinned(seen.scan.surveyed.suv, every, np.dtype(np.float32))
    return LargeFile(seen.scan.folder / PET_NIFTI, media_type=NIFTI)


@router.get("/ct", response_class=LargeFile, responses=PACKED)
def ct(seen: AsSeen, every: Every = 1) -> Response:
    """CT numbers (HU), int16; 404 where the scan has no CT."""
    volume = seen.scan.surveyed.study.ct
    if volume is None:
        raise Refused(NO_CT.at(seen.case.id))
    if every > 1:
        return _thinned(volume, every, np.dtype(np.int16))
    return LargeFile(seen.scan.folder / CT_NIFTI, media_type=NIFTI)


def _thinned(volume: Volume, every: int, kind: np.dtype[Any]) -> Response:
    """Each voxel that is kept has its own value and lies where it did."""
    kept = volume.values[::every, ::every, ::every]
    if kind.kind == "i":
        kept = np.clip(np.rint(kept), np.iinfo(kind).min, np.iinfo(kind).max)
    k, j, i = kept.shape
    grid = Grid((k, j, i), volume.grid.affine_lps @ np.diag([every, every, every, 1.0]), volume.grid.frame_uid)
    return Response(write_volume(kept.astype(kind), grid, unpacked=True), media_type=NIFTI)


@router.get("/labels", response_class=Response, responses=PACKED)
def labels(seen: AsSeen, drawn: Drawn, version: Version = "", cropped: bool = False) -> Response:
    """The regions on the PET's grid, uint16; values are `label` of the case's lesions. cropped: only the box that holds them."""
    _check(seen, version)
    return Response(drawn.labels(seen, cropped=cropped), media_type=NIFTI)


@router.get("/spin.png", response_class=FileResponse, responses=PICTURE)
def spin(seen: AsSeen) -> FileResponse:
    """The frames of the rotating projection in inverse grey, as `spin` of the case says."""
    return FileResponse(seen.scan.folder / SPIN_PNG, media_type=PNG)


@router.get("/spin_ids.png", response_class=Response, responses=PICTURE)
def spin_ids(seen: AsSeen, drawn: Drawn, version: Version = "") -> Response:
    """The same frames with the label of the region that is seen: red · 65536 + green · 256 + blue."""
    _check(seen, version)
    return Response(drawn.spin_ids(seen), media_type=PNG)


def _check(seen: Seen, version: str) -> None:
    """An edit may number the regions anew: pixels of one version must not be read with the names of another."""
    if version not in ("", str(seen.version)):
        raise Refused(PICTURE_OUTDATED.at(seen.case.id, f"version {version}, not {seen.version}"))
