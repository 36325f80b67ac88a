"""What later steps need of a measured scan's voxels, as one small file beside its pages: regions, surfaces, projection, SUV in blocks."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import CarpetError, NotMeasurable, Refused
from carpet.core.lesion import Code, Kind, Lesion, Status
from carpet.core.space import Grid, Region, frozen
from carpet.lesions.residual import SUV_STEP, Blocks, block_grid, blocks_of
from carpet.lesions.surfaces import Surfaces, surfaces_of
from carpet.report.mip import project
from carpet.report.patient_view import drawn_grid
from carpet.run.outputs import new_files
from carpet.run.pipeline import Result
from carpet.run.trial.notices import GEOMETRY_UNREADABLE

STEP_MM = 0.1  # [P] surfaces meet within some 1 mm at best
NORMAL_STEPS = 127  # a normal's direction within half a degree
LARGEST_BYTES = 1 << 29  # [P] unpacked; a scan of the whole body at 2 mm needs some 10 MB
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # the first day of zip: no clock in the file
UNIX = 3  # the system a zip says it was made on; the same on all
FORMAT = 2
EXCRETING = ("kidney_right", "kidney_left", "brain", "bladder")  # hotter than the liver in health, so nothing is read at their place
BYTE = 8  # bits: high and low bytes are packed apart, which is a fifth smaller
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(CarpetError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError),
)


@dataclass(frozen=True, eq=False)
class ScanGeometry:
    """One measured scan without its voxels: the PET's grid, all regions, surfaces for alignment (None: no body seen), projection.

    mip_coronal: float32 SUVbw (head→feet, right→left) as `report.mip.project` gives it; mip_grid: the grid in drawn order.
    blocks: the whole volume in block maxima (lesions.residual). organs: kidneys, brain and bladder, those found, on a grid of their own.
    candidate_suv: from which SUV on regions were sought. reads: what each of two readers of the reading room calls disease.
    """

    grid: Grid
    lesions: tuple[Lesion, ...]
    surfaces: Surfaces | None
    mip_coronal: NDArray[np.float32]
    mip_grid: Grid
    blocks: Blocks
    organs: tuple[Region, ...]
    candidate_suv: float
    reads: Mapping[str, tuple[Region, ...]] = field(default_factory=dict)


def geometry_bytes(result: Result, *, reads: Mapping[str, Sequence[Region]] = MappingProxyType({})) -> bytes:
    """The file of one measured scan: npz, the same bytes for the same result. Surfaces are kept to 0.1 mm, SUV to 0.001 g/mL.

    reads: what each of two readers calls disease; nothing of it is written where there are none.
    """
    try:
        surfaces = surfaces_of(result.suv, result.anatomy)
    except NotMeasurable:
        surfaces = None
    suv = np.round(blocks_of(result.suv).values / SUV_STEP).astype(np.uint16)
    arrays: dict[str, NDArray[Any]] = {
        "facts": np.frombuffer(json.dumps(_facts(result, surfaces) | _read_facts(reads), sort_keys=True).encode(), dtype=np.uint8),
        **_packed("", [lesion.region for lesion in result.lesions]),
        **_packed("organ_", list(_organs(result).values())),
        "mip": project(result.suv, "coronal"),
        "suv_high": (suv >> BYTE).astype(np.uint8),
        "suv_low": (suv & 255).astype(np.uint8),
    }
    if reads:
        arrays |= _packed("read_", [region for regions in reads.values() for region in regions])
    if surfaces is not None:
        arrays["points"] = np.round(surfaces.points_lps_mm.T / STEP_MM).astype(np.int32)
        arrays["normals"] = np.round(surfaces.normals_lps.T * NORMAL_STEPS).astype(np.int8)
        arrays["kinds"] = surfaces.kinds.astype(np.uint8)
    return _zipped(arrays)


def _read_facts(reads: Mapping[str, Sequence[Region]]) -> dict[str, Any]:
    return {"reads": [[reader, len(regions)] for reader, regions in reads.items()]} if reads else {}


def _packed(name: str, regions: Sequence[Region]) -> dict[str, NDArray[Any]]:
    """Boxes (first voxel, size) and the voxels in them, one bit each."""
    return {
        f"{name}boxes": np.array([[*one.origin_kji, *one.mask.shape] for one in regions], dtype=np.int32).reshape(-1, 6),
        f"{name}voxels": np.packbits(np.concatenate([one.mask.reshape(-1) for one in regions] or [np.zeros(0, dtype=bool)])),
    }


def _organs(result: Result) -> dict[str, Region]:
    labels = result.anatomy.organs
    names = {} if labels is None else {result.anatomy.organ_names[value]: region for value, region in labels.regions.items()}
    return {name: names[name] for name in EXCRETING if name in names}


def _grid_facts(grid: Grid) -> dict[str, Any]:
    return {"shape_kji": grid.shape_kji, "affine_lps": grid.affine_lps.tolist(), "frame_uid": grid.frame_uid}


def _facts(result: Result, surfaces: Surfaces | None) -> dict[str, Any]:
    organs = result.anatomy.organs
    return {
        "format": FORMAT,
        **_grid_facts(result.suv.grid),
        "organ_grid": _grid_facts(result.suv.grid if organs is None else organs.grid),
        "candidate_suv": result.protocol.segment.preselect_suv,
        "lesions": [_lesion_facts(one) for one in result.lesions],
        "centres_lps_mm": {} if surfaces is None else {name: at.tolist() for name, at in surfaces.centres_lps_mm.items()},
    }


def _lesion_facts(one: Lesion) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in ("id", "label", "status", "decided_by", "because", "kind", "reviewed")}
    return said | {"site": None if one.site is None else [one.site.value, one.site.scheme, one.site.meaning]}


def _zipped(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in sorted(arrays.items()):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=WRITTEN_AT)
            member.create_system, member.compress_type = UNIX, zipfile.ZIP_DEFLATED
            archive.writestr(member, content.getvalue())
    return file.getvalue()


def geometry_sha256(content: bytes) -> str:
    """The digest of what the file holds once unpacked, which does not depend on the library that packed it; raises Refused."""
    digest = hashlib.sha256()
    for name, member in sorted(_members(content, "").items()):
        digest.update(f"{name} {len(member)}\n".encode() + member)
    return digest.hexdigest()


def is_held(path: Path, sha256: str) -> bool:
    """Whether the file is there and holds just this; False for a file that is damaged."""
    try:
        return path.is_file() and geometry_sha256(path.read_bytes()) == sha256
    except Refused:
        return False


def write_geometry(path: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    with new_files(path.parent, ()) as part:
        (part / path.name).write_bytes(content)


def read_geometry(path: Path) -> ScanGeometry:
    """The geometry in this file; raises Refused where it is not there, damaged or not ours, and never runs what it holds."""
    if not path.is_file():
        raise Refused(GEOMETRY_UNREADABLE.at(path.name, "no such file"))
    members = _members(path.read_bytes(), path.name)
    try:
        arrays = {name: np.lib.format.read_array(io.BytesIO(one), allow_pickle=False) for name, one in members.items()}
        return _geometry(arrays)
    except DAMAGE as error:
        raise Refused(GEOMETRY_UNREADABLE.at(path.name, type(error).__name__)) from error


def _members(content: bytes, name: str) -> dict[str, bytes]:
    """Array name → its bytes; sizes are checked before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST_BYTES:
                raise Refused(GEOMETRY_UNREADABLE.at(name, "too large"))
            return {one.filename.removesuffix(".npy"): archive.read(one) for one in archive.infolist()}
    except Refused:
        raise
    except DAMAGE as error:
        raise Refused(GEOMETRY_UNREADABLE.at(name, type(error).__name__)) from error


