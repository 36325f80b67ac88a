"""NRRD label images and 3D Slicer's .seg.nrrd become regions on the PET grid."""

from __future__ import annotations

import bz2
import gzip
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import Refused
from carpet.core.space import Grid, IntArray
from carpet.dicom.nifti import whole_numbers
from carpet.dicom.placing import LARGEST_MASK_BYTES, UNREADABLE, Drawn, MaskRead, labelled_voxels, placed

MAGIC = b"NRRD"
LPS_FROM: Mapping[str, tuple[float, float, float]] = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "unsigned", "unsigned int", "uint32"), "u4"),
    **dict.fromkeys(("longlong", "long long", "int64"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64"), "u8"),
    "float": "f4",
    "double": "f8",
}
ONE_BYTE = ("i1", "u1")
SEGMENT_KEY = re.compile(r"Segment(\d+)_(Name|LabelValue|Layer)")


def read_nrrd(path: Path, grid: Grid) -> MaskRead:
    """The label values, or Slicer's segments in their layers, of a NRRD file on the PET grid. Raises Refused."""
    import nrrd
    from nrrd.errors import NRRDError

    where = path.name
    with path.open("rb") as opened:
        try:
            header: Mapping[str, Any] = nrrd.read_header(opened)
        except NRRDError as error:
            raise Refused(UNREADABLE.at(where, "a NRRD header that contradicts itself")) from error
        sizes = [int(n) for n in header["sizes"]]
        own, layer_axis = _grid(header, sizes, where)
        values = whole_numbers(_values(opened, header, sizes, where), where)
    layers = [values] if layer_axis is None else [np.take(values, n, axis=layer_axis) for n in range(values.shape[layer_axis])]
    found = [labelled_voxels([(0, np.ascontiguousarray(layer))]) for layer in layers]
    voxels, names = _named(found, _segments(header))
    return placed(Drawn(own, voxels, names, where), grid)


def _grid(header: Mapping[str, Any], sizes: list[int], where: str) -> tuple[Grid, int | None]:
    """The grid in (k, j, i) order, and the axis of the layers in the same order; None where there is one layer."""
    space = str(header.get("space", "")).lower()
    directions, origin = header.get("space directions"), header.get("space origin")
    if space not in LPS_FROM or directions is None or origin is None:
        raise Refused(UNREADABLE.at(where, f"space {space[:40]!r}, no position, or both"))
    if len(sizes) not in (3, 4) or min(sizes) < 1:
        raise Refused(UNREADABLE.at(where, f"sizes {sizes}"))
    if {str(unit).lower() for unit in header.get("space units", ())} - {"mm", "millimeter", "none", ""}:
        raise Refused(UNREADABLE.at(where, "lengths that are not mm"))
    steps = [None if row is None else np.asarray(row, dtype=np.float64) for row in directions]
    spatial = [axis for axis, step in enumerate(steps) if step is not None and np.isfinite(step).all()]
    if len(spatial) != 3 or len(steps) != len(sizes):
        raise Refused(UNREADABLE.at(where, "not three axes in space"))
    turn = np.diag(LPS_FROM[space])
    affine = np.eye(4)
    for column, axis in enumerate(reversed(spatial)):
        affine[:3, column] = turn @ steps[axis]
    affine[:3, 3] = turn @ np.asarray(origin, dtype=np.float64)
    k, j, i = (sizes[axis] for axis in reversed(spatial))
    layer = next((axis for axis in range(len(sizes)) if axis not in spatial), None)
    return Grid((k, j, i), affine, ""), None if layer is None else len(sizes) - 1 - layer


def _values(opened: BinaryIO, header: Mapping[str, Any], sizes: list[int], where: str) -> NDArray[Any]:
    """The array in reversed (slowest first) order; at most as many bytes are unpacked as the header calls for."""
    encoding = str(header["encoding"]).lower()
    if {"data file", "datafile"} & set(header) or any(int(header.get(skip, 0)) for skip in ("line skip", "byte skip")):
        raise Refused(UNREADABLE.at(where, "data in another file, or behind skipped lines or bytes"))
    kind = _value_type(header, where)
    expected = math.prod(sizes) * kind.itemsize
    if expected > LARGEST_MASK_BYTES:
        raise Refused(UNREADABLE.at(where, f"sizes {sizes}"))
    stream: Any
    if encoding == "raw":
        stream = opened
    elif encoding in ("gzip", "gz"):
        stream = gzip.GzipFile(fileobj=opened)
    elif encoding in ("bzip2", "bz2"):
        stream = bz2.BZ2File(opened)
    else:
        raise Refused(UNREADABLE.at(where, f"encoding {encoding[:20]!r}"))
    raw = stream.read(expected)
    stream.read(1)  # the end of a packed file: its checksum is compared now
    if len(raw) != expected:
        raise Refused(UNREADABLE.at(where, "the file ends before the last voxel"))
    return np.frombuffer(raw, dtype=kind).reshape(sizes[::-1])


def _value_type(header: Mapping[str, Any], where: str) -> np.dtype[Any]:
    name = str(header["type"]).lower().removeprefix("signed ").removesuffix("_t").removesuffix(" int")
    order = {"little": "<", "big": ">"}.get(str(header.get("endian", "")).lower())
    if name not in TYPES or (order is None and TYPES[name] not in ONE_BYTE):
        raise Refused(UNREADABLE.at(where, f"values of type {name[:20]!r}"))
    return np.dtype(f"{order or '='}{TYPES[name]}")


def _segments(header: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """Slicer's segments by their number in the header."""
    found: dict[int, dict[str, str]] = {}
    for key, value in header.items():
        match = SEGMENT_KEY.fullmatch(str(key))
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = str(value)
    return dict(sorted(found.items()))


def _named(layers: list[dict[int, IntArray]], segments: Mapping[int, Mapping[str, str]]) -> tuple[dict[int, IntArray], dict[int, str]]:
    """Voxels and names by label. Where two layers use one label value, the labels are 1, 2, 3 … in the file's order."""
    told = {(int(s.get("Layer", 0)), int(s.get("LabelValue", 1))): s.get("Name", "") for s in segments.values()}
    present = [(layer, label) for layer, found in enumerate(layers) for label in found]
    keys = [key for key in told if key in present] + [key for key in present if key not in told]
    unique = len({label for _, label in keys}) == len(keys)
    voxels, names = {}, {}
    for place, (layer, label) in enumerate(keys, start=1):
        mine = label if unique else place
        voxels[mine] = layers[layer][label]
        names[mine] = told.get((layer, label)) or f"label {label}"
    return voxels, names
