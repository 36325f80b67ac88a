"""NIfTI in and out: label images on the PET grid. The only file in which a position is RAS."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from carpet.core.errors import Refused
from carpet.core.space import Grid, IntArray
from carpet.dicom.placing import LARGEST_MASK_BYTES, UNREADABLE, Drawn, MaskRead, check_size, labelled_voxels, placed

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
IKJ_REVERSED = np.eye(4)[[2, 1, 0, 3]]  # (k, j, i, 1) ↔ (i, j, k, 1)
GZIP_MAGIC = b"\x1f\x8b"
GZIP_LEVEL = 1  # a label image is nearly all zero: level 9 takes ten times as long for a few kilobytes
SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT
SAME_POSITION = 0.1  # of a voxel: qform and sform may differ by this at the corners
CHUNK_VOXELS = 2**21
HEADER_BYTES = {348: b"n+1\0", 540: b"n+2\0\r\n\x1a\n"}


def write_nifti(labels_values: IntArray, grid: Grid) -> bytes:
    """A .nii.gz file of a label image (k, j, i) on `grid`; uint8 where all labels are below 256, else uint16."""
    if labels_values.shape != grid.shape_kji:
        raise ValueError(f"labels of shape {labels_values.shape} do not fit a grid of {grid.shape_kji}")
    return _written(labels_values, grid, np.dtype(np.uint8 if labels_values.size and int(labels_values.max()) < 256 else np.uint16))


def write_volume(values: NDArray[Any], grid: Grid, *, unpacked: bool = False) -> bytes:
    """A .nii.gz file of numbers (k, j, i) on `grid`, in their own type: float32 SUV, int16 HU, uint16 labels.

    unpacked: stored within the gzip as they are, which costs no time at either end of a fast line.
    """
    if values.shape != grid.shape_kji:
        raise ValueError(f"values of shape {values.shape} do not fit a grid of {grid.shape_kji}")
    return _written(values, grid, values.dtype, level=0 if unpacked else GZIP_LEVEL)


def _written(values: NDArray[Any], grid: Grid, kind: np.dtype[Any], *, level: int = GZIP_LEVEL) -> bytes:
    affine_ras = LPS_FROM_RAS @ grid.affine_lps @ IKJ_REVERSED
    header = _header_class(348)()
    header.set_data_shape(grid.shape_kji[::-1])
    header.set_data_dtype(kind)
    header.set_qform(affine_ras, code=SCANNER)
    header.set_sform(affine_ras, code=SCANNER)
    header.set_xyzt_units("mm")
    header.set_slope_inter(1.0, 0.0)
    header["magic"], header["vox_offset"] = HEADER_BYTES[348], 352
    packed = header.binaryblock + b"\0\0\0\0" + np.ascontiguousarray(values, dtype=kind.newbyteorder("=")).tobytes()
    return gzip.compress(packed, compresslevel=level, mtime=0)


def is_nifti(path: Path) -> bool:
    """True where the content, unpacked or not, begins with a NIfTI header of a single file."""
    try:
        with _opened(path) as opened:
            return _kind(opened.read(540)) is not None
    except (OSError, EOFError):
        return False


def read_nifti(path: Path, grid: Grid) -> MaskRead:
    """The label values of a NIfTI image on the PET grid. Raises Refused, also where the file says no position or two."""
    from nibabel.spatialimages import HeaderDataError

    try:
        return placed(_drawn(path, grid), grid)
    except HeaderDataError as error:
        raise Refused(UNREADABLE.at(path.name, "a NIfTI header that contradicts itself")) from error


def _drawn(path: Path, grid: Grid) -> Drawn:
    where = path.name
    with _opened(path) as opened:
        header = _header(opened, where)
        shape = tuple(int(n) for n in header.get_data_shape())
        size = math.prod(shape) * header.get_data_dtype().itemsize
        if len(shape) < 3 or any(n != 1 for n in shape[3:]) or not 0 < size <= LARGEST_MASK_BYTES:
            raise Refused(UNREADABLE.at(where, f"dimensions {shape}"))
        check_size(shape, grid, where)
        affine = LPS_FROM_RAS @ _affine_ras(header, shape, where) @ IKJ_REVERSED
        own = Grid((shape[2], shape[1], shape[0]), affine, "")
        voxels = labelled_voxels(_whole_numbers(opened, header, own, where))
    names = {label: f"label {label}" for label in voxels}
    return Drawn(own, voxels, names, where)


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as opened:
        packed = opened.read(2) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb") if packed else path.open("rb"))


def _kind(start: bytes) -> int | None:
    """348 for NIfTI-1, 540 for NIfTI-2, None for anything else."""
    size = {int.from_bytes(start[:4], order) for order in ("little", "big")}
    if 348 in size and start[344:348] == HEADER_BYTES[348]:
        return 348
    return 540 if 540 in size and start[4:12] == HEADER_BYTES[540] else None


def _header_class(kind: int) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    return Nifti1Header if kind == 348 else Nifti2Header


def _header(opened: BinaryIO, where: str) -> Any:
    kind = _kind(opened.read(540))
    if kind is None:
        raise Refused(UNREADABLE.at(where, "no NIfTI header"))
    opened.seek(0)
    header = _header_class(kind).from_fileobj(opened, check=False)
    if header.get_data_offset() < kind + 4:
        raise Refused(UNREADABLE.at(where, f"voxels that begin at byte {header.get_data_offset()}, in the header"))
    if header.get_xyzt_units()[0] not in ("mm", "unknown"):
        raise Refused(UNREADABLE.at(where, f"lengths in {header.get_xyzt_units()[0]}"))
    return header


def _affine_ras(header: Any, shape: tuple[int, ...], where: str) -> NDArray[np.float64]:
    """The position the file says. A file that says none, or two that differ, is refused: a guess could mirror the mask."""
    forms = (header.get_sform(coded=True), header.get_qform(coded=True))
    said = [np.asarray(form, dtype=np.float64) for form, code in forms if code > 0 and form is not None]
    if not said:
        raise Refused(UNREADABLE.at(where, "neither qform nor sform says where the image lies"))
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape[:3]], [1], indexing="ij")).reshape(4, -1)
    apart_mm = np.abs((said[0] - said[-1]) @ corners).max()
    if apart_mm > SAME_POSITION * float(np.linalg.norm(said[0][:3, :3], axis=0).min()):
        raise Refused(UNREADABLE.at(where, f"qform and sform differ by {apart_mm:.1f} mm"))
    return said[0]


def _whole_numbers(opened: BinaryIO, header: Any, own: Grid, where: str) -> Iterator[tuple[int, IntArray]]:
    """The image in pieces (first flat index, values). Raises Refused for fractions, negative values, a file that ends early."""
    kind: np.dtype[Any] = header.get_data_dtype()
    if kind.kind not in "iuf":
        raise Refused(UNREADABLE.at(where, f"values of type {kind}"))
    slope, intercept = header.get_slope_inter()
    opened.seek(int(header.get_data_offset()))
    total = math.prod(own.shape_kji)
    for start in range(0, total, CHUNK_VOXELS):
        count = min(CHUNK_VOXELS, total - start)
        raw = opened.read(count * kind.itemsize)
        if len(raw) != count * kind.itemsize:
            raise Refused(UNREADABLE.at(where, "the file ends before the last voxel"))
        values = np.frombuffer(raw, dtype=kind)
        if (slope, intercept) not in ((None, None), (1.0, 0.0)):
            values = values * (1.0 if slope is None else slope) + (intercept or 0.0)
        yield start, whole_numbers(values, where)
    opened.read(1)  # the end of a gzip file: its checksum is compared now


def whole_numbers(values: NDArray[Any], where: str) -> IntArray:
    """Label values as integers. Raises Refused where they are no labels."""
    if values.dtype.kind == "f":
        whole = np.rint(values)
        if not np.isfinite(values).all() or np.abs(values - whole).max(initial=0.0) > 1e-6:
            raise Refused(UNREADABLE.at(where, "values that are not whole numbers"))
        values = whole
    if values.size and (values.min() < 0 or values.max() > np.iinfo(np.int32).max):
        raise Refused(UNREADABLE.at(where, f"label values from {values.min()} to {values.max()}"))
    return np.asarray(values if values.dtype.kind == "u" and values.dtype.isnative else values.astype(np.int32))