def _geometry(arrays: Mapping[str, NDArray[Any]]) -> ScanGeometry:
    """Raises one of DAMAGE where the arrays do not fit each other."""
    facts = json.loads(arrays["facts"].tobytes())
    if facts["format"] != FORMAT:
        raise ValueError(facts["format"])
    grid, organ_grid = _grid(facts), _grid(facts["organ_grid"])
    drawn = drawn_grid(grid)
    mip = np.asarray(arrays["mip"], dtype=np.float32)
    if mip.shape != (drawn.shape_kji[0], drawn.shape_kji[2]):
        raise ValueError(mip.shape)
    return ScanGeometry(
        grid,
        tuple(_lesions(facts["lesions"], _regions(grid, arrays["boxes"], arrays["voxels"]))),
        _surfaces(facts, grid, arrays) if "points" in arrays else None,
        mip,
        drawn,
        _blocks(grid, arrays["suv_high"], arrays["suv_low"]),
        tuple(_regions(organ_grid, arrays["organ_boxes"], arrays["organ_voxels"])),
        float(facts["candidate_suv"]),
        dict(_reads(facts, grid, arrays)),
    )


def _reads(facts: Mapping[str, Any], grid: Grid, arrays: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, tuple[Region, ...]]]:
    said = facts.get("reads", [])
    regions = iter(_regions(grid, arrays["read_boxes"], arrays["read_voxels"]) if said else ())
    for reader, number in said:
        yield reader, tuple(islice(regions, number))


def _grid(facts: Mapping[str, Any]) -> Grid:
    return Grid(tuple(facts["shape_kji"]), np.array(facts["affine_lps"]), facts["frame_uid"])


def _blocks(grid: Grid, high: NDArray[Any], low: NDArray[Any]) -> Blocks:
    blocks = block_grid(grid)
    if not high.shape == low.shape == blocks.shape_kji or not high.dtype == low.dtype == np.uint8:
        raise ValueError(high.shape)
    steps = (high.astype(np.uint16) << BYTE) | low
    return Blocks(blocks, frozen((steps * SUV_STEP).astype(np.float32)))


def _regions(grid: Grid, boxes: NDArray[Any], packed: NDArray[Any]) -> list[Region]:
    sizes = np.prod(boxes[:, 3:].astype(np.int64), axis=1)
    masks = np.split(np.unpackbits(packed, count=int(sizes.sum())).astype(bool), np.cumsum(sizes)[:-1])
    found = zip(boxes.tolist(), masks if len(boxes) else (), strict=True)
    return [Region(grid, (box[0], box[1], box[2]), mask.reshape(box[3:])) for box, mask in found]


def _lesions(facts: Sequence[Mapping[str, Any]], regions: Sequence[Region]) -> list[Lesion]:
    lesions = []
    for said, region in zip(facts, regions, strict=True):
        coded = {
            "status": Status(said["status"]),
            "kind": None if said["kind"] is None else Kind(said["kind"]),
            "site": None if said["site"] is None else Code(*said["site"]),
        }
        lesions.append(Lesion(**{**said, **coded, "region": region}))
    return lesions


def _surfaces(facts: Mapping[str, Any], grid: Grid, arrays: Mapping[str, NDArray[Any]]) -> Surfaces:
    points, normals = arrays["points"].T * STEP_MM, arrays["normals"].T.astype(np.float64)
    kinds = arrays["kinds"].astype(np.int64)
    if not points.shape == normals.shape == (kinds.size, 3):
        raise ValueError(points.shape)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError("a normal without a direction")
    centres = {name: np.array(at, dtype=np.float64) for name, at in facts["centres_lps_mm"].items()}
    return Surfaces(points, normals / lengths, kinds, centres, grid)
